"""`comity privacy`: texts on privacy, filled from this node's own log and settings."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli import node_command
from node.cli.output import emit, say

if TYPE_CHECKING:
    from node.node import Node


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False),
              help="A folder to write them to; otherwise they are printed.")  # fmt: skip
@node_command
async def privacy(node: "Node", out: Path | None) -> None:
    """Draft what data protection asks for: assessments, an arrangement, texts for people.

    Also what is held where and why, column by column. They are drafts to be finished by people who
    know the law that applies; no legal advice.
    """
    from node import privacy as job

    facts = await job.facts(node)
    texts = job.documents(facts)
    if facts.missing:
        say(f"Not set, and left open in the texts: {', '.join(facts.missing)}. "
            "`comity community set` sets them.")  # fmt: skip
    if out is None:
        emit(click.get_current_context(), {"documents": dict(texts)}, "\n".join(texts.values()))
        return
    job.write(texts, out)
    document = {"folder": str(out), "files": list(texts)}
    words = f"Written to {out}: {', '.join(texts)}"
    emit(click.get_current_context(), document, words)
