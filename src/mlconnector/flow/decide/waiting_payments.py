"""Payments that a document lets go on: they waited for it, or have cleared what is booked otherwise now."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from mlconnector.flow.context.context import Context
from mlconnector.flow.decide.clearings import item_name
from mlconnector.flow.decide.decisions import Decisions, open_item
from mlconnector.mapping.open_items import waits_for_document
from mlconnector.model.entries import decode
from mlconnector.model.vouchers import Kind
from mlconnector.store import vouchers
from mlconnector.store.audit import AuditEvent


def let_payments_go_on(
    context: Context, db: Connection, decisions: Decisions, corrected: Collection[str]
) -> list[AuditEvent]:
    """Let payments be decided anew, after the documents of `decisions` were stored; `corrected` by our keys.

    What is booked of a payment comes to the same again, or is corrected too.
    """
    drafts = [draft for draft in decisions.drafts.values() if draft.voucher.kind != Kind.PAYMENT]
    before = [decode(row.content) for key in corrected for row in decisions.standing[key]]
    items = {open_item(context.name, draft) for draft in drafts}
    items |= {
        item_name(context.name, one.ledger, one.party_id, one.number)
        for one in before
        if one.voucher_kind != Kind.PAYMENT
    }
    causes = [cause for draft in drafts for cause in waits_for_document(draft.number)]
    client = context.settings.client
    paid = vouchers.payments_to_decide(db, context.name, client, causes, sorted(items - {""}))
    vouchers.set_state(db, paid, "received", context.now())
    return [context.event(key, "replayed", {"by": "document"}) for key in sorted(paid)]
