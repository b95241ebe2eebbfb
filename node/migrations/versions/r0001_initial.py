"""The first shape of the database."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _logs()
    _witnessing()
    _records()
    _keys_and_officers()
    _decisions()
    _peers()
    _budgets()
    _asking()
    _findings()
    _inquiries()
    _policy()
    _audit()
    _reports()
    _api()
    _pages()
    _lists()
    _letters()
    _desk()


def _logs() -> None:
    op.create_table(
        "logs",
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_logs"),
    )
    op.create_index(
        "ix_logs_one_own",
        "logs",
        ["own"],
        unique=True,
        sqlite_where=sa.text("own"),
        postgresql_where=sa.text("own"),
    )
    op.create_table(
        "log_entries",
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["log"], ["logs.fingerprint"], name="fk_log_entries_log", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("log", "idx", name="pk_log_entries"),
    )
    op.create_table(
        "log_tiles",
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["log"], ["logs.fingerprint"], name="fk_log_tiles_log", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("log", "level", "idx", name="pk_log_tiles"),
    )


def _witnessing() -> None:
    op.create_table(
        "cosigned_heads",
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", name="pk_cosigned_heads"),
    )


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.Column("attestation", sa.Text(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("record_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["log"], ["logs.fingerprint"], name="fk_records_log", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("log", "attestation", name="pk_records"),
    )


def _keys_and_officers() -> None:
    op.create_table(
        "own_keys",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("unused_since", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name", name="pk_own_keys"),
    )
    op.create_table(
        "officers",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("custody", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary()),
        sa.Column("decision", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("key", name="pk_officers"),
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("decision_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("idx", sa.BigInteger()),
        sa.Column("fault", sa.Text()),
        sa.PrimaryKeyConstraint("hash", name="pk_decisions"),
    )
    op.create_index("ix_decisions_state", "decisions", ["state"])
    op.create_table(
        "approvals",
        sa.Column("decision", sa.LargeBinary(), nullable=False),
        sa.Column("officer", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary()),
        sa.Column("reason_sealed", sa.LargeBinary()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision"], ["decisions.hash"], name="fk_approvals_decision", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("decision", "officer", name="pk_approvals"),
    )
    op.create_table(
        "attestations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("decision", sa.LargeBinary(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["decision"], ["decisions.hash"], name="fk_attestations_decision"),
        sa.PrimaryKeyConstraint("id", name="pk_attestations"),
    )
    op.create_index("ix_attestations_decision", "attestations", ["decision"])
    op.create_table(
        "slots",
        sa.Column("oprf_key", sa.LargeBinary(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("attestation", sa.Text(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("oprf_key", "tag", "attestation", name="pk_slots"),
    )


def _peers() -> None:
    op.create_table(
        "peers",
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("compared", sa.Boolean(), nullable=False),
        sa.Column("proven_at", sa.BigInteger()),
        sa.Column("admitted_at", sa.BigInteger()),
        sa.Column("last_sync_at", sa.BigInteger()),
        sa.Column("last_error", sa.Text()),
        sa.Column("wanted_at", sa.BigInteger()),
        sa.Column("fetched_on", sa.Date()),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_peers"),
    )
    op.create_index("ix_peers_id", "peers", ["id"])
    op.create_table(
        "nonces",
        sa.Column("keyid", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("keyid", "nonce", name="pk_nonces"),
    )
    op.create_index("ix_nonces_expires", "nonces", ["expires"])


def _budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column("peer", sa.LargeBinary(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("event_level", sa.BigInteger()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("refused_at", sa.BigInteger()),
        sa.Column("refused_by", sa.Text()),
        sa.PrimaryKeyConstraint("peer", name="pk_budgets"),
    )
    op.create_table(
        "charges",
        sa.Column("peer", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("declared", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "digest", name="pk_charges"),
    )
    op.create_index("ix_charges_at", "charges", ["at"])
    op.create_table(
        "events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("peer", sa.LargeBinary(), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("allowance", sa.Integer(), nullable=False),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.Column("declared_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_peer", "events", ["peer"])


def _asking() -> None:
    op.create_table(
        "tokens",
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.Column("oprf_key", sa.LargeBinary(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("pseudonym_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("delete_after", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["log"], ["logs.fingerprint"], name="fk_tokens_log", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("log", "oprf_key", "tag", name="pk_tokens"),
    )
    op.create_index("ix_tokens_delete_after", "tokens", ["delete_after"])
    op.create_table(
        "pending_evaluations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.Column("oprf_key", sa.LargeBinary(), nullable=False),
        sa.Column("request_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["log"], ["logs.fingerprint"], name="fk_pending_evaluations_log", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", "seq", name="pk_pending_evaluations"),
    )


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.Column("person_tag", sa.LargeBinary(), nullable=False),
        sa.Column("ref_tag", sa.LargeBinary()),
        sa.Column("finding_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("delete_after", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["log"], ["logs.fingerprint"], name="fk_findings_log", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
    )
    for column in ("log", "person_tag", "ref_tag", "delete_after"):
        op.create_index(f"ix_findings_{column}", "findings", [column])
    op.create_table(
        "finding_subjects",
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["finding"], ["findings.id"], name="fk_finding_subjects_finding", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("finding", "tag", name="pk_finding_subjects"),
    )
    op.create_index("ix_finding_subjects_tag", "finding_subjects", ["tag"])
    op.create_table(
        "finding_changes",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["finding"], ["findings.id"], name="fk_finding_changes_finding", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_finding_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_finding_changes_finding", "finding_changes", ["finding"], unique=True)


def _inquiries() -> None:
    op.create_table(
        "inquiries_asked",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text()),
        sa.Column("inquiry_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary()),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["finding"], ["findings.id"], name="fk_inquiries_asked_finding", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hash", name="pk_inquiries_asked"),
    )
    op.create_index("ix_inquiries_asked_finding", "inquiries_asked", ["finding"])
    op.create_table(
        "inquiries_received",
        sa.Column("peer", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("attestation_tag", sa.LargeBinary(), nullable=False),
        sa.Column("inquiry_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("handed_over_at", sa.BigInteger()),
        sa.Column("delete_after", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "hash", name="pk_inquiries_received"),
    )
    for column in ("attestation_tag", "delete_after"):
        op.create_index(f"ix_inquiries_received_{column}", "inquiries_received", [column])


def _policy() -> None:
    op.create_table(
        "policy_rules",
        sa.Column("peer", sa.LargeBinary(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("attention", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "measure", "scope", "space", name="pk_policy_rules"),
    )
    op.create_table(
        "policy_weights",
        sa.Column("peer", sa.LargeBinary(), nullable=False),
        sa.Column("circumstance", sa.Text(), nullable=False),
        sa.Column("attention", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "circumstance", name="pk_policy_weights"),
    )
    op.create_table(
        "judgments",
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.Column("attestation", sa.Text(), nullable=False),
        sa.Column("person_tag", sa.LargeBinary(), nullable=False),
        sa.Column("judgment_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["log"], ["logs.fingerprint"], name="fk_judgments_log", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("log", "attestation", "person_tag", name="pk_judgments"),
    )
    op.create_table(
        "policy_requirements",
        sa.Column("peer", sa.LargeBinary(), nullable=False),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("custody", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("peer", name="pk_policy_requirements"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("detail_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("subjects", sa.LargeBinary(), nullable=True),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_table(
        "audit_subjects",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", "tag", name="pk_audit_subjects"),
    )
    op.create_index("ix_audit_subjects_tag", "audit_subjects", ["tag"])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("tags_from", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_GUARDS if is_sqlite else _POSTGRESQL_GUARDS:
        op.execute(statement)


_REFUSAL = "'the audit record is append-only'"
_IS_KEPT = "OLD.seq >= COALESCE((SELECT tags_from FROM audit_head), 0)"
_GOES_BACK = "NEW.seq < OLD.seq OR NEW.tags_from < OLD.tags_from"

_SQLITE_GUARDS = [
    f"CREATE TRIGGER {name} BEFORE {when} BEGIN SELECT RAISE(ABORT, {_REFUSAL}); END"
    for name, when in {
        "audit_no_update": "UPDATE ON audit",
        "audit_no_delete": "DELETE ON audit",
        "audit_subjects_no_update": "UPDATE ON audit_subjects",
        "audit_subjects_no_delete": f"DELETE ON audit_subjects WHEN {_IS_KEPT}",
        "audit_head_no_update": f"UPDATE ON audit_head WHEN {_GOES_BACK}",
        "audit_head_no_delete": "DELETE ON audit_head",
    }.items()
]
"""Acts are added and never changed, tags go only once the head says so, the head only forward."""

_FUNCTION = "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$"
_REFUSE = f"RAISE EXCEPTION {_REFUSAL};"
_POSTGRESQL_GUARDS = [
    _FUNCTION.format("audit_refuse", _REFUSE),
    # The condition of a trigger itself may not look into another table.
    _FUNCTION.format("audit_refuse_kept", f"IF {_IS_KEPT} THEN {_REFUSE} END IF; RETURN OLD;"),
    *(
        f"CREATE TRIGGER {name} BEFORE {when} EXECUTE FUNCTION {function}()"
        for name, when, function in (
            ("audit_stays", "UPDATE OR DELETE OR TRUNCATE ON audit", "audit_refuse"),
            ("audit_subjects_stay", "UPDATE OR TRUNCATE ON audit_subjects", "audit_refuse"),
            (
                "audit_subjects_no_delete",
                "DELETE ON audit_subjects FOR EACH ROW",
                "audit_refuse_kept",
            ),
            ("audit_head_stays", "DELETE OR TRUNCATE ON audit_head", "audit_refuse"),
            (
                "audit_head_no_update",
                f"UPDATE ON audit_head FOR EACH ROW WHEN ({_GOES_BACK})",
                "audit_refuse",
            ),
        )
    ),
]
"""The same in PostgreSQL's words; for each statement, where no row is said."""


