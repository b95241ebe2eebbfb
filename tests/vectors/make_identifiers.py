"""Make `protocol/vectors/identifiers.json`: `python -m tests.vectors.make_identifiers`.

The cases are chosen here by hand; their results were read over, then frozen. The test compares
what this makes with the file, so nothing changes unseen.
"""

import hashlib
import json
from typing import Any

from protocol.identifiers import InvalidIdentifier, canonicalise, lists, related
from protocol.identifiers.text import IGNORABLE
from tests.paths import ROOT
from tests.vectors.make_tables import TABLES

FILE = ROOT / "protocol" / "vectors" / "identifiers.json"

RAW: dict[str, tuple[str, ...]] = {
    "email": (
        "Foo@Bar.example",
        "  foo@bar.example\t",
        "\u200bfoo@bar.example\u200d",
        "ｆｏｏ＠ｂａｒ．ｅｘａｍｐｌｅ",
        "foo@bar.example.",
        "mailto:foo@bar.example",
        "Foo Bar <foo@bar.example>",
        "foo+a+b@bar.example",
        "+tag@example.org",
        "a..b.@example.org",
        "=eve@example.org",
        "%pam%relay@example.org",
        "|pia|x@example.org",
        "-mina@example.org",
        "sinead.o'brien@example.org",
        '"eve"@example.org',
        '"quincy,comma"@example.org',
        '"Q \\"x\\" \\\\ \\y"@example.org',
        "ira@[127.0.0.1]",
        "anna@Bücher.example",
        "anna@bu\u0308cher.example",
        "anton@XN--BCHER-KVA.example",
        "sasha@faß.example",
        "sasha@FAẞ.example",
        "sasha@fass.example",
        "n@βόλος.example",
        "n@نامه\u200cای.example",
        "n@ba\u200dr.example",
        "用户@例え。example",
        "jürgen@example.org",
        "ju\u0308rgen@example.org",
        "weiß@example.org",
        "İra@example.org",
        "K\u00ad@example.org",
        "Z.Z+conf@GoogleMail.com",
        "z.z@gmail.com",
        "z.z+x@outlook.com",
        "z.z+x@fastmail.com",
        "z-z+x@proton.me",
        "zz+x@me.com",
        "Info@example.org",
        "tickets+2027@example.org",
        "kontakt@example.org",
        "büro@example.org",
        "",
        "@example.org",
        "foo",
        "foo@localhost",
        "foo@1.2.3.4",
        "foo@[::1]",
        "foo@-bar.example",
        "foo bar@example.org",
        "a@example.org, b@example.org",
        "a@b@example.org",
        "+@example.org",
        "...@gmail.com",
        "+x@gmail.com",
        "a\x00b@example.org",
        "a\ue000@example.org",
        "a\U0001fae8@example.org",
        "x" * 65 + "@example.org",
        "x@" + "a" * 64 + ".example",
        "x" * 1001,
    ),
    "email-untagged": ("Foo+A+b@bar.example", "foo@bar.example", "+x@bar.example", "foo@gmail.com"),
    "phone": (
        "+49 30 23125 000",
        "+49 (0)30 23125-000",
        "+49 030 23125000",
        "+39 06 1234567",
        "+39 (0)6 1234567",
        "tel:+44-20-7946-0000",
        "+44 020 7946 0000",
        "＋４４ ２０ ７９４６ ００００",
        "+٤٤٢٠٧٩٤٦٠٠٠٠",
        "+1 (212) 555-0100",
        "030 23125000",
        "+49 30 23125000 ext. 5",
        "+1-800-FLOWERS",
        "+0123456789",
        "+12345",
        "+1234567890123456",
        "+49 0030 23125000",
        "+49 30 0000000",
        "",
    ),
    "github": (
        "Octo-Fake",
        "@octo-fake",
        "https://github.com/octo-fake",
        "http://www.github.com/Octo-Fake/",
        "HTTPS://GitHub.com/Octo-Fake?tab=repositories",
        "github.com/octo-fake#x",
        "octo-fake?tab=repositories",
        " octo-fake (work)\u200b",
        "octo--fake-",
        "octo_acme",
        "-",
        "n/a",
        "None",
        "null",
        "I don't have one",
        "=octo-fake",
        "a, b",
        "github.com/octo/repo",
        "github.com/orgs",
        "groß",
        "x" * 40,
        "",
    ),
    "gitlab": ("https://gitlab.com/Octo.Fake_1", "o", "-octo", "gitlab.com/users"),
    "pypi": ("https://pypi.org/user/Octo.Fake_1/", "octo-fake", "octo-", "pypi.org/project/x"),
    "matrix": (
        "@Octo:Example.org",
        "octo:example.org:8448",
        "https://matrix.to/#/@octo:example.org",
        "https://matrix.to/#/%40octo%3Aexample.org",
        "matrix:u/octo:example.org",
        "@octo:bücher.example",
        "octo",
        "octo:example.org:70000",
        "#room:example.org",
    ),
    "fediverse": (
        "@Octo@Social.Example",
        "octo@social.example",
        "https://social.example/@octo",
        "https://social.example/users/octo",
        "https://social.example/@octo@other.example",
        "acct:octo@social.example",
        "octo",
        "@octo",
    ),
    "telegram": ("@Octo_Fake", "https://t.me/octo_fake", "tg://resolve?domain=octo_fake", "abc"),
    "bluesky": (
        "@Octo.bsky.example",
        "https://bsky.app/profile/octo.bsky.example",
        "did:plc:abcdefghijklmnopqrstuvwx",
        "octo",
    ),
    "github-id": ("583231", "５８３２３１", "0", "0583231", "-5", "12345678901234567"),
    "discord-id": ("80351110224678912", "<@!80351110224678912>", "1234"),
    "telegram-id": ("123456789", "+1"),
    "name": (
        "Ada Lovelace",
        "LOVELACE, Ada",
        "Jos\u00e9 Mu\u00f1oz",
        "Jose\u0301 Mun\u0303oz",
        "Jörg Müller",
        "Weiß Øystein",
        "Sinéad O’Brien",
        "D'Arcy O`Neil",
        "Gerrit 't Hooft-Fake",
        "Anne-Marie Müller-Lüdenscheidt",
        "John F. Kennedy",
        "John Fitzgerald Kennedy",
        "İpek Yılmaz",
        "Þór Æðalsteinsson",
        "Nguyễn Thị Ánh",
        "Иван Примеров",
        "Γιώργος Σεφέρης",
        "محمد المثال",
        "שרה דוגמה",
        "小明 王",
        "김 철수",
        "ジョン・スミス",
        "ｼﾞｮﾝ",
        "Ａｎｎａ Ｗｉｄｅ",
        "ﬁona Oﬃce",
        "Zero\u200bWidth Rami\u200f",
        "Nul\x00Byte",
        "Party 🎉 \U0001fae8",
        "Suharto",
        "\U00020bb7野",
        "J. S.",
        "J. Smith",
        "🎉",
        "\u3164",
        "N/A",
        "Null",
        "123",
        "",
    ),
}


