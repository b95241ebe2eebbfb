"""Which column of a list says what: a proposal that people can read and overrule."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from node.attendees.headers import HANDLES, NAMES, PERSONAL, Owner, Role, recognise, words
from node.attendees.table import Table
from node.errors import UserError
from protocol.english import English

IGNORE = "ignore"
"""What an override says to leave a column aside."""

NAMED_ASIDE = 8
"""Up to so many columns that were left aside are named; of more, nobody reads the names."""

_OF_TICKETS = (Role.ORDER, Role.POSITION, Role.ADD_ON_TO, Role.STATUS)

_OVERRIDABLE: dict[str, tuple[Role | None, Owner | None]] = {
    **{str(role): (role, Owner.ATTENDEE) for role in PERSONAL},
    **{
        f"{owner}-{role}": (role, owner)
        for role in PERSONAL
        for owner in (Owner.ATTENDEE, Owner.BUYER, Owner.UNKNOWN)
    },
    **{
        str(role): (role, None) for role in (Role.ORDER, Role.POSITION, Role.ADD_ON_TO, Role.STATUS)
    },
    IGNORE: (None, None),
}

_YES_OR_NO = frozenset(
    words(
        "yes no true false ja nein oui non sí si no sim não nee ano ne tak nie igen nem kyllä ei"
        " да нет так ні"
    )
)


@dataclass(frozen=True)
class Column:
    """One column: its number from 1, its header, and what is taken from it, if anything."""

    number: int
    header: str
    role: Role | None = None
    owner: Owner | None = None

    @property
    def index(self) -> int:
        """Where its cell stands in a row, from 0."""
        return self.number - 1


@dataclass(frozen=True)
class Mapping:
    """Every column of a list, in the list's order."""

    columns: tuple[Column, ...]
    form: English

    @cached_property
    def _taken(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.role is not None)

    @property
    def identifies(self) -> bool:
        """Whether a column is known to hold names, addresses or handles."""
        return bool(self.having(*PERSONAL))

    def having(self, *roles: Role) -> tuple[Column, ...]:
        """The columns with one of these roles, in the list's order."""
        return tuple(column for column in self._taken if column.role in roles)


def understand(table: Table, overrides: Iterable[str] = ()) -> Mapping:
    """Say what each column of `table` means, be it that none says anything.

    Args:
        table: the list.
        overrides: `HEADER=ROLE` or `NUMBER=ROLE`, columns being numbered from 1; the roles are
            those of `Role` that are read from rows, with `attendee-`, `buyer-` or `unknown-` before
            those of people (attendee where nothing is said), and `ignore`.

    Raises:
        UserError: an override names no column or no role.
    """
    columns = [_recognised(number, header) for number, header in enumerate(table.header, 1)]
    columns = [column if _may_identify(column, table) else _aside(column) for column in columns]
    for override in overrides:
        columns = _overrule(columns, override)
    return Mapping(_with_owners(columns), table.form)


def propose(table: Table, overrides: Iterable[str] = ()) -> Mapping:
    """Say what each column of `table` means, as `understand` does, so that rows can be read.

    Raises:
        UserError: as `understand`, or no column identifies anybody.
    """
    mapping = understand(table, overrides)
    if not mapping.identifies:
        raise UserError(
            "No column is known to hold names, addresses or handles. Say which does, for example "
            '--column "2=email". %(headers)s',
            headers=_headers(mapping.columns),
        )
    return mapping


def describe(mapping: Mapping) -> list[English]:
    """Lines for people: how the file was read, what each column was taken for, what was left."""
    lines = [English("Read as %(form)s.", form=mapping.form)]
    lines += [
        English(
            'Column %(number)s "%(header)s": %(meaning)s.',
            number=column.number,
            header=column.header,
            meaning=_meaning(column),
        )
        for column in mapping.having(*PERSONAL, *_OF_TICKETS)
    ]
    aside = [f'"{column.header}"' for column in mapping.columns if column.role is None]
    if len(aside) > NAMED_ASIDE:
        lines.append(English("Left aside: %(count)s other columns.", count=len(aside)))
    elif aside:
        lines.append(English("Left aside: %(columns)s.", columns=English.joined(aside)))
    return lines


