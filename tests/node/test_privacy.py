"""The texts on privacy are filled from the node; the texts themselves: `tests/docs`."""

from node import privacy
from tests.node.federation import Federation


async def test_the_facts_are_those_of_the_node(federation: Federation) -> None:
    """Who it is, with whom it exchanges, and what it is set to."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    found = await privacy.facts(conf.node)
    community = (await conf.register()).community
    assert (found.id, found.contact, found.policy) == (
        "conf.example", community.contact, community.policy,
    )  # fmt: skip
    assert [peer.id for peer in found.peers] == ["python.example"]
    assert found.retention_days == conf.node.config.retention_days
    assert found.custody == [officer.custody for officer in community.officers]
    assert "(python.example)" in privacy.documents(found)["joint-controllers.md"]
