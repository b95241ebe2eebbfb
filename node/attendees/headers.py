"""What the headers of ticket tools mean, and whose address stands below them.

Headers come translated, so that most are recognised word by word: a header means something only
if *every* word of it is in the vocabulary, which "E-Mail Teilnehmer*in" is and "Email of your
manager" is not. Whole headers are listed where words would mislead. The tools are pretix (order
list, check-in list, waiting list), Tito, Eventbrite and Indico; lists made by hand use the same
words.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a column says. Those that identify are named as the kinds of the protocol."""

    ORDER = "order"
    POSITION = "position"
    ADD_ON_TO = "add-on-to"
    STATUS = "status"
    ORDER_TOTAL = "order-total"
    TICKET_MARK = "ticket-mark"
    GIVEN_NAME = "given-name"
    FAMILY_NAME = "family-name"
    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    GITHUB = "github"
    GITLAB = "gitlab"
    PYPI = "pypi"
    MATRIX = "matrix"
    FEDIVERSE = "fediverse"
    TELEGRAM = "telegram"
    BLUESKY = "bluesky"


class Owner(StrEnum):
    """Whose name or address it is."""

    ATTENDEE = "attendee"
    BUYER = "buyer"
    PARENT = "parent"
    """The holder of the ticket that an add-on belongs to."""
    UNKNOWN = "unknown"
    """The attendee's where there is one, else somebody else's: the tool does not say."""


NAMES = (Role.NAME, Role.GIVEN_NAME, Role.FAMILY_NAME)
HANDLES = (
    Role.GITHUB,
    Role.GITLAB,
    Role.PYPI,
    Role.MATRIX,
    Role.FEDIVERSE,
    Role.TELEGRAM,
    Role.BLUESKY,
)
PERSONAL = (*NAMES, Role.EMAIL, Role.PHONE, *HANDLES)


@dataclass(frozen=True)
class Recognised:
    """What a header means; `owner` is None where only the whole list can tell."""

    role: Role
    owner: Owner | None = None


def words(text: str) -> tuple[str, ...]:
    """The words of a header or of a status, without case, marks and punctuation.

    Only those of its beginning: the time of normalising grows with the square of the length.
    """
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text[:_LONGEST]).casefold()))


def recognise(header: str) -> Recognised | None:
    """What `header` means, or None where it means nothing that is asked about."""
    found = words(header)
    return _WHOLE.get(found) or _by_vocabulary(found) or _question(found)


_WORD = re.compile(r"[^\W_]+|#")
_LONGEST = 300
"""Characters of a header or status that are looked at."""


def _listed(role: Role, owner: Owner | None, headers: str) -> dict[tuple[str, ...], Recognised]:
    return {words(header): Recognised(role, owner) for header in headers.split(" | ")}


_WHOLE = {
    **_listed(
        Role.ORDER,
        None,
        "Order code | Order # | Order number | Order no. | Order ID | Order reference | Order"
        " | Bestellnummer | Bestellcode | Bestell-Nr. | Buchungsnummer | Code de commande"
        " | Code commande | Numéro de commande | Código de pedido | Número de pedido"
        " | Codice ordine | Codice dell'ordine | Numero ordine | Bestelcode | Bestelnummer"
        " | Kod zamówienia | Numer zamówienia | Kód objednávky | Číslo objednávky | Ordrekode"
        " | Ordrenummer | Bestillingskode | Ordernummer | Beställningskod | Código do pedido"
        " | Código da encomenda | Tilauskoodi | Tilausnumero | Код заказа | Номер заказа"
        " | Код замовлення | Номер замовлення | 注文コード | 注文番号 | 订单代码 | 订单号",
    ),
    **_listed(Role.POSITION, None, "Position ID | Position | Positions-ID | ID de position"),
    **_listed(
        Role.ADD_ON_TO,
        None,
        "Add-on to position ID | Add-on to position | Zusatzprodukt zu Position"
        " | Zusatzprodukt zu Positions-ID",
    ),
    **_listed(
        Role.STATUS,
        None,
        "Status | Order status | Ticket status | Attendee status | Void status"
        " | Registration state | Registration status | Bestellstatus | Zustand | Statut | Estado"
        " | Stato | Stav | Tila | Durum | Статус | 状态 | ステータス",
    ),
    **_listed(
        Role.ORDER_TOTAL,
        None,
        "Order total | Bestellsumme | Gesamtbetrag | Gesamtsumme | Gesamtpreis der Bestellung"
        " | Total de la commande | Total del pedido | Totale ordine | Besteltotaal",
    ),
    **_listed(
        Role.TICKET_MARK,
        None,
        "Attendee # | Attendee ID | Ticket reference | Ticket type | Barcode | Registration date"
        " | Registration ID | Registrant ID",
    ),
    **_listed(Role.NAME, Owner.ATTENDEE, "Ticket full name | Ticket name on badge | Registrant"),
    **_listed(Role.GIVEN_NAME, Owner.ATTENDEE, "Ticket first name"),
    **_listed(Role.FAMILY_NAME, Owner.ATTENDEE, "Ticket last name"),
    **_listed(Role.EMAIL, Owner.ATTENDEE, "Ticket email | Ticket email address"),
    **_listed(Role.PHONE, Owner.ATTENDEE, "Ticket phone number | Ticket phone"),
    **_listed(Role.NAME, Owner.BUYER, "Order name | Order full name | Ordered by"),
    **_listed(Role.GIVEN_NAME, Owner.BUYER, "Order first name"),
    **_listed(Role.FAMILY_NAME, Owner.BUYER, "Order last name"),
    **_listed(Role.EMAIL, Owner.BUYER, "Order email | Order email address"),
    **_listed(Role.PHONE, Owner.BUYER, "Order phone number | Order phone"),
}

