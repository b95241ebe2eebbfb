"""Pages from templates, in the reader's language, and the files that stand beside them.

The catalogues are read as translators write them; nothing is compiled beforehand.
"""

import gettext
import hashlib
import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache, lru_cache, partial
from importlib import resources
from typing import Any

import segno
from aiohttp import web
from babel.core import negotiate_locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from node.spelling import printable, printable_lines
from protocol.english import English

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""Every language, as its readers call it; the first is that of the templates."""

_LOCALES = {"en": "en_GB", "de": "de"}
"""How days are written: in English with the day first, which no reader takes for the month."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "publickey-credentials-get=(self), publickey-credentials-create=(self)",
    "Referrer-Policy": "same-origin",
    "Server": "comity",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing is kept, framed, told on or run that is not this node's own."""

_PLACES = re.compile(r"%\(\w+\)-?\d*s")
"""Where the parts of a text stand in it."""

FILES = {
    "comity.css": "text/css",
    "comity.js": "text/javascript",
    "comity.svg": "image/svg+xml",
}


def page(
    template: str, language: str, values: Mapping[str, Any], status: int = 200
) -> web.Response:
    """The page of a template under `templates`, by its name."""
    said = filled(template, language, values)
    return web.Response(
        text=said, status=status, content_type="text/html", charset="utf-8", headers=HEADERS
    )


def data(text: str) -> web.Response:
    """JSON for the module of scripts."""
    return web.Response(text=text, content_type="application/json", headers=HEADERS)


def filled(template: str, language: str, values: Mapping[str, Any]) -> str:
    """A template in a language, with what it is filled with."""
    return _environment(language).get_template(f"{template}.html").render(values)


def language_of(request: web.Request) -> str:
    """The language that was chosen here, else the one that the browser prefers among ours."""
    chosen = request.cookies.get("language")
    if chosen in LANGUAGES:
        return chosen
    wished = [
        part.partition(";")[0].strip().replace("-", "_")
        for part in request.headers.get("Accept-Language", "")[:200].split(",")
    ]
    return negotiate_locale(wished, list(LANGUAGES), sep="_") or "en"


def file(version: str, name: str) -> web.Response:
    """The stylesheet, or the module of scripts; to be kept only under the version that it is of."""
    lasting = "public, max-age=31536000, immutable" if version == _version(name) else "no-store"
    headers = HEADERS | {"Cache-Control": lasting}
    body = _static(name)
    return web.Response(body=body, content_type=FILES[name], charset="utf-8", headers=headers)


def said(language: str, text: str) -> Markup:
    """What the node says, in a language; marked as English where it is there in no other."""
    english, catalogue = English(text), _catalogue(language)
    translated = catalogue.gettext(english.text) if english.text else ""
    shown = {name: _part(part, language) for name, part in english.parts.items()}
    template = escape(printable_lines(translated))
    words = template % shown if shown else template
    if language == "en" or translated != english.text or not _has_words(english):
        return words
    return Markup('<span lang="en">{}</span>').format(words)


def _part(part: object, language: str) -> object:
    """A part of what is said: a text in the language, a day as it writes days."""
    if isinstance(part, date):
        return _day(part, _LOCALES[language])
    return said(language, part) if isinstance(part, English) else printable(str(part))


def _has_words(text: English) -> bool:
    """Whether there is anything to translate beside its parts."""
    return any(each.isalpha() for each in (_PLACES.sub("", text.text) if text.parts else text))


@cache
def _static(name: str) -> bytes:
    return (resources.files("node.web") / "static" / name).read_bytes()


def _address(name: str) -> str:
    # With another content it has another address, so that browsers may keep it for good.
    return f"/static/{_version(name)}/{name}"


@cache
def _version(name: str) -> str:
    return hashlib.sha256(_static(name)).hexdigest()[:12]


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    source = resources.files("node.web") / "locale" / f"{language}.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source.read_bytes()), locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("node.web"),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=partial(_shown, language=language),
    )
    # Not the extension's own functions: what they put into a text is not shown by `finalize`.
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals |= {
        "gettext": partial(_text, language),
        "ngettext": partial(_counted, language),
        "language": language,
        "languages": LANGUAGES,
        "address_of": _address,
    }
    environment.tests["mailbox"] = lambda text: _MAILBOX.fullmatch(text) is not None
    environment.filters |= {
        "day": partial(_day, locale=_LOCALES[language]),
        "moment": partial(_moment, locale=_LOCALES[language]),
        "lines": _lines,
        "qr": _qr_code,
    }
    return environment


def _text(language: str, text: str, /, **values: Any) -> Markup:
    """A text of a template, with its values."""
    return _filled(_catalogue(language).gettext(text), values, language)


def _counted(language: str, one: str, many: str, number: int, /, **values: Any) -> Markup:
    """A text in the form that a number takes."""
    return _filled(_catalogue(language).ngettext(one, many, number), values, language)


def _filled(text: str, values: Mapping[str, Any], language: str) -> Markup:
    shown = {name: _shown(value, language) for name, value in values.items()}
    return Markup(text) % shown  # noqa: S704 - ours


def _shown(value: Any, language: str) -> Any:
    """What is shown of a text: what the node says in words of the language, others as they are.

    No control and no bidirectional characters.
    """
    if isinstance(value, English):
        return said(language, value)
    return value if isinstance(value, Markup) or not isinstance(value, str) else printable(value)


def _lines(value: str) -> Markup:
    return Markup("<br>").join(escape(printable(line)) for line in value.splitlines())


@lru_cache(maxsize=4)
def _qr_code(text: str) -> Markup:
    # Light on its own ground, and with room around it, whatever the colours of the page are.
    code = segno.make(text, micro=False)
    return Markup(code.svg_inline(omitsize=True, light="#fff", svgclass=None, lineclass=None))  # noqa: S704 - squares


_MAILBOX = re.compile(r"[\w.+-]+@[A-Za-z0-9.-]+")
"""What is an e-mail address without any doubt."""

_NONE = "\N{EN DASH}"


def _day(value: date | str | None, locale: str) -> str:
    if value is None:
        return _NONE
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    return format_date(day, format="long", locale=locale)


def _moment(value: datetime | float | str | None, locale: str) -> str:
    if value is None:
        return _NONE
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    at = datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else value
    # Its narrow space would be shown as what nobody can see.
    said = format_datetime(at, format="medium", locale=locale).replace("\u202f", " ")
    return f"{said} UTC"
