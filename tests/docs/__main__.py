"""Write the pages anew."""

from tests.docs import FOLDER, texts
from tests.docs.api import PAGE, page

FOLDER.mkdir(exist_ok=True)
for name, text in texts().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
PAGE.write_text(page(), encoding="utf-8")
