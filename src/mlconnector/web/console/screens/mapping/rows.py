"""The rows of a mapping: which facts lead to which account, tax case, cost centre; changed in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.responses import Response

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import mapping_edit
from mlconnector.flow.agree.mapping_rows import Part
from mlconnector.flow.agree.row_usage import usage
from mlconnector.flow.context.context import Context
from mlconnector.flow.report import waiting
from mlconnector.flow.report.search import EVERYTHING
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.mapping.charts import tax_cases
from mlconnector.model.problems import Problem, shared_facts
from mlconnector.texts.catalogue import explain_together, looked_at, word
from mlconnector.texts.language import Language
from mlconnector.web.console import row_cures
from mlconnector.web.console.downloads import FORMS, downloaded
from mlconnector.web.console.screens.mapping.applying import begin_change
from mlconnector.web.console.screens.mapping.screen import SCREEN, place, tabs
from mlconnector.web.console.visits import Acting, At, Visit

TABLES = ("revenue", "expense", "tax_case", "cost_centre_1", "cost_centre_2", "payments")
_ACCOUNTS, _ENTRIES = ("revenue", "expense"), ("cost_centre_1", "cost_centre_2", "payments")
_DIRECTIONS = {"revenue": "sale", "expense": "purchase"}
_MISSING = 20
_NO_FACTS = ("case", "reason", "attributes", "valid_from")
_USES, _ORDERS = ("unused", "used"), ("most", "least")
_ITSELF = "itself"


_HEADS = ("label_table", "label_where", "label_account", "label_tax_case", "label_valid_from", "label_used")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table, or an entry of one: what it looks at, what follows, and how often it did."""

    table: str
    number: int
    key: str
    facts: str
    account: str
    account_name: str
    tax_case: str
    automatic: bool | None = None
    valid_from: date | None = None
    used: int = 0

    @property
    def is_row(self) -> bool:
        """Whether it is a row by its number, and not an entry by its key."""
        return self.number > 0


@SCREEN.page("rows")
def show(at: At) -> Response:
    """All rows, by table, as they hold for the connection."""
    name = at.asked("connection")
    context = at.app.context(name)
    table, wanted, use = at.asked("table"), at.asked("wanted").casefold(), at.asked("use")
    found = [
        one
        for one in lines_of(context, at.language)
        if table in ("", one.table)
        and wanted in f"{one.facts} {one.account} {one.tax_case}".casefold()
        and use in ("", "unused" if not one.used else "used")
    ]
    if at.asked("order") in _ORDERS:
        found.sort(key=lambda one: one.used, reverse=at.asked("order") == "most")
    if at.asked("as") in FORMS:
        heads = [at.say(one) for one in _HEADS]
        cells = [_cells(at, one) for one in found]
        return downloaded(at.asked("as"), at.say("tab_rows"), heads, cells, at.language)
    paging = at.paging(len(found))
    return at.shown(
        "rows.html",
        missing=_missing(at, context),
        name=name,
        tabs=tabs(at, context, "rows"),
        lines=found[max(paging.first - 1, 0) : paging.last],
        paging=paging,
        tables=TABLES,
        uses=_USES,
        orders=_ORDERS,
        title_of=lambda case: _title(at, case),
    )


@SCREEN.page("row", "map")
def edit(at: At) -> Response:
    """The form that changes a row, or adds one."""
    name, table = at.asked("connection"), at.asked("table") or "revenue"
    context = at.app.context(name)
    line = _line(at, context, table, at.asked("number"), at.asked("key"))
    return at.shown(
        "row.html",
        name=name,
        table=table,
        line=line,
        tables=TABLES,
        facts=[(one, word("attribute", one, at.language)) for one in mapping_edit.FACTS],
        fact=at.asked("fact"),
        value=at.asked("value"),
        tax_case=at.asked("tax_case"),
        cases=_cases(at, table),
        takes_account=table in _ACCOUNTS,
        is_entry=table in _ENTRIES,
    )


@SCREEN.action("row", "map")
def change(at: Acting) -> Response:
    """Begin the change of a row; its difference is shown before it is applied."""
    name, table = at.form.get("connection"), at.form.get("table")
    context = at.app.context(name)
    _known(table)
    text, number = context.settings.text, at.form.get("number")
    if table in _ENTRIES:
        value, attribute = at.form.get("value"), _attribute(context, table, at.form.get("other"))
        part = mapping_edit.entry_changed(text, table, attribute, value, at.form.get("account"))
    elif number.isdecimal() and int(number):
        part = _changed(at, context, table, int(number))
    else:
        given = {**_chosen(at, table), "valid_from": _day(at)}
        fact = at.form.get("fact") or at.form.get("other")
        part = mapping_edit.row_added(table, fact, at.form.get("value"), given)
    return begin_change(at, context, mapping_edit.edited(text, [part]), place("rows", name))


