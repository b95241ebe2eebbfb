"""What a node keeps. Every column says what it holds and why.

Columns named `…_sealed` are encrypted by the vault, and a `tag`, or `…_tag`, is the vault's keyed
hash: without the master key neither tells anything. Nothing else here is about a person. Times are
Unix seconds, days are UTC calendar days.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _log(*, key: bool = True) -> Column[bytes]:
    return Column(
        "log",
        LargeBinary,
        ForeignKey("logs.fingerprint", ondelete="CASCADE"),
        primary_key=key,
        nullable=False,
        doc="Fingerprint of the log's community, 32 bytes.",
    )


def _oprf_key(*, key: bool = True) -> Column[bytes]:
    return Column(
        "oprf_key",
        LargeBinary,
        primary_key=key,
        nullable=False,
        doc="Id of an OPRF key of that community, 8 bytes.",
    )


def _created_at() -> Column[int]:
    return Column("created_at", BigInteger, nullable=False, doc="When the row was made.")


def _delete_after() -> Column[object]:
    return Column(
        "delete_after", Date, nullable=False, index=True, doc="Last day that the row is kept."
    )


def _finding(*, key: bool) -> Column[str]:
    return Column(
        "finding",
        Text,
        ForeignKey("findings.id", ondelete="CASCADE"),
        primary_key=key,
        nullable=False,
        doc="The finding.",
    )


def _account() -> Column[str]:
    return Column(
        "account",
        Text,
        ForeignKey("accounts.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        doc="Whose it is.",
    )


# --- Logs: our own and those that are followed ----------------------------------------------------

logs = Table(
    "logs",
    metadata,
    Column("fingerprint", LargeBinary, primary_key=True, doc="Leaf hash of entry 0, 32 bytes."),
    Column("origin", Text, nullable=False, doc="The origin of its checkpoints, `<id>/comity`."),
    Column("own", Boolean, nullable=False, doc="Whether it is the log of this community."),
    Column("size", BigInteger, nullable=False, doc="Entries that are held and were verified."),
    Column("root", LargeBinary, nullable=False, doc="Root hash at that size, 32 bytes."),
    Column("note", LargeBinary, nullable=False, doc="The signed checkpoint of that size."),
    # A second log of our own would be a fork.
    Index(
        "ix_logs_one_own",
        "own",
        unique=True,
        sqlite_where=text("own"),
        postgresql_where=text("own"),
    ),
)

log_entries = Table(
    "log_entries",
    metadata,
    _log(),
    Column("idx", BigInteger, primary_key=True, autoincrement=False, doc="Place in the log."),
    Column("entry", LargeBinary, nullable=False, doc="The entry's exact bytes; names nobody."),
)

log_tiles = Table(
    "log_tiles",
    metadata,
    _log(),
    Column("level", SmallInteger, primary_key=True, autoincrement=False, doc="Level, 0 at leaves."),
    Column("idx", BigInteger, primary_key=True, autoincrement=False, doc="Place in the level."),
    Column("hashes", LargeBinary, nullable=False, doc="1 to 256 hashes of 32 bytes each."),
)

cosigned_heads = Table(
    "cosigned_heads",
    metadata,
    # Not bound to the log: what was cosigned stays cosigned when the log is held no longer.
    Column("log", LargeBinary, primary_key=True, doc="Fingerprint of the log, 32 bytes."),
    Column("size", BigInteger, nullable=False, doc="Largest size cosigned here as a witness."),
    Column("root", LargeBinary, nullable=False, doc="The root cosigned with it, 32 bytes."),
    Column("note", LargeBinary, nullable=False, doc="The checkpoint, with our cosignature."),
)

# --- Sealed records, our own and our peers' -------------------------------------------------------

records = Table(
    "records",
    metadata,
    _log(),
    Column("attestation", Text, primary_key=True, doc="Id of the attestation, a UUID."),
    Column("record", LargeBinary, nullable=False, doc="The sealed record's exact bytes."),
    Column("record_hash", LargeBinary, nullable=False, doc="Its SHA-256, as approved in the log."),
)

# --- Our own keys, officers and decisions ---------------------------------------------------------

own_keys = Table(
    "own_keys",
    metadata,
    Column(
        "name", Text, primary_key=True, doc="`log`, `cosign`, `http`, `issue`, `oprf:<hex id>`."
    ),
    Column("public", LargeBinary, nullable=False, doc="Public key, 32 bytes."),
    Column("secret_sealed", LargeBinary, nullable=False, doc="Seed, or scalar."),
    _created_at(),
    Column("unused_since", BigInteger, doc="When no live record used an OPRF key any more."),
)

officers = Table(
    "officers",
    metadata,
    Column("key", LargeBinary, primary_key=True, doc="The officer's public key, 32 bytes."),
    Column("name_sealed", LargeBinary, nullable=False, doc="What the officer is called here."),
    Column("custody", Text, nullable=False, doc="`own`, `browser` or `node`, as in the log."),
    Column(
        "secret_sealed", LargeBinary, doc="With custody `node`: seed, under password and vault."
    ),
    Column("decision", LargeBinary, doc="What would list them at last; null once it has."),
)

decisions = Table(
    "decisions",
    metadata,
    Column("hash", LargeBinary, primary_key=True, doc="SHA-256 of the canonical decision."),
    Column("type", Text, nullable=False, doc="Type of the statement."),
    Column("decision_sealed", LargeBinary, nullable=False, doc="It: unpublished until logged."),
    Column("state", Text, nullable=False, doc="`pending`, `logged`, `declined`, `void`, `lapsed`."),
    Column("proposed_on", Date, nullable=False, doc="Its `on`."),
    Column("idx", BigInteger, doc="Its place in our log, once logged."),
    Column("fault", Text, doc="Why it could not be logged: a rule; names nobody."),
    Index(None, "state"),
)

approvals = Table(
    "approvals",
    metadata,
    Column(
        "decision",
        LargeBinary,
        ForeignKey("decisions.hash", ondelete="CASCADE"),
        primary_key=True,
        doc="Hash of the decision.",
    ),
    Column("officer", LargeBinary, primary_key=True, doc="The officer's public key."),
    Column("kind", Text, nullable=False, doc="`approve`, `recuse` or `decline`."),
    Column("signature", LargeBinary, doc="64 bytes; none where declined."),
    Column("reason_sealed", LargeBinary, doc="What the officer said to it; stays here."),
    Column("at", BigInteger, nullable=False, doc="When it was given."),
)

attestations = Table(
    "attestations",
    metadata,
    Column("id", Text, primary_key=True, doc="Id of an attestation of ours, a UUID."),
    Column(
        "decision",
        LargeBinary,
        ForeignKey("decisions.hash"),
        nullable=False,
        index=True,
        doc="The decision that attests it.",
    ),
    Column(
        "content_sealed", LargeBinary, doc="JWT, disclosures, identifiers; null once forgotten."
    ),
)

slots = Table(
    "slots",
    metadata,
    _oprf_key(),
    Column("tag", LargeBinary, primary_key=True, doc="Tag of an identifier, 32 bytes."),
    Column("attestation", Text, primary_key=True, doc="Id of the attestation in whose record."),
    Column("slot", SmallInteger, nullable=False, doc="0 to 3."),
    Column("used_at", BigInteger, nullable=False, doc="When it was given to that record."),
)

# --- Peers ----------------------------------------------------------------------------------------

peers = Table(
    "peers",
    metadata,
    Column("fingerprint", LargeBinary, primary_key=True, doc="Who the peer is, 32 bytes."),
    # Not unique: a second fingerprint for a known id waits for a human.
    Column("id", Text, nullable=False, index=True, doc="The DNS name that it claims."),
    Column("name", Text, nullable=False, doc="The community's name for itself."),
    Column("url", Text, doc="Where it is reached; null where it only asks."),
    Column(
        "state", Text, nullable=False, doc="`asked` by us, `wanted` by them, `active`, `removed`."
    ),
    Column("compared", Boolean, nullable=False, doc="Whether the string was compared by humans."),
    Column("proven_at", BigInteger, doc="When its domain last carried the fingerprint."),
    Column("admitted_at", BigInteger, doc="When it became active."),
    Column("last_sync_at", BigInteger, doc="When its log was last followed without fault."),
    Column("last_error", Text, doc="Code of what went wrong since; null where nothing did."),
    Column("wanted_at", BigInteger, doc="When it last asked to be a peer; null where it did not."),
    Column("fetched_on", Date, doc="Last day on which it fetched sealed records of ours."),
)

nonces = Table(
    "nonces",
    metadata,
    Column("keyid", Text, primary_key=True, doc="The `keyid` of a signed request."),
    Column("nonce", Text, primary_key=True, doc="Its nonce, accepted once."),
    Column("expires", BigInteger, nullable=False, index=True, doc="When it may be forgotten."),
)

budgets = Table(
    "budgets",
    metadata,
    Column("peer", LargeBinary, primary_key=True, doc="Fingerprint of the peer that asks."),
    Column("level", BigInteger, nullable=False, doc="What is left, in 1/86,400 of an evaluation."),
    Column("event_level", BigInteger, doc="What events may use, in 1/2,592,000; null: all."),
    Column("updated_at", BigInteger, nullable=False, doc="When that was so."),
    Column("refused_at", BigInteger, doc="When a request of the peer's was last refused."),
    Column(
        "refused_by",
        Text,
        doc="What refused it: `bucket` (its own), `total` (everybody's) or `repeats`.",
    ),
)

charges = Table(
    "charges",
    metadata,
    Column("peer", LargeBinary, primary_key=True, doc="Fingerprint of the peer that asked."),
    Column("digest", LargeBinary, primary_key=True, doc="SHA-256 of the request's body."),
    Column("amount", Integer, nullable=False, doc="Evaluations charged."),
    Column("declared", Integer, nullable=False, doc="How many of them declared events paid for."),
    Column("repeats", Integer, nullable=False, doc="How often it was answered again, unpaid."),
    Column("at", BigInteger, nullable=False, index=True, doc="When; kept for a day."),
)

events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True, doc="A UUID."),
    Column("peer", LargeBinary, nullable=False, doc="The peer that declared it, or that was told."),
    Column("ours", Boolean, nullable=False, doc="Whether it is our event, told to the peer."),
    Column("kind", Text, nullable=False, doc="The purpose: what sort of event."),
    Column("from_day", Date, nullable=False, doc="First day."),
    Column("until_day", Date, nullable=False, doc="Last day."),
    Column("allowance", Integer, nullable=False, doc="Evaluations that the issuer allows for it."),
    Column("spent", Integer, nullable=False, doc="How many of them were used; 0 where ours."),
    Column("declared_at", BigInteger, nullable=False, doc="When it was declared."),
    Column("ended_at", BigInteger, doc="When either side ended it."),
    Index(None, "peer"),
)

# --- Asking ---------------------------------------------------------------------------------------

tokens = Table(
    "tokens",
    metadata,
    _log(),
    _oprf_key(),
    Column("tag", LargeBinary, primary_key=True, doc="Tag of an identifier, 32 bytes."),
    Column("pseudonym_sealed", LargeBinary, nullable=False, doc="F: opens records, as plaintext."),
    _delete_after(),
)

pending_evaluations = Table(
    "pending_evaluations",
    metadata,
    Column("id", Text, primary_key=True, doc="Id of a run, a UUID."),
    Column("seq", Integer, primary_key=True, autoincrement=False, doc="Which request of the run."),
    _log(key=False),
    _oprf_key(key=False),
    Column("request_sealed", LargeBinary, nullable=False, doc="Body and blinds, sent anew as is."),
    Column("answer_sealed", LargeBinary, doc="The proven answer to it; null until it is there."),
    _created_at(),
)

findings = Table(
    "findings",
    metadata,
    Column("id", Text, primary_key=True, doc="A UUID: keyed hash of whom and what it is about."),
    _log(key=False),
    Column(
        "person_tag",
        LargeBinary,
        nullable=False,
        index=True,
        doc="Tag of whom it is about, and for which event: theirs are judged together.",
    ),
    Column("ref_tag", LargeBinary, index=True, doc="Tag of what the caller calls the person."),
    Column(
        "finding_sealed",
        LargeBinary,
        nullable=False,
        doc="Attestation, kinds that matched, event, ref, and, until it ends, what it said.",
    ),
    Column("ended", Boolean, nullable=False, doc="Whether the sanction has ended since."),
    _delete_after(),
    Index(None, "log"),
)

finding_subjects = Table(
    "finding_subjects",
    metadata,
    _finding(key=True),
    Column("tag", LargeBinary, primary_key=True, index=True, doc="Tag of an identifier."),
)

finding_changes = Table(
    "finding_changes",
    metadata,
    Column(
        "seq",
        # SQLite gives a number once only where the type is called so.
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        doc="Grows with each change of a finding, and is never given twice.",
    ),
    _finding(key=False),
    Index(None, "finding", unique=True),
    sqlite_autoincrement=True,
)

# --- Inquiries ------------------------------------------------------------------------------------

inquiries_asked = Table(
    "inquiries_asked",
    metadata,
    Column("hash", LargeBinary, primary_key=True, doc="Hash of the question, 32 bytes."),
    Column(
        "finding",
        Text,
        ForeignKey("findings.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        doc="The finding that it is about.",
    ),
    Column(
        "state",
        Text,
        nullable=False,
        doc="`unsent`, `waiting`, `answered`, `dishonest`, `refused`, `given_up` or `ended`.",
    ),
    Column("fault", Text, doc="Code of what went wrong last; null where nothing did."),
    Column("inquiry_sealed", LargeBinary, nullable=False, doc="The question, as it is sent."),
    Column("answer_sealed", LargeBinary, doc="The verified answer; null once the sanction ends."),
    Column("asked_at", BigInteger, nullable=False, doc="When it was asked."),
    Column("changed_at", BigInteger, nullable=False, doc="When its state changed last."),
)

inquiries_received = Table(
    "inquiries_received",
    metadata,
    # Not bound to the log: what a peer was told stays on record when it is a peer no more.
    Column("peer", LargeBinary, primary_key=True, doc="Fingerprint of the peer that asked."),
    Column("hash", LargeBinary, primary_key=True, doc="Hash of the question, 32 bytes."),
    Column(
        "attestation_tag",
        LargeBinary,
        nullable=False,
        index=True,
        doc="Tag of the attestation that it is about.",
    ),
    Column("inquiry_sealed", LargeBinary, nullable=False, doc="The question, as it came."),
    Column("answer_sealed", LargeBinary, doc="Our signed answer; null until there is one."),
    Column("received_at", BigInteger, nullable=False, doc="When it came."),
    Column("answered_at", BigInteger, doc="When it was answered."),
    Column("handed_over_at", BigInteger, doc="When the peer first fetched the answer."),
    _delete_after(),
)

# --- What peers' words mean here ------------------------------------------------------------------

policy_rules = Table(
    "policy_rules",
    metadata,
    Column("peer", LargeBinary, primary_key=True, doc="Fingerprint; empty: every peer."),
    Column("measure", Text, primary_key=True, doc="A measure; empty: every one."),
    Column("scope", Text, primary_key=True, doc="A kind of scope; empty: every one."),
    Column("space", Text, primary_key=True, doc="Slug of a space of the peer's; empty: every one."),
    Column("attention", Text, nullable=False, doc="`urgent`, `review`, `note` or `ignore`."),
)

policy_weights = Table(
    "policy_weights",
    metadata,
    Column("peer", LargeBinary, primary_key=True, doc="Fingerprint; empty: every peer."),
    Column(
        "circumstance",
        Text,
        primary_key=True,
        doc="`weak`, `stayed`, `review_due`, `unwitnessed` or `recognised`.",
    ),
    Column("attention", Text, nullable=False, doc="The most that it leaves of a finding."),
)

judgments = Table(
    "judgments",
    metadata,
    _log(),
    Column("attestation", Text, primary_key=True, doc="Id of the attestation that was judged."),
    Column(
        "person_tag",
        LargeBinary,
        primary_key=True,
        doc="Tag of all identifiers of the person who was judged.",
    ),
    Column(
        "judgment_sealed",
        LargeBinary,
        nullable=False,
        doc="Same, different or unknown; by whom, when; tags of the identifiers.",
    ),
)

policy_requirements = Table(
    "policy_requirements",
    metadata,
    Column("peer", LargeBinary, primary_key=True, doc="Fingerprint; empty: every peer."),
    Column("approvals", Integer, nullable=False, doc="So many officers have to have approved."),
    Column("custody", Text, nullable=False, doc="The weakest custody that counts."),
)

# --- What was done here ---------------------------------------------------------------------------

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False, doc="Its place, from 0."),
    Column("at", BigInteger, nullable=False, doc="When it was done."),
    Column("act", Text, nullable=False, doc="What was done: a word of a closed list."),
    Column("detail_sealed", LargeBinary, nullable=False, doc="Who, for which event, …"),
    Column("subjects", LargeBinary, doc="Keyed hash over all tags of it; null: it has none."),
    Column("chain", LargeBinary, nullable=False, doc="Keyed hash over this row and all before it."),
)

audit_subjects = Table(
    "audit_subjects",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False, doc="The act."),
    Column("tag", LargeBinary, primary_key=True, index=True, doc="Tag of an identifier."),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False, doc="1: there is one row."),
    Column("seq", BigInteger, nullable=False, doc="The newest act."),
    Column("chain", LargeBinary, nullable=False, doc="Its chain."),
    Column("tags_from", BigInteger, nullable=False, doc="The first act whose tags are kept still."),
    Column("seal", LargeBinary, nullable=False, doc="Keyed hash over the three."),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("tag", LargeBinary, primary_key=True, doc="Tag of the token, which is itself not kept."),
    Column("name_sealed", LargeBinary, nullable=False, doc="What the token is called here."),
    Column("role", Text, nullable=False, doc="`checker`, `officer` or `operator`."),
    Column("officer", LargeBinary, doc="Public key of the officer it is bound to; else null."),
    Column("created_on", Date, nullable=False, doc="When it was made."),
    Column("used_on", Date, doc="The last day on which it was used; null: never."),
    Column("expires_on", Date, doc="Its last day; null: until it is revoked."),
)

# --- Pages ----------------------------------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True, doc="A UUID."),
    Column("name_tag", LargeBinary, nullable=False, doc="Tag of the name, to sign in by it."),
    Column("name_sealed", LargeBinary, nullable=False, doc="What the person is called here."),
    Column("role", Text, nullable=False, doc="`checker`, `officer` or `operator`."),
    Column("officer", LargeBinary, doc="Public key of the officer whose account it is; else null."),
    Column("password_sealed", LargeBinary, doc="Argon2id hash of a password, if there is one."),
    Column("created_on", Date, nullable=False, doc="When it was made."),
    Index(None, "name_tag", unique=True),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", LargeBinary, primary_key=True, doc="The credential's id, chosen by the device."),
    _account(),
    Column("public_key", LargeBinary, nullable=False, doc="Its public key (COSE)."),
    Column("sign_count", BigInteger, nullable=False, doc="How often it has signed, as it says."),
    Column("name_sealed", LargeBinary, nullable=False, doc="What the person calls it."),
    Column("created_on", Date, nullable=False, doc="When it was registered."),
    Column("used_on", Date, doc="The last day on which it was used; null: never."),
)

sessions = Table(
    "sessions",
    metadata,
    Column("tag", LargeBinary, primary_key=True, doc="Tag of the cookie, which is not kept."),
    _account(),
    Column("begun_at", BigInteger, nullable=False, doc="When the person signed in."),
    Column("seen_at", BigInteger, nullable=False, index=True, doc="When it was used last."),
    Column(
        "shown_at", BigInteger, nullable=False, doc="When a passkey or password was shown last."
    ),
    Column(
        "browser_sealed", LargeBinary, nullable=False, doc="By which browser, in its own words."
    ),
)

invitations = Table(
    "invitations",
    metadata,
    Column("tag", LargeBinary, primary_key=True, doc="Tag of the link's code, which is not kept."),
    Column("name_sealed", LargeBinary, nullable=False, doc="Who is invited."),
    Column("role", Text, nullable=False, doc="`checker`, `officer` or `operator`."),
    Column("officer", LargeBinary, doc="Public key of the officer who is invited; else null."),
    Column("expires_at", BigInteger, nullable=False, index=True, doc="When the link ends."),
)

challenges = Table(
    "challenges",
    metadata,
    Column("tag", LargeBinary, primary_key=True, doc="Of what a passkey signed, or a link opened."),
    Column("expires_at", BigInteger, nullable=False, index=True, doc="When it holds no more."),
)

# --- Lists ----------------------------------------------------------------------------------------

screenings = Table(
    "screenings",
    metadata,
    Column("id", Text, primary_key=True, doc="A UUID."),
    Column("state", Text, nullable=False, doc="`waiting`, `done` or `failed`."),
    Column("job_sealed", LargeBinary, doc="The list and how it is read; null once done."),
    Column("summary_sealed", LargeBinary, nullable=False, doc="The event; once done, the counts."),
    Column("fault", Text, doc="Why it failed: words of ours; name nobody."),
    _created_at(),
    _delete_after(),
)

screening_rows = Table(
    "screening_rows",
    metadata,
    Column(
        "screening",
        Text,
        ForeignKey("screenings.id", ondelete="CASCADE"),
        primary_key=True,
        doc="Of which screening.",
    ),
    Column("row", Integer, primary_key=True, autoincrement=False, doc="Row of the list, from 1."),
    Column("attention", Boolean, nullable=False, doc="Whether a human has to look at it."),
    Column("found", Boolean, nullable=False, doc="Whether anything was found about it."),
    Column("result_sealed", LargeBinary, nullable=False, doc="What was found about that row."),
    Index(None, "screening", "attention", "found"),
)

reports = Table(
    "reports",
    metadata,
    Column("first", Date, primary_key=True, doc="First day of the half-year."),
    Column("document", LargeBinary, nullable=False, doc="The report as first shown; names nobody."),
)

# --- Letters --------------------------------------------------------------------------------------

outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True, doc="A UUID; names the letter at every attempt."),
    Column("kind", Text, nullable=False, doc="`notice`, `code` or `answer`."),
    Column("attestation", Text, doc="Id of the attestation that a notice is of."),
    Column("mail_sealed", LargeBinary, doc="To whom, and what; null once it left or failed."),
    Column("state", Text, nullable=False, doc="`waiting`, `accepted` or `failed`."),
    Column("attempts", Integer, nullable=False, doc="How often it was tried."),
    Column("next_at", BigInteger, nullable=False, index=True, doc="When it is tried again."),
    Column("give_up_at", BigInteger, nullable=False, doc="When trying ends."),
    _created_at(),
    Column("ended_at", BigInteger, index=True, doc="When it was accepted, or given up."),
    Column("fault", Text, doc="Why it was not accepted: a rule, or a server's codes."),
)

# --- The desk -------------------------------------------------------------------------------------

desk_requests = Table(
    "desk_requests",
    metadata,
    Column("id", Text, primary_key=True, doc="A UUID."),
    Column("tag", LargeBinary, nullable=False, index=True, doc="Tag of an address."),
    Column("code_tag", LargeBinary, nullable=False, doc="Tag of the code that was sent to it."),
    Column("address_sealed", LargeBinary, nullable=False, doc="The address."),
    _created_at(),
    Column("expires_at", BigInteger, nullable=False, index=True, doc="When the code is too old."),
    Column("confirmed_at", BigInteger, doc="When the code was used; that is once."),
    Column("review", Boolean, nullable=False, doc="Whether a review was asked for with it."),
    Column("answered_at", BigInteger, doc="When the answer was written."),
    Index(None, "code_tag", unique=True),
)

objections = Table(
    "objections",
    metadata,
    Column("id", Text, primary_key=True, doc="A UUID."),
    Column("at", BigInteger, nullable=False, index=True, doc="When a review was asked for."),
    Column("sanctions_sealed", LargeBinary, nullable=False, doc="Of which sanctions, if any."),
)
