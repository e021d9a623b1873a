"""What somebody has said to be documents of their own, and taking that back while nothing was sent."""

from __future__ import annotations

from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import telling_apart
from mlconnector.model.problems import Problem
from mlconnector.web.console.place import ROWS, page_of
from mlconnector.web.console.screens.exceptions.choosing import Chosen, ticked
from mlconnector.web.console.screens.exceptions.cures import asked as asked_first
from mlconnector.web.console.screens.exceptions.screen import SCREEN, address_of
from mlconnector.web.console.searching import asked_for, connection_options
from mlconnector.web.console.visits import Acting, At, Visit


@SCREEN.page("told-apart")
def told_apart(at: At) -> Response:
    """The vouchers that were told apart from others, the latest first."""
    asked = asked_for(at.asked)
    services, name = at.app.services, asked.connection
    found, total = telling_apart.listed(services, name, limit=ROWS, page=page_of(at.place))
    pages = at.paging(total)
    if pages.page != page_of(at.place):
        found, _ = telling_apart.listed(services, name, limit=ROWS, page=pages.page)
    return at.shown(
        "told_apart.html",
        asked=asked,
        found=found,
        paging=pages,
        connections=connection_options(at.app),
        preview=at.home_of("preview"),
    )


@SCREEN.action("ask-withdraw", "distinct")
def ask_to_withdraw(at: Acting) -> Response:
    """Ask before it counts no more that vouchers are documents of their own."""
    return _ask(at, _chosen(at), changed=False)


@SCREEN.action("withdraw", "distinct")
def withdraw(at: Acting) -> Response:
    """Take back that vouchers are documents of their own."""
    meant = _chosen(at)
    if not meant.is_as_shown(at):
        return _ask(at, meant, changed=True)
    for name, keys in meant.by_connection().items():
        at.app.services.refuse_while_disconnected(name)
        telling_apart.withdraw(at.app.context(name), keys, at.form.get("reason"), at.by)
    return at.done("withdrawn", meant.back(), count=len(meant.keys))


def _ask(at: Visit, meant: Chosen, *, changed: bool) -> Response:
    return asked_first(at, "withdraw", "withdraw", meant, changed=changed, with_reason=True)


def _chosen(at: Visit) -> Chosen:
    found = ticked(at)
    if not found:
        raise NeedsHuman(Problem("nothing_chosen"))
    fields = {"voucher": " ".join(row.id for row in found)}
    return Chosen(asked_for(at.form.get), "", found, fields, address_of("told-apart", {}))