_VOCABULARY = {
    "attendee": "attendee attendees attendee's participant participants participante participantes"
    " registrant guest delegate teilnehmer teilnehmerin teilnehmende teilnehmenden teilnehmers"
    " teilnehmer:in besucher gast asistente asistentes partecipante partecipanti deelnemer"
    " deelnemers bezoeker deltager deltagere deltagers deltagare deltakare deltaker osallistuja"
    " osallistujan uczestnik uczestnika účastník účastníka résztvevő udeleženec udeleženca sudionik"
    " kat\u0131l\u0131mc\u0131 участник участника учасник учасника 参加者 参加者名 参与者 与会者",
    "buyer": "buyer buyers purchaser customer customers käufer käuferin besteller bestellerin"
    " kunde kundin acheteur client comprador cliente acquirente koper klant kjøper køber köpare"
    " kupujący zákazník покупатель покупателя 購入者 购买者",
    "email": "email emails mail e epost correo courriel электронная почта эл почты пошта"
    " sähköposti sähköpostiosoite メールアドレス メール 电子邮件 邮箱",
    "phone": "phone telephone mobile cell handy mobil telefon telefonnummer telefono teléfono"
    " téléphone telefone telefoon telefoonnummer telefonnumer puhelin puhelinnumero телефон"
    " телефона 電話 電話番号 电话",
    "name": "name names nom nombre nome naam navn namn nimi nazwa imię jméno név ime ad isim имя"
    " ім'я 名前 氏名 姓名 teilnehmername",
    "given": "given first forename vorname prénom pila fornavn förnamn voornaam etunimi"
    " imię křestní keresztnév 名",
    "family": "family last surname nachname familienname famille apellido apellidos cognome"
    " sobrenome achternaam etternavn efternavn efternamn sukunimi nazwisko příjmení vezetéknév"
    " soyad\u0131 фамилия прізвище 姓",
    "filler": "full the of s address addresses adresse number no nr id de del della dell des du d l"
    " le la el do da di van der af in innen w work home primary contact voll vollständiger complet"
    " completo completa volledige adres adresa adresse adress adresi numer numero número número"
    " numéro nummer адрес",
    "attendee name": "innenname teilnehmername teilnehmendenname teilnehmernamen deelnemersnaam"
    " deltagarnamn deltagernavn",
    "attendee email": "teilnehmeremail deelnemersemail",
}


def _meanings() -> dict[str, frozenset[str]]:
    meanings: dict[str, set[str]] = {}
    for meaning, listed in _VOCABULARY.items():
        for word in (part for entry in listed.split() for part in words(entry)):
            meanings.setdefault(word, set()).update(meaning.split())
    return {word: frozenset(found) for word, found in meanings.items()}


_MEANINGS = _meanings()


def _by_vocabulary(found: tuple[str, ...]) -> Recognised | None:
    if not found or any(word not in _MEANINGS for word in found):
        return None
    meant = frozenset().union(*(_MEANINGS[word] for word in found))
    role = _role(meant)
    if role is None or {"attendee", "buyer"} <= meant:
        return None
    if "attendee" in meant:
        return Recognised(role, Owner.ATTENDEE)
    return Recognised(role, Owner.BUYER if "buyer" in meant else None)


def _role(meant: frozenset[str]) -> Role | None:
    """A "Name: Vorname" is a given name, "Attendee" alone a name, "Email name" nothing at all."""
    said = meant & {"email", "phone", "name", "given", "family"}
    if said in ({"email"}, {"phone"}):
        return Role(*said)
    if said in ({"given"}, {"given", "name"}):
        return Role.GIVEN_NAME
    if said in ({"family"}, {"family", "name"}):
        return Role.FAMILY_NAME
    if said == {"name"} or (not said and "attendee" in meant and "filler" not in meant):
        return Role.NAME
    return None


_PLATFORMS = {
    "github": Role.GITHUB,
    "gitlab": Role.GITLAB,
    "pypi": Role.PYPI,
    "mastodon": Role.FEDIVERSE,
    "fediverse": Role.FEDIVERSE,
    "telegram": Role.TELEGRAM,
    "bluesky": Role.BLUESKY,
    "bsky": Role.BLUESKY,
    "matrix": Role.MATRIX,
}

_OTHER_SUBJECT = frozenset(
    words(
        "repo repos repository repositories project projects projekt projekte organisation"
        " organization org company firma sponsor sponsors stars email mail channel kanal group"
        " gruppe room raum server instance"
    )
)
"""Words that make of "GitHub …" a question about something other than the attendee."""

_OF_MATRIX = frozenset(words("id handle user username account address benutzername name konto"))
"""Without one of these, or alone, a matrix may be one of skills."""


def _question(found: tuple[str, ...]) -> Recognised | None:
    """A question of the organizer's own, by the one platform that its title names."""
    roles = {_PLATFORMS[word] for word in found if word in _PLATFORMS}
    if len(roles) != 1 or _OTHER_SUBJECT & set(found):
        return None
    (role,) = roles
    if role is Role.MATRIX and len(found) > 1 and not _OF_MATRIX & set(found):
        return None
    return Recognised(role, Owner.ATTENDEE)
