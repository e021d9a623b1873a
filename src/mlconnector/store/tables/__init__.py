"""Every table of the product. What is state of the business lives here; progress of work lives in DBOS."""

from mlconnector.store.tables.agreements import chart_accounts, confirmations, drafts, open_days, seed_uses
from mlconnector.store.tables.base import metadata
from mlconnector.store.tables.connections import (
    connections,
    credentials,
    cursors,
    memories,
    pending_logins,
    webhook_inbox,
)
from mlconnector.store.tables.derived import entry_facts, entry_lines, entry_rows, voucher_facts
from mlconnector.store.tables.master_data import person_records
from mlconnector.store.tables.notices import notice_places, notices
from mlconnector.store.tables.operations import (
    audit,
    audit_head,
    call_budgets,
    executors,
    http_log,
    leases,
    outages,
    runs,
)
from mlconnector.store.tables.people import (
    approvals,
    finished_logins,
    known_browsers,
    login_attempts,
    sessions,
    setup_tokens,
    users,
)
from mlconnector.store.tables.records import (
    clearings,
    distinct_vouchers,
    document_marks,
    entries,
    held_vouchers,
    problems,
    revisions,
    vouchers,
)
from mlconnector.store.tables.transfers import accounts, batches, documents, merged_parties, transfers
from mlconnector.store.tables.warehouse import loads

__all__ = [
    "accounts",
    "approvals",
    "audit",
    "audit_head",
    "batches",
    "call_budgets",
    "chart_accounts",
    "clearings",
    "confirmations",
    "connections",
    "credentials",
    "cursors",
    "distinct_vouchers",
    "document_marks",
    "documents",
    "drafts",
    "entries",
    "entry_facts",
    "entry_lines",
    "entry_rows",
    "executors",
    "finished_logins",
    "held_vouchers",
    "http_log",
    "known_browsers",
    "leases",
    "loads",
    "login_attempts",
    "memories",
    "merged_parties",
    "metadata",
    "notice_places",
    "notices",
    "open_days",
    "outages",
    "pending_logins",
    "person_records",
    "problems",
    "revisions",
    "runs",
    "seed_uses",
    "sessions",
    "setup_tokens",
    "transfers",
    "users",
    "voucher_facts",
    "vouchers",
    "webhook_inbox",
]
