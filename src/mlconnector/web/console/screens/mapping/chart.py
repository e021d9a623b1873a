"""The client's own chart of accounts: looked through, taken along, imported once its difference was seen."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from fastapi.exceptions import HTTPException
from starlette.responses import Response

from mlconnector.flow.agree import drafts, own_chart
from mlconnector.flow.agree.own_chart import ChartProposal
from mlconnector.flow.context.context import Context
from mlconnector.mapping.sheets import LARGEST_FILE
from mlconnector.store.chart_accounts import ChartAccount
from mlconnector.store.drafts import Draft
from mlconnector.texts.catalogue import word
from mlconnector.web.console.downloads import FORMS, downloaded
from mlconnector.web.console.screens.mapping.screen import SCREEN, ShownFault, faults_in_words, place, tabs
from mlconnector.web.console.visits import Acting, At, Visit, to_place

_HEADS = ("label_account", "label_account_name", "label_function", "label_tax_case")
_SHOWN = 200


@SCREEN.page("chart")
def show(at: At) -> Response:
    """The chart, or the proposed accounts where the client has none of its own."""
    return _page(at, at.app.context(at.asked("connection")))


@SCREEN.action("chart/upload", "map", largest=LARGEST_FILE)
def upload(at: Acting) -> Response:
    """Begin an import."""
    context, file = at.app.context(at.form.get("connection")), at.form.files.get("file")
    content = file.content if file is not None else b""
    proposal = own_chart.propose(at.app.services, own_chart.books_of(context), content)
    if proposal.faults:
        faults = faults_in_words(at, context.name, proposal.faults)
        return _page(at, context, faults, HTTPStatus.CONFLICT)
    if not proposal.changes_something:
        return at.done("nothing_changes", place("chart", context.name))
    drafts.keep(at.app.services, context.name, "chart", content, at.by, file.name if file else "")
    return to_place(place("chart/apply", context.name))


@SCREEN.page("chart/apply", "map")
def ask(at: At) -> Response:
    """What the import would change."""
    name = at.asked("connection")
    if drafts.kept(at.app.services, at.app.context(name).name, "chart") is None:
        return to_place(place("chart", name))
    draft, proposal = _proposed(at, name)
    changed = [
        [new.number, f"{' · '.join(_cells(at, old)[1:])} → {' · '.join(_cells(at, new)[1:])}"]
        for old, new in proposal.changed
    ]
    heads = [at.say(one) for one in _HEADS]
    parts = [
        (at.say("new_accounts"), heads, [_cells(at, one) for one in proposal.new]),
        (at.say("changed_accounts"), [heads[0], at.say("label_change")], changed),
        (at.say("gone_accounts"), heads, [_cells(at, one) for one in proposal.gone]),
        (at.say("persons_left_out"), heads[:2], [[one.number, one.name] for one in proposal.left_out]),
    ]
    notes = [at.say("without_function", count=proposal.without_function)] if proposal.without_function else []
    return at.shown(
        "import.html",
        name=name,
        draft=draft,
        parts=[(title, columns, rows[:_SHOWN], len(rows)) for title, columns, rows in parts if rows],
        notes=notes + _left_out(at, proposal.unknown_columns),
        seen=drafts.mark(repr(proposal)),
        action=SCREEN.address("chart/apply"),
        kind="chart",
        back=place("chart", name),
    )


@SCREEN.action("chart/apply", "map")
def apply(at: Acting) -> Response:
    """Apply the import as it was seen."""
    name = at.form.get("connection")
    draft, proposal = _proposed(at, name)
    drafts.refuse_unseen(at.form.get("seen"), drafts.mark(repr(proposal)), name)
    own_chart.apply(at.app.services, proposal, at.by, draft.file)
    drafts.discard(at.app.services, name, "chart")
    return at.done("chart_applied", place("chart", name), count=len(proposal.after))


def _proposed(at: Visit, name: str) -> tuple[Draft, ChartProposal]:
    context, draft = at.app.context(name), drafts.kept(at.app.services, name, "chart")
    if draft is None:
        raise HTTPException(404)
    return draft, own_chart.propose(at.app.services, own_chart.books_of(context), draft.content)


def _left_out(at: Visit, columns: Sequence[str]) -> list[str]:
    return [at.say("columns_left_out", columns=", ".join(columns))] if columns else []


def _page(
    at: Visit, context: Context, faults: Sequence[ShownFault] = (), status: HTTPStatus = HTTPStatus.OK
) -> Response:
    wanted = at.asked("wanted").casefold()
    found = [
        one
        for one in own_chart.exported(context)
        if wanted in f"{one.number} {one.name} {word('tax_case', one.tax_case, at.language)}".casefold()
    ]
    if at.asked("as") in FORMS:
        heads, rows = [at.say(one) for one in _HEADS], [_cells(at, one) for one in found]
        return downloaded(at.asked("as"), at.say("tab_chart"), heads, rows, at.language)
    paging = at.paging(len(found))
    own = context.rules.chart
    return at.shown(
        "chart.html",
        status,
        name=context.name,
        tabs=tabs(at, context, "chart"),
        accounts=[(one, _cells(at, one)) for one in found[max(paging.first - 1, 0) : paging.last]],
        paging=paging,
        is_own=bool(own),
        faults=faults,
    )


def _cells(at: Visit, one: ChartAccount) -> list[str]:
    function = word("function", one.function, at.language) if one.function else ""
    return [one.number, one.name, function, one.tax_case]
