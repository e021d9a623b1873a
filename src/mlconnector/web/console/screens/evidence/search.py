"""Finding whatever somebody has in hand."""

from __future__ import annotations

from starlette.responses import Response

from mlconnector.flow.report import finding
from mlconnector.flow.report.batch_words import batch_state
from mlconnector.flow.report.finding import Sought
from mlconnector.flow.report.search import Unreadable
from mlconnector.store import connections
from mlconnector.web.console.screens.evidence.screen import SCREEN
from mlconnector.web.console.visits import At, Visit

_MOST = 100


@SCREEN.page()
def search(at: At) -> Response:
    """Whatever somebody has in hand: a number, a customer, an amount, a file name, a GUID."""
    sought = Sought(at.asked("text"), at.asked("amount"), at.asked("period"), at.asked("connection"))
    fault = ""
    found = None
    if not sought.is_empty:
        try:
            found = finding.find(at.app.services, sought, most=_MOST, language=at.language)
        except Unreadable as error:
            fault = str(error)
    with at.app.database.read() as db:
        names = [row.name for row in connections.every(db)]
    return at.shown(
        "search.html",
        asked=sought,
        faults=_faults(at, sought, fault),
        names=[(name, name) for name in names],
        vouchers=[(one, at.written.amount_of(one)) for one in found.vouchers] if found else [],
        batches=[(one, batch_state(one["format"], one["state"], at.language)) for one in found.batches]
        if found
        else [],
        is_searched=found is not None,
        more=found is not None and found.more,
        most=_MOST,
    )


def _faults(at: Visit, sought: Sought, given: str) -> dict[str, str]:
    if not given:
        return {}
    if given == sought.period or given in sought.period.split(".."):
        return {"period": at.say("period_unreadable", given=given)}
    return {"amount": at.say("amount_unreadable", given=given)}