def override_of(column: Column) -> str:
    """What an override would say to read a column as it is read."""
    if column.role is None:
        return IGNORE
    said = f"{column.owner}-{column.role}"
    return said if said in _OVERRIDABLE else str(column.role)


OVERRIDES = tuple(_OVERRIDABLE)
"""What an override can say that a column holds."""


def _meaning(column: Column) -> str:
    if column.role is None or column.owner is None:
        return str(column.role)
    whose = {
        Owner.ATTENDEE: English("the attendee's"),
        Owner.BUYER: English("the buyer's"),
        Owner.UNKNOWN: English("the attendee's or somebody else's, the list does not say"),
        Owner.PARENT: English("the parent ticket's"),
    }
    return English.joined([column.role, whose[column.owner]])


def _recognised(number: int, header: str) -> Column:
    found = recognise(header)
    if found is None:
        return Column(number, header)
    return Column(number, header, found.role, found.owner)


def _aside(column: Column) -> Column:
    return replace(column, role=None, owner=None)


def _may_identify(column: Column, table: Table) -> bool:
    """Whether a question about a platform was answered with more than yes and no."""
    if column.role not in HANDLES:
        return True
    answers = {row.cells[column.index].strip().casefold() for row in table.rows} - {""}
    return not answers or not answers <= _YES_OR_NO


def _overrule(columns: Sequence[Column], override: str) -> list[Column]:
    which, separator, name = override.rpartition("=")
    if not separator:
        raise UserError('--column needs the form "HEADER=ROLE", for example "Handle=github".')
    if name.strip() not in _OVERRIDABLE:
        raise UserError(
            "No such role: choose one of %(roles)s.", roles=", ".join(sorted(_OVERRIDABLE))
        )
    role, owner = _OVERRIDABLE[name.strip()]
    numbers = _numbers(columns, which)
    if not numbers:
        raise UserError(
            'There is no column "%(which)s". %(headers)s',
            which=which.strip(),
            headers=_headers(columns),
        )
    return [
        replace(column, role=role, owner=owner) if column.number in numbers else column
        for column in columns
    ]


def _numbers(columns: Sequence[Column], which: str) -> set[int]:
    """The columns meant: by the header as written, by its words, by number; a header may recur."""
    exact = {column.number for column in columns if column.header == which.strip()}
    alike = {c.number for c in columns if words(which) and words(c.header) == words(which)}
    number = int(which) if which.strip().isascii() and which.strip().isdecimal() else 0
    return exact or alike or ({number} & {column.number for column in columns})


def _headers(columns: Sequence[Column]) -> English:
    """The headers, unless the first row looks like somebody's data rather than a header."""
    if any("@" in column.header or sum(map(str.isdigit, column.header)) > 5 for column in columns):
        return English(
            "The list has %(count)s columns, and its first row seems to be no header.",
            count=len(columns),
        )
    listed = "; ".join(f"{column.number} {column.header[:60]}" for column in columns)
    return English("The columns are: %(columns)s.", columns=listed)


def _with_owners(columns: Sequence[Column]) -> tuple[Column, ...]:
    return tuple(
        replace(column, owner=_owner(column.role, columns))
        if column.role in PERSONAL and column.owner is None
        else column
        for column in columns
    )


def _owner(role: Role, columns: Sequence[Column]) -> Owner:
    """Whose a plain "Email", "Name" or "Phone number" is, which only its neighbours tell.

    Beside an attendee's e-mail it is the buyer's, beside a buyer's the attendee's. pretix's
    check-in list has the attendee's name and one "Email" for either; its order list by orders has
    no attendee at all. A list without orders is one of attendees.
    """
    said = {(column.role, column.owner) for column in columns}
    roles = {column.role for column in columns}
    if any((named, Owner.BUYER) in said for named in (*NAMES, Role.EMAIL)):
        return Owner.ATTENDEE
    if (Role.EMAIL, Owner.ATTENDEE) in said:
        return Owner.BUYER
    if Role.ORDER in roles and any((name, Owner.ATTENDEE) in said for name in NAMES):
        return Owner.UNKNOWN if role is Role.EMAIL else Owner.BUYER
    if Role.ORDER_TOTAL in roles and Role.TICKET_MARK not in roles:
        return Owner.BUYER
    if Role.TICKET_MARK in roles or Role.ORDER not in roles:
        return Owner.ATTENDEE
    return Owner.UNKNOWN
