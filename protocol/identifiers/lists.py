"""The closed lists of rules version 1. They are published with the vectors and never change.

A new entry would change canonical values, so that a match between two versions would be missed:
it needs a new version of the rules (SPEC.md, section 2).
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KINDS = (
    "email",
    "email-untagged",
    "phone",
    "github",
    "gitlab",
    "pypi",
    "matrix",
    "fediverse",
    "telegram",
    "bluesky",
    "github-id",
    "discord-id",
    "telegram-id",
    "name",
)

WEAK_KINDS = frozenset({"email-untagged", "name"})

SAME_DOMAIN = {"googlemail.com": "gmail.com"}
"""Domains that are one: here only what the provider itself documents as the same mailbox."""

DOTS_DROPPED = frozenset({"gmail.com"})

TAG_DROPPED = _words(
    """
    gmail.com
    outlook.com outlook.at outlook.be outlook.cl outlook.co.id outlook.co.il outlook.co.th
    outlook.com.ar outlook.com.au outlook.com.br outlook.com.gr outlook.com.tr outlook.com.vn
    outlook.cz outlook.de outlook.dk outlook.es outlook.fr outlook.hu outlook.ie outlook.in
    outlook.it outlook.jp outlook.kr outlook.lv outlook.my outlook.ph outlook.pt outlook.sa
    outlook.sg outlook.sk
    hotmail.com hotmail.be hotmail.ca hotmail.ch hotmail.co.jp hotmail.co.nz hotmail.co.uk
    hotmail.co.za hotmail.com.ar hotmail.com.au hotmail.com.br hotmail.com.tr hotmail.de
    hotmail.dk hotmail.es hotmail.fi hotmail.fr hotmail.gr hotmail.it hotmail.nl hotmail.no
    hotmail.se
    live.com live.at live.be live.ca live.cl live.cn live.co.uk live.co.za live.com.ar
    live.com.au live.com.mx live.com.pt live.de live.dk live.fi live.fr live.ie live.in live.it
    live.jp live.nl live.no live.ru live.se
    msn.com windowslive.com
    fastmail.com fastmail.cn fastmail.co.uk fastmail.com.au fastmail.de fastmail.es fastmail.fm
    fastmail.fr fastmail.im fastmail.in fastmail.jp fastmail.mx fastmail.net fastmail.nl
    fastmail.org fastmail.se fastmail.to fastmail.tw fastmail.uk fastmail.us
    proton.me protonmail.com protonmail.ch pm.me
    icloud.com me.com mac.com
    posteo.de posteo.net mailbox.org
    """
)

ROLES = _words(
    """
    abuse accounting accounts admin administration administrator board billing booking bookings
    buchhaltung buero bureau careers chair chairs coc committee community compliance conduct
    conference contact contacto contato contatto contactus crew cs customerservice daemon desk
    direction dpo editor einkauf email empfang enquiries events everyone feedback finance finanzen
    foundation ftp hallo hello help helpdesk hey hi hola hostmaster hr inbox info infos
    informacion informatie informatique informationen inquiries invoice invoices it jobs kasse
    kontakt kundenservice legal list mail mailer-daemon mailman marketing media members
    membership moderators news newsletter no-reply noc noreply office officers oficina ola
    order orders org orga organisation organization organizers organisers payments people
    post postmaster pr praxis press presse privacy prensa program programme purchasing
    rechnung rechnungen registration reply reception root safety sales secretaria secretariat
    secretary security sekretariat service services shop speakers sponsor sponsoring sponsors
    sponsorship staff support sysadmin team tech test ticket ticketing tickets treasurer trust
    ufficio usenet verein verkauf vertrieb verwaltung volunteer volunteers vorstand web
    webmaster welcome workshop workshops www zentrale büro
    """
)
"""Local parts that belong to an office and not to a person."""

NON_VALUES = _words(
    """
    n/a n.a n.a. na none null nil nan no nope not non nein kein keine keiner keins undefined
    unknown anonymous anonym test tbd tba todo void x xx xxx xxxx user username handle nobody
    ninguno aucun aucune geen ei true false yes ja
    """
)
"""What people type into a field that they have nothing for; as a handle it would name them all."""

NOT_HANDLES = {
    "github": _words(
        """
        about apps collections contact customer-stories dashboard enterprise events explore
        features github issues join login logout marketplace new notifications organizations
        orgs pricing pulls search security sessions settings signup site sponsors stars team
        topics trending users
        """
    ),
    "gitlab": _words(
        """
        - admin api dashboard explore gitlab groups help import login profile projects search
        snippets users
        """
    ),
    "pypi": frozenset({"account", "help", "manage", "project", "search", "user"}),
    "telegram": _words(
        """
        addemoji addlist addstickers addtheme boost confirmphone contact giftcode invoice
        joinchat login proxy setlanguage share socks telegram
        """
    ),
}
"""First parts of a path that are pages of the platform."""

TRUNK_ZERO = _words(
    """
    20 27 31 32 33 40 41 43 44 46 49 51 53 54 55 57 58 60 61 63 64 66 84 86 90 91 92 93 94 95 98
    211 212 213 218 231 232 233 234 243 249 251 252 254 255 256 260 261 262 263 264 265 291
    353 355 358 359 370 373 374 377 380 381 382 383 385 386 387 389 421 423 508 590 591 593 594
    595 596 686 850 855 856 880 886 961 962 963 964 966 967 970 971 972 976 977 994 995 996
    """
)
"""Calling codes behind which a 0 is only the national trunk prefix: no number begins with it."""

APOSTROPHES = (
    "'\u0060\u00b4\u02b9\u02bb\u02bc\u02bd\u0374\u055a\u05f3"
    "\u2018\u2019\u201b\u2032\u1fef\u1ffd\uff07\uff40"
)
HYPHENS = (
    "-\u058a\u05be\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
    "\u207b\u208b\ufe31\ufe32\ufe58\ufe63\uff0d"
)

DIGRAPHS = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
"""The other usual spelling of these letters, which the table renders as a, o, u."""