def case(kind: str, raw: str) -> dict[str, Any]:
    """One raw input and all that follows from it."""
    try:
        identifiers = related(kind, raw)
    except InvalidIdentifier:
        return {"kind": kind, "raw": raw, "refused": True}
    first = identifiers[0]
    return {
        "kind": kind,
        "raw": raw,
        "value": first.value,
        "strong": first.strong,
        "oprf_input": first.oprf_input.hex(),
        "beside": [each.text for each in identifiers[1:]],
    }


def national(region: str, raw: str) -> dict[str, Any]:
    """A telephone number that only its region explains."""
    value = canonicalise("phone", raw, region=region).value
    return {"kind": "phone", "region": region, "raw": raw, "value": value}


def content() -> dict[str, Any]:
    """The whole file."""
    return {
        "about": "SPEC.md, section 2, rules version 1. The tables stand in protocol/identifiers.",
        "unicode": "14.0.0",
        "tables": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(TABLES.iterdir())
        },
        "lists": {
            "kinds": list(lists.KINDS),
            "weak_kinds": sorted(lists.WEAK_KINDS),
            "same_domain": lists.SAME_DOMAIN,
            "dots_dropped": sorted(lists.DOTS_DROPPED),
            "tag_dropped": sorted(lists.TAG_DROPPED),
            "roles": sorted(lists.ROLES),
            "non_values": sorted(lists.NON_VALUES),
            "not_handles": {kind: sorted(words) for kind, words in lists.NOT_HANDLES.items()},
            "trunk_zero": sorted(lists.TRUNK_ZERO),
            "apostrophes": [f"{ord(each):04x}" for each in lists.APOSTROPHES],
            "hyphens": [f"{ord(each):04x}" for each in lists.HYPHENS],
            "digraphs": lists.DIGRAPHS,
            "ignorable": [f"{low:x}..{high:x}" for low, high in IGNORABLE],
        },
        "cases": [case(kind, raw) for kind, raws in RAW.items() for raw in raws],
        "national": [national("DE", "030 23125000"), national("us", "(212) 555-0100")],
    }


def text() -> str:
    """The file as it is written: ASCII, so that no tool normalises the cases."""
    return json.dumps(content(), ensure_ascii=True, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "ascii")
