"""`docs/privacy/`: the texts of an example community, as `comity privacy` writes them."""

from node import privacy
from node.privacy import Facts, Partner
from tests.paths import ROOT

FOLDER = ROOT / "docs" / "privacy"
REGENERATE = "python -m tests.docs"

EXAMPLE = Facts(
    id="pyregion.example",
    name="PyRegion",
    contact="conduct@pyregion.example",
    policy="https://pyregion.example/conduct",
    desk="https://comity.pyregion.example/desk",
    publishes=True,
    entries="public",
    threshold=2,
    custody=("own", "own", "node"),
    peers=(
        Partner("meetup.example", "A Meetup"),
        Partner("python.example", "Python Foundation"),
    ),
    retention_days=30,
    ended_retention_days=365,
    evaluation_bucket=2_048,
    evaluation_refill=200,
    evaluation_event=20_000,
    evaluation_total=20_000,
)
"""A conference with two peers and the settings that a node has by itself."""


def texts() -> dict[str, str]:
    """What the folder holds, by the names of its files."""
    return privacy.documents(EXAMPLE)
