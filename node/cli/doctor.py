"""`comity doctor`: whether this node is in order, and what to type where it is not."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from node import clock
from node.cli import home, run, shared_options
from node.cli.output import emit

if TYPE_CHECKING:
    from node.doctor import Check


@click.command()
@shared_options
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Check settings, keys, database, log, peers and budgets. Status 1: there is a fault."""
    from node.doctor import examine, healthy

    checks = run(examine(home(), clock.now()))
    document = {"ok": healthy(checks), "checks": [asdict(check) for check in checks]}
    emit(ctx, document, "\n".join(_words(check) for check in checks))
    ctx.exit(0 if healthy(checks) else 1)


def _words(check: "Check") -> str:
    sign = {"ok": "✓", "warning": "!", "fault": "✗"}[check.level]
    line = f"{sign} {check.name}: {check.message}"
    return line if check.next is None else f"{line}\n    → {check.next}"
