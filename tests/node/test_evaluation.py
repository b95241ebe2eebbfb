"""Evaluations side by side, off the event loop."""

import asyncio
from collections.abc import Iterator

import pytest

from node.evaluation import Evaluator
from protocol import ristretto
from protocol.errors import Malformed, Unavailable
from protocol.voprf import CHUNK, OprfKey, blind, finalize, generate_key_pair, verify_proof
from protocol.voprf import evaluate as evaluate_here


@pytest.fixture
def evaluator() -> Iterator[Evaluator]:
    evaluator = Evaluator()
    yield evaluator
    evaluator.close()


@pytest.fixture(scope="module")
def key() -> OprfKey:
    return generate_key_pair()


@pytest.fixture(scope="module")
def element() -> bytes:
    return blind(b"somebody").element


@pytest.mark.parametrize("count", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
async def test_the_answer_is_the_one_of_the_protocol(
    evaluator: Evaluator, key: OprfKey, count: int
) -> None:
    """In the order asked, whatever the pieces; the proof holds and the outputs are right."""
    inputs = [n.to_bytes(2, "big") for n in range(count)]
    blinded = [blind(each) for each in inputs]
    answer = await evaluator.evaluate(key, [each.element for each in blinded])
    proven = verify_proof(
        key.public, [each.element for each in blinded], answer.evaluated, answer.proof
    )
    for place in {0, count // 2, count - 1}:
        output = finalize(inputs[place], blinded[place].blind, proven[place])
        assert output == evaluate_here(key.secret, inputs[place])


async def test_a_small_request_is_not_held_up_by_large_ones(
    evaluator: Evaluator, key: OprfKey, element: bytes
) -> None:
    """It comes last and is answered first."""
    answered: list[int] = []

    async def ask(count: int) -> None:
        await evaluator.evaluate(key, [element] * count)
        answered.append(count)

    large = [asyncio.create_task(ask(16 * CHUNK)) for _ in range(4)]
    await asyncio.sleep(0.01)
    await asyncio.gather(*large, ask(1))
    assert answered == [1] + [16 * CHUNK] * 4


async def test_the_event_loop_goes_on_meanwhile(
    evaluator: Evaluator, key: OprfKey, element: bytes
) -> None:
    """Other requests are answered while an evaluation is computed."""
    evaluation = asyncio.create_task(evaluator.evaluate(key, [element] * (8 * CHUNK)))
    turns = 0
    while not evaluation.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 8


async def test_what_nobody_waits_for_is_not_computed(
    evaluator: Evaluator, key: OprfKey, element: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When whoever asked hangs up, at most the pieces under way are finished."""
    multiplied = 0
    multiply = ristretto.multiply
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def counting(scalar: ristretto.Scalar, element: bytes) -> ristretto.Element:
        nonlocal multiplied
        multiplied += 1
        loop.call_soon_threadsafe(begun.set)
        return multiply(scalar, element)

    monkeypatch.setattr(ristretto, "multiply", counting)
    evaluation = asyncio.create_task(evaluator.evaluate(key, [element] * (64 * CHUNK)))
    await begun.wait()
    evaluation.cancel()
    await asyncio.wait([evaluation])
    assert evaluation.cancelled()
    evaluator.close()
    assert multiplied < 32 * CHUNK


@pytest.mark.parametrize("bad", [bytes(32), b"\xff" * 32, b"short"], ids=["identity", "x", "size"])
async def test_a_bad_element_is_refused(
    evaluator: Evaluator, key: OprfKey, element: bytes, bad: bytes
) -> None:
    """Wherever it stands; the next request is answered."""
    with pytest.raises(Malformed):
        await evaluator.evaluate(key, [element] * (4 * CHUNK) + [bad])
    assert (await evaluator.evaluate(key, [element])).evaluated


async def test_nothing_is_refused_as_nothing(evaluator: Evaluator, key: OprfKey) -> None:
    """There is no proof over no element."""
    with pytest.raises(Malformed):
        await evaluator.evaluate(key, [])


async def test_stopping_breaks_off_and_says_so(key: OprfKey, element: bytes) -> None:
    """Whoever waits hears that later may be better."""
    evaluator = Evaluator()
    evaluation = asyncio.create_task(evaluator.evaluate(key, [element] * (64 * CHUNK)))
    await asyncio.sleep(0.01)
    evaluator.close()
    with pytest.raises(Unavailable):
        await evaluation
