"""Commands for what is agreed with the tax adviser: rules shows it, confirm notes who has confirmed it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import typer

from mlconnector.commands.output import (
    AsJson,
    answered,
    application,
    heading,
    language,
    named,
    paragraph,
    phrase,
    print_json,
    print_table,
    say,
)
from mlconnector.commands.repairs import somebody
from mlconnector.flow.agree import confirmation, rulebook
from mlconnector.texts import notation
from mlconnector.texts.named import for_connection

Connection = Annotated[str, typer.Argument()]

_SHOWN_SETTINGS = ("supply", "own_rate", "rounding_limit", "exchange_rate_limit")


def show_rules(
    name: Connection,
    everything: Annotated[bool, typer.Option("--all")] = False,
    json: AsJson = False,
) -> None:
    """Show the rules, and who confirmed them."""
    with answered(), application() as app:
        found = rulebook.rulebook(app.context(name), everything=everything)
        if json:
            print_json(found)
        else:
            _show(name, found)


def confirm(
    name: Connection,
    by: Annotated[str, typer.Option()],
    wanted: Annotated[
        list[str] | None,
        typer.Argument(),
    ] = None,
    json: AsJson = False,
) -> None:
    """Note that somebody has confirmed proposed accounts and tax cases."""
    with answered(), application() as app:
        if not by.strip():
            raise typer.BadParameter(phrase("by_whom"), param_hint="--by")
        noted = confirmation.confirm(app.context(name), by.strip(), wanted or (), noted_by=somebody())
        left = len(confirmation.unconfirmed(app.context(name)))
        rules, spoken = app.services.rules(name), app.settings.language
        rows = rulebook.confirmations_of(noted, rules, spoken)
        if json:
            print_json({"connection": name, "by": by.strip(), "confirmed": rows, "unconfirmed": left})
            return
        for title, kind in ((phrase("tax_cases_title"), "tax_case:"), (phrase("seeds_title"), "account:")):
            _show_seeds(title, [one for one in rows if one["seed"].startswith(kind)], state=False)
        say("confirmed_now" if rows else "confirmed_before", by=by.strip(), count=len(rows))
        if left:
            paragraph(for_connection(phrase("still_unconfirmed", count=left), name))


def _show(name: str, found: Mapping[str, Any]) -> None:
    heading(f"{name}: {phrase('rules_title', client=found['client'])}")
    _show_books(found)
    _show_accounts(found["accounts"])
    _show_tax_case_rows(found["tax_case_rows"])
    _show_seeds(phrase("tax_cases_title"), found["tax_cases"], state=True)
    _show_seeds(phrase("seeds_title"), found["seed_accounts"], state=True)
    for number, table in found["cost_centres"].items():
        heading(phrase("cost_centres_title", number=number))
        rows = _entries(table)
        rows += [(*one, "") for one in _default(table["default"]) or _as_given(table)]
        print_table(
            [phrase("heading_where"), phrase("heading_cost_centre"), phrase("heading_used")],
            rows,
            indent=2,
        )
    _show_contractors(found["contractors"])
    _show_special_accounts(found)
    _show_payments(found)
    left = sum(one["in_use"] and not one["confirmed"] for one in _seeds(found))
    if left:
        paragraph(for_connection(phrase("still_unconfirmed", count=left), name))
    elif _seeds(found):
        say("all_confirmed")


def _seeds(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*found["tax_cases"], *found["seed_accounts"]]


def _show_books(found: Mapping[str, Any]) -> None:
    books, settings, own = found["books"], found["settings"], found["own_chart"]
    facts = {"chart": books["chart"], "digits": books["account_length"], "month": books["fiscal_year_start"]}
    paragraph(phrase("books_line", **facts), 2, hanging=2)
    if own["accounts"]:
        told = {"count": own["accounts"], "by": own["changed_by"], "at": own["changed_at"]}
        paragraph(phrase("own_chart_line", **told), 2, hanging=2)
    for persons in ("debtors", "creditors"):
        numbers = books[persons]
        ledger = named("persons", persons)
        if numbers["collective"]:
            paragraph(phrase("collective_line", persons=ledger, number=numbers["collective"]), 2)
        else:
            paragraph(phrase("range_line", persons=ledger, first=numbers["first"], last=numbers["last"]), 2)
    switches = [key for key, value in settings.items() if value is True]
    others = [f"{key} = {settings[key]}" for key in _SHOWN_SETTINGS if settings[key] is not None]
    paragraph(phrase("settings_line", settings=", ".join([*switches, *others])), 2, hanging=2)


def _show_accounts(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    heading(phrase("accounts_title"))
    columns = [
        phrase("heading_table"),
        phrase("heading_where"),
        phrase("heading_account"),
        phrase("heading_function"),
        phrase("heading_tax_case"),
        phrase("heading_tax_key"),
        phrase("heading_name"),
        *_beginning(rows),
        phrase("heading_used"),
    ]
    cells = [
        (
            f"{one['table']} {one['row']}",
            ", ".join(f"{fact} = {value}" for fact, value in one["facts"].items()) or phrase("anything_else"),
            one["account"] or phrase("of_the_tax_case"),
            named("function", one["function"]) if one["function"] else "",
            one["tax_case"] or "",
            one["tax_key"] or "",
            one["name"],
            *([_day(one["valid_from"])] if _beginning(rows) else []),
            _used(one["used"]),
        )
        for one in rows
    ]
    print_table(columns, cells, indent=2)


def _beginning(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The heading of the days from which rows hold, where one of them has such a day."""
    return [phrase("heading_holds_from")] if any(one.get("valid_from") for one in rows) else []


