"""What is said to people: in English, and so that it can be said in another language, too.

An error, or the reason of an answer, is made of parts where it arises, and shown far from there.
Whoever reads it may read another language: what it was made of has to come along.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class English(str):
    """A text in English that remembers what it was made of.

    `text` is what translators have, with `%(name)s` in place of each of `parts`. A part may be
    such a text itself, or a day; any other is a name, a number or the like, and the same in every
    language. To whoever knows nothing of all that it is the English text, as any other string.
    """

    __slots__ = ("parts", "text")

    text: str
    parts: Mapping[str, object]

    def __new__(cls, text: str, /, **parts: object) -> Self:
        """Put a text together; of one that is English already, nothing is lost."""
        if isinstance(text, cls):
            return text
        made = super().__new__(cls, text % parts if parts else text)
        made.text, made.parts = text, parts
        return made

    def __str__(self) -> str:
        return self

    @classmethod
    def joined(cls, parts: Iterable[object], between: str = ", ") -> Self:
        """Texts and names one after the other, with what stands between each two of them."""
        named = {f"part{number}": part for number, part in enumerate(parts)}
        text = "%(between)s".join(f"%({name})s" for name in named)
        return cls(text, between=between, **named)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """A string in documents; within this node it stays what it is."""
        return core_schema.no_info_wrap_validator_function(
            lambda value, string: value if isinstance(value, cls) else cls(string(value)),
            handler(str),
        )
