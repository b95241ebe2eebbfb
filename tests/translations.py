"""What the pages say, and how translators have it: `python -m tests.translations` writes it anew.

The catalogues of `node/web/locale` get what is new, without a translation, and lose what is said no
more; what is translated stays. What lacks a translation is printed.
"""

import contextlib
import io
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from subprocess import PIPE
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from node import report_words
from node.errors import UserError
from node.holdings import HOLDINGS
from node.web.rendering import LANGUAGES
from node.web.serving import add_pages  # noqa: F401 - with all errors that it can show
from protocol.errors import ComityError
from tests.paths import ROOT

LOCALE = ROOT / "node" / "web" / "locale"

_TEMPLATES = sorted((ROOT / "node" / "web" / "templates").glob("*.html"))
_PAGES = sorted((ROOT / "node" / "web").glob("*.py"))
_LOADED = """
import sys
import node.public.about, node.public.desk, node.web.serving
for module in sys.modules.values():
    print(getattr(module, "__file__", ""))
"""
"""What is loaded where pages are served: no page shows what is said elsewhere."""

_OURS = (
    "node",
    *(
        f"protocol/{name}"
        for name in (
            "attested.py",
            "claims.py",
            "compare.py",
            "identifiers",
            "keys.py",
            "register.py",
        )
    ),
)
"""Of the protocol, what refuses what people type or propose; the rest refuses other nodes."""

_TO_NODES = "node/federation"


@cache
def saying() -> list[Path]:
    """Where a sentence is made that may be shown on a page."""
    loaded = subprocess.run([sys.executable, "-c", _LOADED], cwd=ROOT, stdout=PIPE, check=True)
    return sorted(
        path
        for path in map(Path, loaded.stdout.decode().splitlines())
        if any(path.is_relative_to(ROOT / each) for each in _OURS)
        and not path.is_relative_to(ROOT / _TO_NODES)
    )


_Keywords = dict[str, Any]

_IN_TEMPLATES: _Keywords = {"_": None, "gettext": None, "ngettext": (1, 2)}
_IN_PAGES: _Keywords = {"say": None, "_failed": (3,)}
_IN_SENTENCES: _Keywords = {"English": None, "_line": None}


def errors() -> set[str]:
    """What all errors are called whose words a page may show."""
    found: list[type[Exception]] = [UserError, ComityError]
    for each in found:
        found += each.__subclasses__()
    return {each.__name__ for each in found}


def said() -> Catalog:
    """All that the pages say, in their own language."""
    catalogue = Catalog()
    for text in _texts():
        catalogue.add(text)
    return catalogue


def _texts() -> Iterator[str | tuple[str, ...]]:
    options = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
    kinds: list[tuple[str, list[Path], _Keywords, dict[str, str]]] = [
        ("jinja2.ext:babel_extract", _TEMPLATES, _IN_TEMPLATES, options),
        ("python", _PAGES, _IN_PAGES, {}),
        ("python", saying(), _IN_SENTENCES | dict.fromkeys(errors()), {}),
    ]
    yield from _listed()
    for method, files, keywords, settings in kinds:
        for path in files:
            # It complains of each text that is made of parts; those are shown in English.
            with path.open("rb") as file, contextlib.redirect_stderr(io.StringIO()):
                found = list(extract(method, file, keywords, (), settings))
            yield from (text for _, text, _, _ in found)


def _listed() -> Iterator[str]:
    """What stands in tables: of what is kept, and of a report's numbers."""
    for holding in HOLDINGS.values():
        yield from (holding.why, holding.about, holding.kept)
    yield from (*report_words.ALONE.values(), *report_words.NOT_COUNTED)
    for heading in report_words.TABLES.values():
        yield from (heading.title, *heading.cells.values())


def path_of(language: str) -> Path:
    """The catalogue of a language."""
    return LOCALE / f"{language}.po"


def translated(language: str) -> Catalog:
    """What translators have."""
    return read_po(io.BytesIO(path_of(language).read_bytes()), locale=language)


def lacking(catalogue: Catalog) -> list[Message]:
    """What has no translation, or lacks a form of it."""
    return [
        each
        for each in catalogue
        if each.id
        and not all([each.string] if isinstance(each.string, str) else each.string or [""])
    ]


def renew(language: str) -> list[Message]:
    """Write a catalogue anew; what lacks a translation."""
    held = translated(language)
    held.update(said(), no_fuzzy_matching=True)
    held.obsolete.clear()
    out = io.BytesIO()
    write_po(out, held, width=100, no_location=True, omit_header=True, sort_output=True)
    header = path_of(language).read_text("utf-8").partition("\n\n")[0].rstrip()
    path_of(language).write_text(f"{header}\n\n{out.getvalue().decode().strip()}\n", "utf-8")
    return lacking(held)


def main() -> None:
    """Write all catalogues anew."""
    for language in list(LANGUAGES)[1:]:
        for message in renew(language):
            sys.stdout.write(f"{language}: not translated: {message.id}\n")


if __name__ == "__main__":
    main()