def _used(vouchers: int) -> str:
    """How many vouchers a row has decided."""
    return notation.number(Decimal(vouchers), language()) if vouchers else phrase("never_used")


def _show_tax_case_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    heading(phrase("tax_case_rows_title"))
    cells = [
        (
            number,
            ", ".join(f"{fact} = {value}" for fact, value in _looked_at(row)),
            row["case"],
            row.get("reason", ""),
            *([_day(row.get("valid_from"))] if _beginning(rows) else []),
            _used(row["used"]),
        )
        for number, row in enumerate(rows, start=1)
    ]
    columns = ("heading_table", "heading_where", "heading_tax_case", "heading_why")
    headings = [*(phrase(one) for one in columns), *_beginning(rows), phrase("heading_used")]
    print_table(headings, cells, indent=2)


def _looked_at(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a row of tax cases looks at, and what it deducts."""
    for name, value in row.items():
        if name == "attributes":
            yield from value.items()
        elif name not in {"case", "reason", "valid_from", "used"}:
            yield name, value


def _show_contractors(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    heading(phrase("contractors_title"))
    cells = [
        (
            number,
            ", ".join(f"{fact} = {row[fact]}" for fact in ("party_id", "number") if row[fact]),
            named("withholding", row["withholding"]),
            *(_day(row[limit]) for limit in ("valid_from", "valid_to")),
            row["certificate"] or row["reason"] or "",
        )
        for number, row in enumerate(rows, start=1)
    ]
    columns = ("table", "where", "withholding", "valid_from", "valid_to", "certificate")
    print_table([phrase(f"heading_{one}") for one in columns], cells, indent=2)


def _day(value: str | None) -> str:
    return notation.day(date.fromisoformat(value), language()) if value else ""


def _show_special_accounts(found: Mapping[str, Any]) -> None:
    """Accounts of what is kept back and withheld, and those of commitments, as far as they are named."""
    accounts = [
        (table, name, number)
        for table in ("retainage", "withholding", "commitments")
        for name, number in (found[table] or {}).items()
        if number
    ]
    if accounts:
        heading(phrase("special_accounts_title"))
        rows = [(named("special_account", f"{table}_{name}"), number) for table, name, number in accounts]
        print_table([phrase("heading_where"), phrase("heading_account")], rows, indent=2)


def _as_given(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(phrase("anything_else"), phrase("as_given"))] if table["unlisted"] == "as_given" else []


def _show_seeds(title: str, rows: Sequence[Mapping[str, Any]], *, state: bool) -> None:
    """Tax cases or seeded accounts, with who confirmed each where `state` is wanted."""
    if not rows:
        return
    heading(title)
    are_cases = "tax_key" in rows[0]
    columns = [phrase("heading_tax_case")] if are_cases else []
    columns += [phrase("heading_account"), phrase("heading_tax_key" if are_cases else "heading_function")]
    columns += [phrase("heading_confirmed")] if state else []
    columns += [phrase("heading_name")]
    cells = []
    for one in rows:
        kind = one["tax_key"] if are_cases else named("function", one["function"])
        cell = [one["tax_case"]] if are_cases else []
        cell += [one["account"] or phrase("of_the_row"), kind]
        cell += [_confirmed(one)] if state else []
        cells.append([*cell, one.get("title", one["name"])])
    print_table(columns, cells, indent=2)


def _confirmed(one: Mapping[str, Any]) -> str:
    if not one["in_use"]:
        return phrase("not_in_use")
    if one["confirmed"]:
        return phrase(
            "confirmed_cell", by=one["confirmed_by"], on=notation.day(one["confirmed_on"], language())
        )
    return phrase("changed_cell" if one["changed_since"] else "to_be_confirmed")


def _show_payments(found: Mapping[str, Any]) -> None:
    payments, terms = found["payments"], found["payment_terms"]
    others = _default(payments["default"])
    for table in ("granted", "received"):
        others += [(f"{named('skonto', table)} {rate} %", number) for rate, number in payments[table].items()]
    others += [(f"{phrase('heading_terms')}: {one}", number) for one, number in terms.items()]
    rows = [*_entries(payments), *((*one, "") for one in others)]
    if rows:
        heading(phrase("payments_title"))
        columns = ("heading_where", "heading_account", "heading_used")
        print_table([phrase(one) for one in columns], rows, indent=2)


def _entries(table: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The entries of a table, and how many vouchers each has decided."""
    attribute, used = table["attribute"], table["used"]
    return [(f"{attribute} = {value}", given, _used(used[value])) for value, given in table["table"].items()]


def _default(value: str | None) -> list[tuple[str, str]]:
    return [(phrase("anything_else"), value)] if value else []
