"""Getting in and out: by an invitation, a password, a passkey, and once more before what weighs."""

import re

import pytest

from node import accounts, sessions
from tests.browser.story import ONCE, Story
from tests.browser.visitor import PASSWORD, Visitor, Visitors, invitation


async def with_authenticator(visitor: Visitor) -> None:
    """Give the browser a device that keeps passkeys and verifies its user."""
    devtools = await visitor.context.new_cdp_session(visitor.page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def test_an_invitation_makes_an_account_that_a_password_opens(
    story: Story, visitors: Visitors
) -> None:
    """The link works once; whoever signs out is in by name and password only."""
    ada = await visitors.to(story.conf)
    link = await invitation(story.conf, "Ada")
    await ada.go(link)
    await ada.type("Choose a password", "short")
    await ada.click("Make my account")
    assert "too short" in await ada.text()
    await ada.enter(link)
    assert await ada.title() == "Hello, Ada"
    assert (await ada.go(link)).status == 404

    await ada.go("/")
    await ada.click("Sign out")
    assert await ada.title() == "Sign in"
    await ada.go("/check")
    assert await ada.title() == "Sign in"
    await ada.type("Name", "Ada")
    await ada.type("Password", "another password of nobody")
    await ada.click("Sign in", "button")
    assert "wrong" in await ada.text()
    await ada.type("Password", PASSWORD)
    await ada.click("Sign in", "button")
    assert await ada.title() == "Hello, Ada"


async def test_a_passkey_is_registered_signs_in_and_is_shown_again(
    story: Story, visitors: Visitors
) -> None:
    """From an invitation without a password on; what weighs much asks for it once more."""
    ada = await visitors.to(story.conf)
    await with_authenticator(ada)
    await ada.go(await invitation(story.conf, "Ada"))
    await ada.click("Make my account")
    assert "You have no way in yet" in await ada.text()
    await ada.type("What shall it be called?", "laptop")
    await ada.click("Register a passkey")
    await ada.page.get_by_text("laptop, registered on").wait_for()

    await ada.click("Sign out")
    await ada.click("Sign in with a passkey")
    await ada.page.wait_for_url(re.compile(r":\d+/$"))
    assert await ada.title() == "Hello, Ada"

    await ada.go("/me")
    story.conf.clock[0] += sessions.CONFIRMED + 1
    await ada.type("New password", PASSWORD)
    await ada.click("Set this password")
    assert await ada.title() == "Show that it is you"
    await ada.click("Use a passkey")
    await ada.page.get_by_role("heading", name="My account").wait_for()
    # Of all that was typed, a password alone is typed anew.
    await ada.type("New password", PASSWORD)
    await ada.click("Set this password")
    await ada.page.wait_for_load_state()
    await ada.click("Sign out")
    await ada.type("Name", "Ada")
    await ada.type("Password", PASSWORD)
    await ada.click("Sign in", "button")
    assert await ada.title() == "Hello, Ada"

    await ada.go("/me")
    await ada.click("Remove laptop")
    await ada.page.get_by_text("laptop").wait_for(state="detached")


@ONCE
async def test_registering_too_late_leads_to_showing_who_it_is(
    story: Story, visitors: Visitors
) -> None:
    """The script that asks for a passkey is told so, and goes to where it is shown."""
    ada = await visitors.to(story.conf)
    await with_authenticator(ada)
    await ada.enter(await invitation(story.conf, "Ada"))
    await ada.go("/me")
    story.conf.clock[0] += sessions.CONFIRMED + 1
    await ada.click("Register a passkey")
    await ada.page.wait_for_url("**/confirm")
    await ada.type("Password", PASSWORD)
    await ada.click("Confirm")
    await ada.click("Register a passkey")
    await ada.page.get_by_text("this device, registered on").wait_for()


@ONCE
@pytest.mark.parametrize("scripts", [True, False])
async def test_the_step_up_keeps_what_was_typed(
    story: Story, visitors: Visitors, *, scripts: bool
) -> None:
    """A wrong password asks again; the right one sends the form as it was."""
    ada = await visitors.to(story.conf, java_script_enabled=scripts)
    await ada.enter(await invitation(story.conf, "Ada", "operator"))
    await ada.go("/accounts")
    story.conf.clock[0] += sessions.CONFIRMED + 1
    await ada.type("What they are called here", "Otto \\ Öner")
    await ada.click("Make a link for them")
    await ada.type("Password", "wrong, wrong, wrong")
    await ada.click("Confirm")
    assert "wrong" in await ada.text()
    await ada.type("Password", PASSWORD)
    await ada.click("Confirm")
    assert await ada.page.locator("#link").is_visible()
    ((name, _, _),) = await accounts.invited(story.conf.node)
    assert name == "Otto \\ Öner"


async def test_the_link_of_the_command_line_works_once(story: Story, visitors: Visitors) -> None:
    """What `comity open` prints signs in; sessions elsewhere are seen and ended."""
    code = await accounts.open_link(story.conf.node, "officer", "alice", story.conf.now)
    ada, eve = [await visitors.to(story.conf, java_script_enabled=False) for _ in range(2)]
    await ada.go(f"/opened/{code}")
    assert await ada.title() == "Hello, alice at this computer"
    assert (await eve.go(f"/opened/{code}")).status == 404

    again = await accounts.open_link(story.conf.node, "officer", "alice", story.conf.now)
    await eve.go(f"/opened/{again}")
    await ada.go("/me")
    await ada.click("Sign out there")
    await eve.go("/")
    assert await eve.title() == "Sign in"
    await ada.go("/me")
    assert "(this one)" in await ada.text()
