"""Write the page anew."""

import tempfile
from pathlib import Path

from node import clock
from tests.walk import DOCUMENT, walk

with tempfile.TemporaryDirectory() as folder:
    DOCUMENT.write_text(walk(Path(folder), clock.now()), encoding="utf-8")
