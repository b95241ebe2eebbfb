"""Write the folder anew."""

from tests.docs import FOLDER, texts

FOLDER.mkdir(exist_ok=True)
for name, text in texts().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
