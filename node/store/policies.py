"""The community's policy: levels, and what is asked of decisions. No row is about a person."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.policy import Policy, Requirement, Rule
from node.tables import policy_requirements, policy_rules


async def load(connection: AsyncConnection) -> Policy:
    """All of it."""
    rules = await connection.execute(select(policy_rules))
    requirements = await connection.execute(select(policy_requirements))
    return Policy(
        [
            Rule(row.attention, row.peer or None, row.measure or None, row.scope or None)
            for row in rules
        ],
        [Requirement(row.approvals, row.custody, row.peer or None) for row in requirements],
    )


async def put_rule(connection: AsyncConnection, rule: Rule) -> None:
    """Keep a rule in place of the one about the same."""
    await drop_rule(connection, rule)
    await connection.execute(insert(policy_rules).values(**_key(rule), attention=rule.attention))


async def drop_rule(connection: AsyncConnection, rule: Rule) -> bool:
    """Drop the rule about the same; whether there was one."""
    same = [policy_rules.c[name] == value for name, value in _key(rule).items()]
    dropped = await connection.execute(delete(policy_rules).where(*same))
    return dropped.rowcount > 0


async def put_requirement(connection: AsyncConnection, asked: Requirement) -> None:
    """Keep what is asked of a peer's decisions, or of everybody's, in place of what was."""
    peer = asked.peer or b""
    table = policy_requirements
    await connection.execute(delete(table).where(table.c.peer == peer))
    values = {"peer": peer, "approvals": asked.approvals, "custody": asked.custody}
    await connection.execute(insert(table).values(**values))


def _key(rule: Rule) -> dict[str, object]:
    return {
        "peer": rule.peer or b"",
        "measure": rule.measure or "",
        "scope": rule.scope or "",
    }
