"""People: who may use the console, their sessions, failed logins, and what waits for a second person."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text

from mlconnector.store.tables.base import COUNTED, MOMENT, metadata

# Whoever may log in to the console. A user is never deleted, because the audit trail names people. `subject`
# is who an OpenID Connect issuer says it is, after the issuer: names may change there, and be given on.
users = Table(
    "users",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("language", Text, nullable=False, server_default=""),
    Column("created_at", MOMENT, nullable=False),
    Column("disabled_at", MOMENT),
    Column("subject", Text),
    CheckConstraint("role in ('admin', 'bookkeeper', 'adviser', 'auditor')", name="role"),
)

Index("ix_users_subject", users.c.subject, unique=True)

# Logins at an OpenID Connect issuer that came back, by the hash of their state: none comes back twice.
finished_logins = Table(
    "finished_logins",
    metadata,
    Column("state_hash", Text, primary_key=True),
    Column("at", MOMENT, nullable=False),
)

# Sessions by the hash of their random id, which only the browser has.
sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", Text, primary_key=True),
    Column("user", Text, ForeignKey("users.name"), nullable=False),
    Column("begun_at", MOMENT, nullable=False),
    Column("seen_at", MOMENT, nullable=False),
    Column("expires_at", MOMENT, nullable=False),
    Column("notice", Text, nullable=False, server_default=""),
)
Index("ix_sessions_user", sessions.c.user)

# Browsers from which a user has logged in, by the hash of the random id that only the browser has.
known_browsers = Table(
    "known_browsers",
    metadata,
    Column("id_hash", Text, primary_key=True),
    Column("user", Text, ForeignKey("users.name"), nullable=False),
    Column("expires_at", MOMENT, nullable=False),
)
Index("ix_known_browsers_user", known_browsers.c.user)

# Attempts that failed, by hashes of what they are counted by: what was typed as a name may be a slip.
login_attempts = Table(
    "login_attempts",
    metadata,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    Column("who_hash", Text, nullable=False),
    Column("at", MOMENT, nullable=False),
)
Index("ix_login_attempts_who_hash_at", login_attempts.c.who_hash, login_attempts.c.at)

# What one person has asked for and another one has to approve. `seal` is what would be let go, so that nobody
# approves something else; `detail` is JSON.
approvals = Table(
    "approvals",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("connection", Text, ForeignKey("connections.name"), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", MOMENT, nullable=False),
    Column("seal", Text, nullable=False),
    Column("detail", Text, nullable=False),
    CheckConstraint("kind in ('release', 'resend')", name="kind"),
)

# The token with which the first admin is made, by its hash; there is one at most.
setup_tokens = Table(
    "setup_tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("expires_at", MOMENT, nullable=False),
)
