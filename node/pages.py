"""Pages made of templates: Markdown, HTML and plain text, in which no text is taken for markup.

Names come from other communities, and settings from whoever typed them. In HTML they are escaped by
the template engine, in Markdown and in plain text here.
"""

import re
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from node.errors import UserError
from node.spelling import printable

_MARKUP = re.compile(r"([\\`*_\[\]<>|&#~])")


def markdown(template: str, **values: Any) -> str:
    """The page of a Markdown template, by its name under `node/templates`."""
    return _MARKDOWN.get_template(f"{template}.md.j2").render(values)


def html(template: str, **values: Any) -> str:
    """The page of an HTML template."""
    return _HTML.get_template(f"{template}.html.j2").render(values)


def text(template: str, folder: Path, **values: Any) -> str:
    """The text of a plain template; one of this name in `folder` stands in its place.

    Raises:
        UserError: the one in the folder is no template, or names what there is not.
    """
    name = f"{template}.txt.j2"
    loader = ChoiceLoader([FileSystemLoader(folder), PackageLoader("node")])
    # Whoever words a letter is not always who may run programs here.
    environment = ImmutableSandboxedEnvironment(
        autoescape=False, finalize=_printable, **(_OPTIONS | {"loader": loader})
    )
    try:
        return environment.get_template(name).render(values)
    except TemplateSyntaxError as error:
        raise UserError(
            "%(path)s, line %(line)s: %(error)s",
            path=folder / name,
            line=error.lineno,
            error=error.message,
        ) from error
    except (
        TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError,
    ) as error:  # fmt: skip
        # Words of the engine's own name what is not there; others could quote whom it is about.
        why = error.message if isinstance(error, TemplateError) else type(error).__name__
        raise UserError(
            "%(path)s cannot be filled: %(why)s", path=folder / name, why=why
        ) from error


def _printable(value: Any) -> Any:
    return value if isinstance(value, Markup) or not isinstance(value, str) else printable(value)


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
