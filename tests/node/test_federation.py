"""Communities that find, follow and leave each other."""

from tests.node.federation import Federation, eventually


async def test_a_lift_is_gone_at_every_peer_after_one_push(federation: Federation) -> None:
    """Whoever is told pulls at once: the record is held nowhere any more, and nobody polled."""
    python = await federation.community("python.example")
    others = [await federation.community(f"conf{n}.example") for n in range(2)]
    for conf in others:
        await federation.peer(conf, python)
    ban = await python.publish("email:alice@person.example")
    await federation.sync()
    for conf in others:
        assert await conf.records_of(python) == {ban}
    await python.lift(ban)
    assert [told.error for told in await python.push()] == [None, None]

    async def gone() -> bool:
        return not any([await conf.records_of(python) for conf in others])

    await eventually(gone)
