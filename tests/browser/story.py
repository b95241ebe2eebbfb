"""Three communities: a foundation and a meetup that have decided, a conference that asks them."""

from dataclasses import dataclass

import pytest

from protocol.claims import Scope
from tests.node.federation import Community, Federation

ONCE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
"""For tests of what a page looks like: which database is behind it makes no difference."""

CASEY = "casey@person.example"
ROBIN = "robin-fake"


@dataclass
class Story:
    """The three, and what the conference can find."""

    conf: Community
    foundation: Community
    meetup: Community


async def begun(federation: Federation) -> Story:
    """Found the three, and let the conference follow the others."""
    conf = await federation.community("conf.example")
    foundation = await federation.community("foundation.example")
    meetup = await federation.community("meetup.example")
    for issuer in (foundation, meetup):
        await federation.peer(conf, issuer)
    await foundation.publish(f"email:{CASEY}", "name:Casey Brandt", basis="harassment")
    await meetup.publish(
        f"github:{ROBIN}",
        measure="restriction",
        scope=(Scope(kind="event_series", space="meetup"),),
    )
    await conf.sync()
    return Story(conf, foundation, meetup)