def _reports() -> None:
    op.create_table(
        "reports",
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("first", name="pk_reports"),
    )


def _api() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("officer", sa.LargeBinary()),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("used_on", sa.Date()),
        sa.Column("expires_on", sa.Date()),
        sa.PrimaryKeyConstraint("tag", name="pk_api_tokens"),
    )


def _pages() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name_tag", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("officer", sa.LargeBinary()),
        sa.Column("password_sealed", sa.LargeBinary()),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_index("ix_accounts_name_tag", "accounts", ["name_tag"], unique=True)
    op.create_table(
        "passkeys",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        _account("passkeys"),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("used_on", sa.Date()),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
    )
    op.create_index("ix_passkeys_account", "passkeys", ["account"])
    op.create_table(
        "sessions",
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        _account("sessions"),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("shown_at", sa.BigInteger(), nullable=False),
        sa.Column("browser_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name="pk_sessions"),
    )
    op.create_index("ix_sessions_account", "sessions", ["account"])
    op.create_index("ix_sessions_seen_at", "sessions", ["seen_at"])
    op.create_table(
        "invitations",
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("officer", sa.LargeBinary()),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name="pk_invitations"),
    )
    op.create_index("ix_invitations_expires_at", "invitations", ["expires_at"])
    op.create_table(
        "challenges",
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name="pk_challenges"),
    )
    op.create_index("ix_challenges_expires_at", "challenges", ["expires_at"])