def _changed(at: Acting, context: Context, table: str, number: int) -> Part:
    """A row with what was chosen: from a day on, in a row that follows it, or the row itself."""
    text, chosen, day = context.settings.text, _chosen(at, table), _day(at)
    if at.form.get("how") == _ITSELF:
        return mapping_edit.row_changed(text, table, number, {**chosen, "valid_from": day})
    line = _line(at, context, table, str(number), "")
    if day is None or (line is not None and line.valid_from == day):
        return mapping_edit.row_changed(text, table, number, chosen)
    return mapping_edit.row_followed(text, table, number, chosen, day)


def _day(at: Acting) -> date | None:
    """From when a row shall hold. Raises NeedsHuman (`day_unreadable`)."""
    given = at.form.get("valid_from")
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise NeedsHuman(Problem("day_unreadable", {"given": given})) from error


def _missing(at: Visit, context: Context) -> list[tuple[str, int, str]]:
    """What vouchers wait for that a row would cure: in words, how many wait, and the form that adds it."""
    groups = waiting.groups(
        at.app.services, context.name, EVERYTHING, keys=row_cures.KEYS, together=False, limit=_MISSING
    )
    found = []
    for one in groups.shown:
        what = explain_together(one.problems, at.language).what
        address = row_cures.row_address(context, one.problems[0].key, shared_facts(one.problems))
        found.append((what, one.count, address))
    return found


def lines_of(context: Context, language: Language) -> Iterator[Line]:
    """The rows and entries of every table, in their order, with what they look at in words."""
    rules, counted = context.rules, usage(context)
    mapping = rules.mapping
    for table in _ACCOUNTS:
        rows = mapping.revenue if table == "revenue" else mapping.expense
        for number, row in enumerate(rows, start=1):
            known = rules.account(row)
            named = {one: getattr(row, one) for one in mapping_edit.FACTS if getattr(row, one)}
            facts = looked_at({**named, **row.attributes}, language)
            case = row.tax_case or (known.tax_case if known else "")
            name = known.name if known else ""
            account, used = row.account or "", counted.of_row(table, row)
            yield Line(table, number, "", facts, account, name, case, row.automatic, row.valid_from, used)
    for number, case_row in enumerate(mapping.tax_case, start=1):
        shown = case_row.model_dump(mode="json", exclude_defaults=True)
        named = {name: one for name, one in shown.items() if name not in _NO_FACTS}
        facts = looked_at({**named, **case_row.attributes}, language)
        case, begins, used = case_row.case, case_row.valid_from, counted.of_row("tax_case", case_row)
        yield Line("tax_case", number, "", facts, "", "", case, None, begins, used)
    for table in _ENTRIES:
        made = getattr(mapping, table)
        for key, value in (made.table if made is not None else {}).items():
            known = rules.accounts.get(value) if table == "payments" else None
            facts, name = looked_at({made.attribute: key}, language), known.name if known else ""
            used = counted.of_entry(table, made.attribute, key)
            yield Line(table, 0, key, facts, value, name, "", None, None, used)


def _chosen(at: Visit, table: str) -> dict[str, Any]:
    """What a form says of a row; None for what was left empty."""
    case = at.form.get("tax_case")
    if table == "tax_case":
        return {"case": case}
    automatic = {"true": True, "false": False}.get(at.form.get("automatic"))
    return {"tax_case": case or None, "account": at.form.get("account") or None, "automatic": automatic}


def _attribute(context: Context, table: str, given: str) -> str:
    """What a table of entries looks at: what it looks at now, else what was given."""
    made = getattr(context.rules.mapping, table)
    return given or (made.attribute if made is not None else "cost_centre")


def _known(table: str) -> None:
    if table not in TABLES:
        raise NeedsHuman(Problem("row_unknown", {"table": table, "number": ""}))


def _line(at: Visit, context: Context, table: str, number: str, key: str) -> Line | None:
    """The row that is asked for; None for a new one. Raises NeedsHuman (`row_unknown`)."""
    _known(table)
    if not number and not key:
        return None
    for one in lines_of(context, at.language):
        if one.table == table and (str(one.number) == number if number else one.key == key):
            return one
    raise NeedsHuman(Problem("row_unknown", {"table": table, "number": number or key}))


def _cases(at: Visit, table: str) -> list[tuple[str, str]]:
    """The tax cases that may stand in a table, by their titles."""
    direction = _DIRECTIONS.get(table)
    found = [one for one in tax_cases().values() if direction in (None, one.direction)]
    return sorted(((one.name, one.title[at.language]) for one in found), key=lambda pair: pair[1])


def _cells(at: Visit, one: Line) -> list[Cell]:
    case = _title(at, one.tax_case)
    return [at.say(f"table_{one.table}"), one.facts, one.account, case, one.valid_from, one.used]


def _title(at: Visit, case: str) -> str:
    return word("tax_case", case, at.language) if case else ""
