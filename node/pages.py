"""Pages made of templates: Markdown and HTML, in which no text is taken for markup.

Names come from other communities, and settings from whoever typed them. In HTML they are escaped by
the template engine, in Markdown here.
"""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_MARKUP = re.compile(r"([\\`*_\[\]<>|&#~])")


def markdown(template: str, **values: Any) -> str:
    """The page of a Markdown template, by its name under `node/templates`."""
    return _MARKDOWN.get_template(f"{template}.md.j2").render(values)


def html(template: str, **values: Any) -> str:
    """The page of an HTML template."""
    return _HTML.get_template(f"{template}.html.j2").render(values)


def _plain(value: Any) -> Any:
    # What a template calls `safe` is this program's own.
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _MARKUP.sub(r"\\\1", value)


_OPTIONS: dict[str, Any] = {
    "loader": PackageLoader("node"),
    "undefined": StrictUndefined,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
}
_HTML = Environment(autoescape=True, **_OPTIONS)
_MARKDOWN = Environment(autoescape=False, finalize=_plain, **_OPTIONS)  # noqa: S701 - see `_plain`