def _account(table: str) -> sa.Column[str]:
    return sa.Column(
        "account",
        sa.Text(),
        sa.ForeignKey("accounts.id", name=f"fk_{table}_account", ondelete="CASCADE"),
        nullable=False,
    )


def _lists() -> None:
    op.create_table(
        "screenings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("job_sealed", sa.LargeBinary()),
        sa.Column("summary_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("fault", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("delete_after", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_screenings"),
    )
    op.create_index("ix_screenings_delete_after", "screenings", ["delete_after"])
    op.create_table(
        "screening_rows",
        sa.Column("screening", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attention", sa.Boolean(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("result_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["screening"],
            ["screenings.id"],
            name="fk_screening_rows_screening",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("screening", "row", name="pk_screening_rows"),
    )
    op.create_index(
        "ix_screening_rows_screening_attention_found",
        "screening_rows",
        ["screening", "attention", "found"],
    )


def _letters() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("attestation", sa.Text()),
        sa.Column("mail_sealed", sa.LargeBinary()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("give_up_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("fault", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_next_at", "outbox", ["next_at"])
    op.create_index("ix_outbox_ended_at", "outbox", ["ended_at"])


def _desk() -> None:
    op.create_table(
        "desk_requests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("code_tag", sa.LargeBinary(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger()),
        sa.Column("review", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_desk_requests"),
    )
    op.create_index("ix_desk_requests_tag", "desk_requests", ["tag"])
    op.create_index("ix_desk_requests_code_tag", "desk_requests", ["code_tag"], unique=True)
    op.create_index("ix_desk_requests_expires_at", "desk_requests", ["expires_at"])
    op.create_table(
        "objections",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sanctions_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_objections"),
    )
    op.create_index("ix_objections_at", "objections", ["at"])
