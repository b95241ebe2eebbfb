"""Nothing about a person is kept beyond its day.

- tokens, findings and inquiries: the last day that each row names; what a finding said, until its
  sanction ends;
- what was judged of a sanction: until that, and what superseded it, has ended;
- of whom an act was about: 400 days;
- requests to issuers under way: a day, after which a retry would be charged anew;
- wishes to be a peer that were not repeated: a fortnight;
- decisions that waited for approvals for 90 days, with what they were about;
- what our own sanctions said: so long after they ended as the settings say; what our log says is
  erased, should a restored backup have brought it back;
- the secret of an OPRF key that no record uses any more: until no peer can rightly ask under it;
- letters: what was written goes when it left or was given up; that it did, 30 days later;
- who asked at the desk: a day after the code is too old;
- invitations to the pages that nobody used, what passkeys were asked to sign: when it is too late;
  browsers in which somebody is signed in: 12 hours after the last use, 7 days after signing in;
- wishes for a review: a year, after which there may be another;
- nonces: until their signature has long expired; charges: a day; events: until another may follow.
"""

from node import admission, audit, forgetting, judgments, kept, rotation, sessions, settling
from node.budgets import DAY, EVENT_INTERVAL
from node.clock import day_of
from node.directory import NONCE_GRACE
from node.node import Node
from node.objections import YEAR
from node.store import budgets, desk, nonces, objections, outbox, retention, screenings

LETTERS = 30 * DAY
"""Seconds for which it is known that a letter left, or was given up."""


async def clean(node: Node, now: int) -> int:
    """Delete what is due, for good; how many rows that were about people.

    On PostgreSQL deleted rows stay in its files until it vacuums.
    """
    day = day_of(now)
    async with node.store.write() as connection:
        deleted = await retention.delete_tokens(connection, day)
        deleted += await screenings.drop_due(connection, day)
        deleted += await retention.delete_findings(connection, day)
        deleted += await retention.delete_inquiries(connection, day)
        deleted += await retention.delete_pending_evaluations(connection, now - DAY)
        await retention.delete_events(connection, day, now - EVENT_INTERVAL)
        deleted += await desk.delete_expired(connection, now - DAY)
        deleted += await objections.delete_older(connection, now - YEAR)
        await outbox.delete_ended(connection, now - LETTERS)
        await nonces.forget(connection, now - NONCE_GRACE)
        await budgets.forget_charges(connection, now - DAY)
    deleted += await audit.forget_subjects(node, now)
    await sessions.forget(node, now)
    await kept.forget_all_ended(node, now)
    await judgments.forget_ended(node, now)
    await admission.lapse(node, now)
    deleted += await forgetting.forget_ended(node, now)
    await settling.lapse(node, now)
    await rotation.retire(node, now)
    # Also for what others deleted since: the records of a sanction that was lifted, a peer's log.
    await node.store.scrub()
    return deleted
