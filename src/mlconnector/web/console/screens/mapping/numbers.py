"""Debtor and creditor numbers: looked through, imported, given, taken back; changes are seen before."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal

from fastapi.exceptions import HTTPException
from starlette.responses import Response

from mlconnector.flow.agree import drafts, number_binding, number_lists
from mlconnector.flow.agree.number_lists import NumbersProposal, Step
from mlconnector.flow.context.context import Context
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.mapping.sheets import LARGEST_FILE
from mlconnector.model.entries import Ledger
from mlconnector.store import accounts
from mlconnector.store.accounts import GivenNumber
from mlconnector.store.drafts import Draft
from mlconnector.texts.catalogue import word
from mlconnector.texts.zone import shown_in
from mlconnector.web.console.downloads import FORMS, downloaded
from mlconnector.web.console.pages import Fact
from mlconnector.web.console.screens.mapping.screen import SCREEN, ShownFault, faults_in_words, place, tabs
from mlconnector.web.console.visits import Acting, At, Visit, to_place

Persons = Literal["debtors", "creditors"]
LEDGERS: dict[Persons, Ledger] = {"debtors": "receivable", "creditors": "payable"}
_STEPS: tuple[Step, ...] = ("given", "bound", "reserved")
_HEADS = ("label_account", "label_person", "label_party", "label_vat_id", "label_origin", "label_since")
_SHOWN, _MOST = 200, 1_000_000


@SCREEN.page("numbers")
def show(at: At) -> Response:
    """The numbers of debtors or creditors; those that nobody has yet come first."""
    return _page(at, at.app.context(at.asked("connection")))


@SCREEN.action("numbers/upload", "map", largest=LARGEST_FILE)
def upload(at: Acting) -> Response:
    """Begin an import."""
    context, file = at.app.context(at.form.get("connection")), at.form.files.get("file")
    persons = _persons(at.form.get("persons"))
    content = file.content if file is not None else b""
    proposal = number_lists.propose(context, content, LEDGERS[persons])
    if proposal.faults:
        faults = faults_in_words(at, context.name, proposal.faults)
        return _page(at, context, faults, HTTPStatus.CONFLICT)
    if not proposal.changes_something:
        return at.done("nothing_changes", place("numbers", context.name, persons=persons))
    drafts.keep(at.app.services, context.name, persons, content, at.by, file.name if file else "")
    return to_place(place("numbers/apply", context.name, persons=persons))


@SCREEN.page("numbers/apply", "map")
def ask(at: At) -> Response:
    """What the import would change."""
    name, persons = at.asked("connection"), _persons(at.asked("persons"))
    if drafts.kept(at.app.services, at.app.context(name).name, persons) is None:
        return to_place(place("numbers", name, persons=persons))
    draft, proposal = _proposed(at, name, persons)
    heads = [at.say(one) for one in ("label_account", "label_party", "label_person")]
    parts = [
        (at.say(f"numbers_{step}"), [[one.number, one.party, one.name] for one in proposal.lines(step)])
        for step in _STEPS
    ]
    parts.append((at.say("numbers_left_out"), [[one.number, "", one.name] for one in proposal.left_out]))
    notes = [at.say("numbers_unchanged", count=len(proposal.lines("unchanged")))]
    if proposal.unknown_columns:
        notes.append(at.say("columns_left_out", columns=", ".join(proposal.unknown_columns)))
    return at.shown(
        "import.html",
        name=name,
        draft=draft,
        parts=[(title, heads, rows[:_SHOWN], len(rows)) for title, rows in parts if rows],
        notes=notes,
        seen=drafts.mark(repr(proposal)),
        action=SCREEN.address("numbers/apply"),
        kind=persons,
        back=place("numbers", name, persons=persons),
    )


@SCREEN.action("numbers/apply", "map")
def apply(at: Acting) -> Response:
    """Apply the import as it was seen."""
    name, persons = at.form.get("connection"), _persons(at.form.get("kind"))
    draft, proposal = _proposed(at, name, persons)
    drafts.refuse_unseen(at.form.get("seen"), drafts.mark(repr(proposal)), name)
    number_lists.apply(at.app.services, proposal, at.by, draft.file)
    drafts.discard(at.app.services, name, persons)
    return at.done("numbers_applied", place("numbers", name, persons=persons))


@SCREEN.page("numbers/bind", "bind_numbers")
def ask_to_bind(at: At) -> Response:
    """Whose number it would be, and what that changes."""
    name, party, number = (at.asked(one) for one in ("connection", "party", "number"))
    context = at.app.context(name)
    if not party or not number:
        return to_place(place("numbers", name))
    seen = number_binding.would_bind(context, party, number)
    who = seen.party
    address = ", ".join(filter(None, (who.street, f"{who.postal_code or ''} {who.city or ''}".strip())))
    facts = [
        Fact(at.say("label_account"), number),
        Fact(at.say("label_party"), party),
        Fact(at.say("label_person"), who.name),
        *([Fact(at.say("label_address"), address)] if address else []),
        *([Fact(at.say("label_vat_id"), who.vat_id)] if who.vat_id else []),
        *([Fact(at.say("label_listed"), seen.listed)] if seen.listed else []),
    ]
    if seen.merged_with is not None:
        facts.append(Fact(at.say("label_merged"), f"{seen.merged_with.party} {seen.merged_with.name}"))
    if seen.before is not None:
        prepared = ", ".join(seen.vouchers) or "–"
        facts += [
            Fact(at.say("label_before"), seen.before.number),
            Fact(at.say("label_decided_anew"), prepared),
        ]
    fields = {"connection": name, "party": party, "number": number}
    back = place("numbers", name)
    return at.confirmation("bind", "numbers/bind", fields, back=back, facts=facts, number=number)


@SCREEN.action("numbers/bind", "bind_numbers")
def bind(at: Acting) -> Response:
    """Give a number to a customer or supplier."""
    name, party, number = (at.form.get(one) for one in ("connection", "party", "number"))
    given = number_binding.bind(at.app.context(name), party, number, at.by)
    persons = next(one for one, ledger in LEDGERS.items() if ledger == given.ledger)
    return at.done("number_bound", place("numbers", name, persons=persons), number=number, party=party)


@SCREEN.page("numbers/unbind", "bind_numbers")
def ask_to_unbind(at: At) -> Response:
    """Who would lose a number, and what that changes."""
    name, number = at.asked("connection"), at.asked("number")
    context = at.app.context(name)
    if not number:
        return to_place(place("numbers", name))
    seen = number_binding.would_unbind(context, number)
    facts = [
        Fact(at.say("label_account"), seen.number),
        Fact(at.say("label_party"), seen.party),
        Fact(at.say("label_decided_anew"), ", ".join(seen.vouchers) or "–"),
    ]
    fields, back = {"connection": name, "number": number}, place("numbers", name)
    return at.confirmation(
        "unbind", "numbers/unbind", fields, back=back, facts=facts, with_reason=True, number=number
    )


@SCREEN.action("numbers/unbind", "bind_numbers")
def unbind(at: Acting) -> Response:
    """Take a number back."""
    name, number = at.form.get("connection"), at.form.get("number")
    done = number_binding.unbind(at.app.context(name), number, at.by, at.form.get("reason"))
    return at.done("number_unbound", place("numbers", name), number=done.number, party=done.party)


def _persons(given: str) -> Persons:
    return "creditors" if given == "creditors" else "debtors"


def _proposed(at: Visit, name: str, persons: Persons) -> tuple[Draft, NumbersProposal]:
    context, draft = at.app.context(name), drafts.kept(at.app.services, name, persons)
    if draft is None:
        raise HTTPException(404)
    return draft, number_lists.propose(context, draft.content, LEDGERS[persons])


def _page(
    at: Visit, context: Context, faults: Sequence[ShownFault] = (), status: HTTPStatus = HTTPStatus.OK
) -> Response:
    persons, wanted = _persons(at.asked("persons") or at.form.get("persons")), at.asked("wanted")
    ledger, client = LEDGERS[persons], context.client
    if at.asked("as") in FORMS:
        with context.read() as db:
            rows, _ = accounts.page(db, client, ledger, wanted, 0, _MOST)
        heads = [at.say(one) for one in _HEADS]
        cells = [_cells(at, one) for one in rows]
        return downloaded(at.asked("as"), at.say("tab_numbers"), heads, cells, at.language)
    with context.read() as db:
        _, count = accounts.page(db, client, ledger, wanted, 0, 0)
        paging = at.paging(count)
        found, _ = accounts.page(db, client, ledger, wanted, max(paging.first - 1, 0), paging.size)
    return at.shown(
        "numbers.html",
        status,
        name=context.name,
        tabs=tabs(at, context, "numbers"),
        persons=persons,
        numbers=[(one, word("origin", one.origin, at.language)) for one in found],
        paging=paging,
        faults=faults,
    )


def _cells(at: Visit, one: GivenNumber) -> list[Cell]:
    party = "" if one.is_reserved else one.party
    since = one.given_at.astimezone(shown_in()).date()
    return [one.number, one.name, party, one.vat_id, word("origin", one.origin, at.language), since]
