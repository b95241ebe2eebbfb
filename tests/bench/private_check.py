"""A whole private check against `openmined-psi`, on the same two lists.

1,000 identifiers are asked about at an issuer that holds 1,000 others, 100 of them shared. Both
find exactly these 100; nothing is sent over a network or encoded for it, nothing is padded.

Not equal about it:

- What each reveals. PSI sends the client the issuer's whole list in encrypted form and tells it
  which of its own items are on it. Here the client gets pseudonyms, with which it finds and opens
  sealed records that it already holds, and one item costs one unit of a budget.
- What each proves. PSI proves nothing: an issuer may answer with any key. Here one proof and one
  cross-check cover the batch, and take more than half of the time; the row without is the
  like-for-like one.
- Curve and code. PSI multiplies on P-256 in OpenSSL, from C++, in one thread; here it is
  ristretto255 in libsodium, called from Python.
- Keys. PSI draws one for every run; here it lasts, and the issuer's list is prepared once.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from typing import Any, TypeVar

import private_set_intersection.python as psi

from protocol import voprf
from protocol.cross_check import CrossCheck, new_seed
from protocol.pseudonyms import Pseudonym, all_locators, locator
from protocol.voprf import Blinded, OprfKey
from tests.bench.timing import medians, table, two_threads

CLIENT_ITEMS = [f"comity:identifier:v1:email:{n}@python.example" for n in range(1000)]
ISSUER_ITEMS = [f"comity:identifier:v1:email:{n}@python.example" for n in range(900, 1900)]
SHARED = set(range(900, 1000))
REPEATS = 9

T = TypeVar("T")
Run = Callable[..., Iterable[Any]]


def report() -> str:
    """The table of whole checks, in milliseconds and as multiples of PSI."""
    inputs = [item.encode() for item in CLIENT_ITEMS]
    key = voprf.generate_key_pair()
    index = prepare(key)
    server = psi.server.CreateWithNewKey(reveal_intersection=True)
    client = psi.client.CreateWithNewKey(reveal_intersection=True)
    setup = prepare_psi(server)
    with two_threads() as pool:
        tasks: dict[str, Callable[[], Iterable[object]]] = {
            "check, openmined-psi": lambda: check_psi(client, server, setup),
            "check": lambda: check(key, index, inputs, map),
            "check, without proof": lambda: check(key, index, inputs, map, proof=False),
            "check, two threads": lambda: check(key, index, inputs, pool.map),
            "issuer's list, openmined-psi": lambda: prepare_psi(server),
            "issuer's list": lambda: prepare(key),
        }
        if any(set(tasks[name]()) != SHARED for name in tasks if name.startswith("check")):
            raise AssertionError("the checks disagree about who is on both lists")
        seconds = medians(tasks, REPEATS)
    rows = []
    for name in tasks:
        theirs = seconds[f"{name.partition(',')[0]}, openmined-psi"]
        rows.append([name, f"{seconds[name] * 1000:.0f}", f"{seconds[name] / theirs:.2f}"])
    heading = ["1,000 asked, 1,000 held", "ms", "x PSI"]
    return table(heading, rows)


def prepare(key: OprfKey) -> set[bytes]:
    """The issuer's index: a locator for each item that it holds."""
    return {locator(Pseudonym(voprf.evaluate(key.secret, i.encode())), 0) for i in ISSUER_ITEMS}


def check(
    key: OprfKey, index: set[bytes], inputs: list[bytes], run: Run, *, proof: bool = True
) -> list[int]:
    """Both sides of a check: the places of those inputs that have a locator in the index."""
    blinded: list[Blinded] = list(chain.from_iterable(run(_blind, _chunks(inputs))))
    elements = [each.element for each in blinded]
    crossing = CrossCheck(new_seed())
    if proof:
        elements.append(crossing.element(elements, run))
    evaluate = partial(voprf.evaluate_chunk, key.secret)
    evaluated: list[Any] = list(chain.from_iterable(run(evaluate, _chunks(elements))))
    if proof:
        answer = voprf.prove(key, elements, evaluated, run=run)
        *evaluated, last = voprf.verify_proof(key.public, elements, evaluated, answer, run=run)
        crossing.verify(evaluated, last, run)
    blinds = [each.blind for each in blinded]
    outputs: Iterable[bytes] = chain.from_iterable(
        run(voprf.finalize_batch, _chunks(inputs), _chunks(blinds), _chunks(evaluated))
    )
    return [
        place
        for place, output in enumerate(outputs)
        if not index.isdisjoint(all_locators(Pseudonym(output)))
    ]


def prepare_psi(server: psi.server) -> psi.ServerSetup:
    """The issuer's list under its PSI key; exact, without false positives."""
    return server.CreateSetupMessage(0.0, len(CLIENT_ITEMS), ISSUER_ITEMS, psi.DataStructure.RAW)


def check_psi(client: psi.client, server: psi.server, setup: psi.ServerSetup) -> list[int]:
    """Both sides of a PSI run: the places of the client's items that are on the issuer's list."""
    response = server.ProcessRequest(client.CreateRequest(CLIENT_ITEMS))
    return list(client.GetIntersection(setup, response))


def _blind(inputs: list[bytes]) -> list[Blinded]:
    return [voprf.blind(each) for each in inputs]


def _chunks(items: list[T]) -> list[list[T]]:
    return [items[start : start + voprf.CHUNK] for start in range(0, len(items), voprf.CHUNK)]
