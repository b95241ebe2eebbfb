"""Each step of the VOPRF against one multiplication in libsodium, the least that any step can cost.

The floor is measured in the same run: `crypto_scalarmult_ristretto255` called on the same 1,024
elements, without any check, by one thread and by two. Every step multiplies once for each element,
verifying a proof and making and verifying a cross-check twice. What comes on top: blinding maps the
input to the group; proving and verifying hash each pair to its weight and add the products up;
everything goes through Python.

Not equal about it: two threads need two processors to themselves. Where something else runs, their
floor is that of one thread, and the second pair of columns says nothing.
"""

from collections.abc import Callable, Iterable
from ctypes import create_string_buffer
from typing import Any, TypeVar

from protocol import ristretto, voprf
from protocol.cross_check import CrossCheck, new_seed
from protocol.ristretto import Element
from protocol.voprf import CHUNK
from tests.bench.timing import medians, table, two_threads

BATCH = 1024
REPEATS = 15

T = TypeVar("T")

_sodium = ristretto.system_library() or ristretto.bundled_library()


def report() -> str:
    """The table of steps, in microseconds for each element and as multiples of the floor."""
    with two_threads() as pool:
        tasks = {(step, 1): task for step, task in _steps(map).items()}
        tasks |= {(step, 2): task for step, task in _steps(pool.map).items()}
        named = {f"{step}/{threads}": task for (step, threads), task in tasks.items()}
        seconds = medians(named, REPEATS)
    rows = []
    for step in _steps(map):
        cells = [step]
        for threads in (1, 2):
            micros = seconds[f"{step}/{threads}"] / BATCH * 1e6
            ratio = seconds[f"{step}/{threads}"] / seconds[f"multiplication/{threads}"]
            cells += [f"{micros:.1f}", f"{ratio:.2f}"]
        rows.append(cells)
    heading = ["step", "1 thread, µs", "x floor", "2 threads, µs", "x floor"]
    return f"VOPRF, for each element of {BATCH}\n\n{table(heading, rows)}"


def _steps(run: Callable[..., Iterable[Any]]) -> dict[str, Callable[[], object]]:
    key = voprf.generate_key_pair()
    inputs = [b"comity:identifier:v1:email:%d@python.example" % n for n in range(BATCH)]
    blinded = [voprf.blind(each) for each in inputs]
    blinds = [each.blind for each in blinded]
    elements = [each.element for each in blinded]
    evaluated = voprf.evaluate_chunk(key.secret, elements)
    proof = voprf.prove(key, elements, evaluated)
    proven = voprf.verify_proof(key.public, elements, evaluated, proof)

    # With one as the key an element is its own evaluation, so that the cross-check holds.
    crossing, proven_of_one = CrossCheck(new_seed()), [voprf.Proven(each) for each in elements]

    def multiply(chunk: list[Element]) -> None:
        product = create_string_buffer(32)
        for element in chunk:
            _sodium.crypto_scalarmult_ristretto255(product, key.secret, element)

    def blind(chunk: list[bytes]) -> None:
        for each in chunk:
            voprf.blind(each)

    def evaluate(chunk: list[Element]) -> None:
        voprf.evaluate_chunk(key.secret, chunk)

    return {
        "multiplication": lambda: list(run(multiply, _chunks(elements))),
        "blind": lambda: list(run(blind, _chunks(inputs))),
        "evaluate": lambda: list(run(evaluate, _chunks(elements))),
        "prove": lambda: voprf.prove(key, elements, evaluated, run=run),
        "verify": lambda: voprf.verify_proof(key.public, elements, evaluated, proof, run=run),
        "cross-check": lambda: crossing.verify(
            proven_of_one, voprf.Proven(crossing.element(elements, run)), run
        ),
        "finalize": lambda: list(
            run(voprf.finalize_batch, _chunks(inputs), _chunks(blinds), _chunks(proven))
        ),
    }


def _chunks(items: list[T]) -> list[list[T]]:
    return [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]
