"""The community's policy: levels, and what is asked of decisions. No row is about a person."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.policy import Policy, Requirement, Rule, Weight
from node.tables import policy_requirements, policy_rules, policy_weights


async def load(connection: AsyncConnection) -> Policy:
    """All of it."""
    rules = await connection.execute(select(policy_rules))
    weights = await connection.execute(select(policy_weights))
    requirements = await connection.execute(select(policy_requirements))
    return Policy(
        [
            Rule(
                row.attention,
                row.peer or None,
                row.measure or None,
                row.scope or None,
                row.space or None,
            )
            for row in rules
        ],
        [Weight(row.circumstance, row.attention, row.peer or None) for row in weights],
        [Requirement(row.approvals, row.custody, row.peer or None) for row in requirements],
    )


async def save(connection: AsyncConnection, policy: Policy) -> None:
    """Keep a policy in place of the one before. Within the `write` that read that one."""
    rows = {
        policy_rules: [
            {
                "peer": each.peer or b"",
                "measure": each.measure or "",
                "scope": each.scope or "",
                "space": each.space or "",
                "attention": each.attention,
            }
            for each in policy.rules
        ],
        policy_weights: [vars(each) | {"peer": each.peer or b""} for each in policy.weights],
        policy_requirements: [
            vars(each) | {"peer": each.peer or b""} for each in policy.requirements
        ],
    }
    for table, values in rows.items():
        await connection.execute(delete(table))
        if values:
            await connection.execute(insert(table), values)
