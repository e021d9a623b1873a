"""Commands for the numbers of debtors and creditors: numbers import, bind, unbind and list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mlconnector.commands.exports import AsCsv, AsXlsx, export
from mlconnector.commands.list_import import (
    AppliedAtOnce,
    By,
    WithoutAsking,
    agreed_to,
    applied_json,
    content_of,
    may_go_on,
    not_applied,
    refuse,
    show_part,
)
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    language,
    named,
    paragraph,
    phrase,
    print_json,
    print_table,
    say,
)
from mlconnector.commands.repairs import somebody
from mlconnector.flow.agree import number_binding, number_lists
from mlconnector.flow.agree.number_binding import Binding
from mlconnector.flow.agree.number_lists import NumbersProposal
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.mapping.list_entries import PersonEntry
from mlconnector.model.entries import Ledger
from mlconnector.store.accounts import GivenNumber
from mlconnector.texts import notation
from mlconnector.texts.zone import shown_in

Connection = Annotated[str, typer.Argument()]
Persons = Literal["debtors", "creditors"]

_LEDGERS: dict[Persons, Ledger] = {"debtors": "receivable", "creditors": "payable"}


def numbers_import(
    name: Connection,
    file: Annotated[Path, typer.Argument()],
    ledger: Annotated[Persons, typer.Option()],
    yes: AppliedAtOnce = False,
    by: By = "",
    json: AsJson = False,
) -> None:
    """Take over a list of debtors or creditors."""
    with answered(), application() as app:
        proposal = number_lists.propose(app.context(name), content_of(file), _LEDGERS[ledger])
        if proposal.faults:
            refuse(name, file, proposal.faults, json=json)
        if not json:
            _show(proposal)
        applied = proposal.changes_something and (yes if json else agreed_to(yes=yes))
        if applied:
            number_lists.apply(app.services, proposal, by or somebody(), file.name)
        if json:
            applied_json(_as_data(proposal), applied=applied, open_changes=proposal.changes_something)
        elif applied:
            say("numbers_applied", name=name)
            if proposal.lines("reserved"):
                say("then_bind", name=name)
        elif proposal.changes_something:
            not_applied()


def numbers_bind(
    name: Connection,
    party: Annotated[str, typer.Argument()],
    number: Annotated[str, typer.Argument()],
    yes: WithoutAsking = False,
    by: By = "",
    json: AsJson = False,
) -> None:
    """Give a number, of a list or a free one, to a customer or supplier.

    Shows who that is and what changes: another number that the party has goes, as long as nothing was sent
    under it, and what is prepared under it is decided anew. At a terminal this is asked for once. `numbers
    unbind` takes it back, until something was sent.

    Example: ml-connector numbers bind my-pipedrive organization/17 10042
    """
    with answered(), application() as app:
        app.services.refuse_while_disconnected(name)
        context = app.context(name)
        seen = number_binding.would_bind(context, party, number)
        if not json:
            _show_binding(seen)
        warns = seen.before is not None or seen.is_listed_otherwise or seen.merged_with is not None
        if warns and not may_go_on("bind_question", yes=yes, json=json, number=number, party=seen.party.name):
            if json:
                print_json({"bound": False, **seen.as_data()})
            else:
                paragraph(phrase("nothing_changed"))
            raise typer.Exit(Exit.PROBLEMS)
        given = number_binding.bind(context, party, number, by.strip() or somebody())
        if json:
            print_json({**_plain(given), "bound": True, **seen.as_data()})
        elif seen.merged_with is not None:
            say("number_shared", number=given.number, party=party, holder=given.party)
        else:
            say("number_bound", number=given.number, party=given.party, listed=seen.listed)


def _show_binding(seen: Binding) -> None:
    party = seen.party
    place = f"{party.postal_code or ''} {party.city or ''}".strip()
    country = party.country and notation.country(party.country, language())
    facts = {"street": party.street, "place": place, "country": country, "vat_id": party.vat_id}
    paragraph(phrase("bind_party", party=party.external_id, name=party.name, **facts), hanging=2)
    if seen.is_listed_otherwise:
        paragraph(phrase("bind_other_name", number=seen.number, listed=seen.listed), hanging=2)
    if seen.merged_with is not None:
        facts = {"holder": seen.merged_with.party, "name": seen.merged_with.name}
        paragraph(phrase("bind_merged", number=seen.number, **facts), hanging=2)
    if seen.before is not None:
        words = phrase("bind_before", before=seen.before.number, vouchers=", ".join(seen.vouchers))
        paragraph(words, hanging=2)


def numbers_unbind(
    name: Connection,
    wanted: Annotated[str, typer.Argument(metavar="NUMBER")],
    reason: Annotated[str, typer.Option()] = "",
    yes: WithoutAsking = False,
    by: By = "",
    json: AsJson = False,
) -> None:
    """Take a number back from the customer or supplier to whom a list or somebody gave it.

    Possible until something was sent under it. A number of a list is reserved again; what is prepared under
    it is decided anew by the next run.

    Example: ml-connector numbers unbind my-pipedrive 10042
    """
    with answered(), application() as app:
        app.services.refuse_while_disconnected(name)
        context = app.context(name)
        seen = number_binding.would_unbind(context, wanted)
        facts = {"number": seen.number, "party": seen.party}
        asks = bool(seen.vouchers)
        if asks and not may_go_on("unbind_question", yes=yes, json=json, count=len(seen.vouchers), **facts):
            if json:
                print_json({"unbound": False, **asdict(seen)})
            else:
                paragraph(phrase("nothing_changed"))
            raise typer.Exit(Exit.PROBLEMS)
        done = number_binding.unbind(context, wanted, by.strip() or somebody(), reason)
        if json:
            print_json({"unbound": True, **asdict(done)})
        else:
            reserved, labels = done.is_reserved or None, ", ".join(done.vouchers)
            say("number_unbound", name=name, reserved=reserved, vouchers=labels, **facts)


def numbers_list(name: Connection, csv: AsCsv = None, xlsx: AsXlsx = None, json: AsJson = False) -> None:
    """Show all debtor and creditor numbers of the client."""
    with answered(), application() as app:
        found = number_lists.listed(app.context(name))
        columns = [
            phrase("heading_account"),
            phrase("heading_name"),
            phrase("heading_party"),
            phrase("heading_vat_id"),
            phrase("heading_ledger"),
            phrase("heading_origin"),
            phrase("heading_since"),
            phrase("heading_connection"),
        ]
        written = export(csv, xlsx, phrase("numbers_sheet"), columns, [_cells(one) for one in found])
        if json:
            print_json([_plain(one) for one in found])
        elif not found:
            say("no_numbers")
        elif not written:
            _table(found)


def _table(found: Sequence[GivenNumber]) -> None:
    columns = [
        phrase("heading_ledger"),
        phrase("heading_account"),
        phrase("heading_party"),
        phrase("heading_origin"),
        phrase("heading_since"),
        phrase("heading_name"),
    ]
    rows = [
        (
            named("ledger", one.ledger),
            one.number,
            phrase("nobody_yet") if one.is_reserved else one.party,
            named("origin", one.origin),
            notation.day(one.given_at.astimezone(shown_in()).date(), language()),
            one.name,
        )
        for one in found
    ]
    print_table(columns, rows)


def _cells(one: GivenNumber) -> list[Cell]:
    party = "" if one.is_reserved else one.party
    ledger, origin = named("ledger", one.ledger), named("origin", one.origin)
    return [
        one.number,
        one.name,
        party,
        one.vat_id,
        ledger,
        origin,
        one.given_at.astimezone(shown_in()).date(),
        one.connection,
    ]


def _plain(one: GivenNumber) -> dict[str, Any]:
    return {
        "ledger": one.ledger,
        "number": one.number,
        "party": None if one.is_reserved else one.party,
        "name": one.name,
        "vat_id": one.vat_id,
        "origin": one.origin,
        "since": one.given_at,
        "connection": one.connection,
    }


def _show(proposal: NumbersProposal) -> None:
    columns = [
        phrase("heading_account"),
        phrase("heading_party"),
        phrase("heading_name"),
    ]
    for title, step in (
        (phrase("numbers_given"), "given"),
        (phrase("numbers_bound"), "bound"),
        (phrase("numbers_reserved"), "reserved"),
    ):
        lines = [entry for done, entry in proposal.steps if done == step]
        show_part(title, columns, [(one.number, one.party, one.name) for one in lines])
    left = [(one.number, "", one.name) for one in proposal.left_out]
    show_part(phrase("ledger_left_out"), columns, left)
    if proposal.unknown_columns:
        paragraph(phrase("columns_left_out", columns=", ".join(proposal.unknown_columns)), hanging=2)
    same = len(proposal.lines("unchanged"))
    if same:
        paragraph(phrase("numbers_unchanged", count=same))
    if not proposal.changes_something:
        say("no_difference")


def _as_data(proposal: NumbersProposal) -> dict[str, Any]:
    def plain(one: PersonEntry) -> dict[str, str]:
        return {"number": one.number, "party": one.party, "name": one.name, "vat_id": one.vat_id}

    return {
        "client": proposal.client,
        "ledger": proposal.ledger,
        "given": [plain(one) for one in proposal.lines("given")],
        "bound": [plain(one) for one in proposal.lines("bound")],
        "reserved": [plain(one) for one in proposal.lines("reserved")],
        "unchanged": len(proposal.lines("unchanged")),
        "left_out": [{"number": one.number, "name": one.name} for one in proposal.left_out],
        "unknown_columns": list(proposal.unknown_columns),
    }
