"""Rows of a Buchungsliste as people read them: DATEV's columns in the order of a booking, and their cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from mlconnector.commands.exports import Cell
from mlconnector.flow.preview.booking_list import Listed, Previewed
from mlconnector.flow.preview.preview import MADE
from mlconnector.mapping.because import explained
from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.postings import account_name
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Because
from mlconnector.model.vouchers import Kind
from mlconnector.texts.catalogue import Language, reason, sentence, word


@dataclass(frozen=True, slots=True)
class Column:
    """A column: our key, what it is called, its name in DATEV's format where it has one, numbers right."""

    key: str
    heading: str
    name: str = ""
    right: bool = False


COLUMNS = (
    Column("nr", "Nr", right=True),
    Column("amount", "Umsatz", "Umsatz (ohne Soll/Haben-Kz)", right=True),
    Column("side", "S/H", "Soll/Haben-Kennzeichen"),
    Column("currency", "WKZ", "WKZ Umsatz"),
    Column("exchange_rate", "Kurs", "Kurs", right=True),
    Column("base_amount", "Basis-Umsatz", "Basis-Umsatz", right=True),
    Column("tax_key", "BU", "BU-Schlüssel", right=True),
    Column("contra_account", "Gegenkonto", "Gegenkonto (ohne BU-Schlüssel)"),
    Column("document_field_1", "Belegfeld 1", "Belegfeld 1"),
    Column("document_field_2", "Belegfeld 2", "Belegfeld 2"),
    Column("date", "Datum", "Belegdatum"),
    Column("account", "Konto", "Konto"),
    Column("cost_centre_1", "KOST1", "KOST1 - Kostenstelle"),
    Column("cost_centre_2", "KOST2", "KOST2 - Kostenstelle"),
    Column("discount", "Skonto", "Skonto", right=True),
    Column("text", "Buchungstext", "Buchungstext"),
    Column("document", "Beleg"),
    Column("status", "Status"),
)
# What a sheet has beside the columns of the list.
MORE = ("contra_name", "account_name", "tax_case", "refers_to", "eu_vat_id", "eu_rate", "due_date")
MORE_NAMES = {
    "eu_vat_id": "EU-Land u. UStID (Bestimmung)",
    "eu_rate": "EU-Steuersatz (Bestimmung)",
    "due_date": "Fälligkeit",
}
_AMOUNTS = frozenset({"amount", "rounding", "stated_total", "discount", "exchange_rate", "eu_rate"})
_DAYS = frozenset({"date", "due_date", "service_date", "tax_period"})


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row with its number in the list, its cells by our keys, and what it was made of."""

    cells: Mapping[str, Cell]
    voucher: Previewed
    listed: Listed


def shown_rows(one: Previewed, first: int, rules: Rules, spoken: Language) -> Iterator[ShownRow]:
    """The rows of a voucher; the first of them has the number `first`."""
    for number, listed in enumerate(one.listed, start=first):
        cells: dict[str, Cell] = {column.key: listed.row.get(column.name) for column in COLUMNS}
        cells |= {key: listed.row.get(MORE_NAMES.get(key, "")) for key in MORE}
        cells |= {
            "nr": number,
            "document": document_in_words(one, spoken),
            "status": status(one, listed, spoken),
            "contra_name": account_name(listed.line.contra_account, listed.entry, rules),
            "account_name": account_name(listed.line.account, listed.entry, rules),
            "tax_case": case_title(listed.line.tax_case, spoken),
            "refers_to": refers_to(one),
        }
        yield ShownRow(cells, one, listed)


def document_in_words(one: Previewed, spoken: Language) -> str:
    """The name of the file that would be linked, or that one would be made."""
    return word("document", MADE, spoken) if one.document == MADE else one.document


def status(one: Previewed, listed: Listed, spoken: Language) -> str:
    """What kind of row it is: new, a correction, what takes a booking back; and whether a Generalumkehr."""
    corrects = any(entry.kind == "reversal" for entry in one.entries)
    key = "reversal" if listed.entry.kind == "reversal" else "correction" if corrects else "new"
    said = word("booking", key, spoken)
    return f"{said} ({word('booking', 'generalumkehr', spoken)})" if listed.marked else said


def refers_to(one: Previewed) -> str:
    """The invoice of a credit note; empty where there is none or the source does not name it."""
    return (one.voucher.refers_to or "") if one.voucher is not None else ""


def is_credit_note(one: Previewed) -> bool:
    """Whether the voucher is a credit note."""
    return one.voucher is not None and one.voucher.kind == Kind.CREDIT_NOTE


def case_title(name: str, spoken: Language) -> str:
    """What a tax case is called."""
    case = tax_cases().get(name)
    return case.title[spoken] if case is not None else word("tax_case", name, spoken)


def reasons(row: ShownRow) -> tuple[Because, ...]:
    """Why each field of a row has its value."""
    return explained(row.listed.entry, row.listed.number)


def reason_in_words(why: Because, spoken: Language) -> str:
    """`field = value: reason`, as the language writes it."""
    return f"{word('field', why.field, spoken)} = {_value(why, spoken) or '–'}: {why_in_words(why, spoken)}"


def why_in_words(why: Because, spoken: Language) -> str:
    """The reason alone."""
    return reason(why.rule, why.facts, spoken)


def _value(why: Because, spoken: Language) -> str:
    if why.field == "tax_case":
        return case_title(why.value, spoken)
    if why.field == "supply":
        return word("supply", why.value, spoken)
    if why.field in _DAYS:
        return in_words(date.fromisoformat(why.value), spoken)
    if why.field in _AMOUNTS and "." in why.value:
        return in_words(Decimal(why.value), spoken)
    return why.value


def in_words(value: Any, spoken: Language) -> str:
    """A cell as the language writes it; amounts with two decimal places, rates with all that they have."""
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}" if spoken == "de" else value.isoformat()
    if isinstance(value, Decimal):
        places = max(2, -int(value.normalize().as_tuple().exponent))
        english = f"{value:,.{places}f}"
        return english if spoken == "en" else english.translate(str.maketrans(",.", ".,"))
    return str(value)


def day_and_month(value: Cell) -> str:
    """A day as bookkeepers write it in a booking: TT.MM."""
    return f"{value:%d.%m.}" if isinstance(value, date) else ""


def money(sums: Mapping[str, Decimal], spoken: Language) -> str:
    """Sums by currency in one line."""
    return " + ".join(f"{in_words(total, spoken)} {currency}" for currency, total in sorted(sums.items()))


def some(names: Sequence[str], spoken: Language, most: int = 8) -> str:
    """The first names, and how many more there are."""
    more = len(names) - most
    facts = {"names": ", ".join(names[:most]), "more": str(more) if more > 0 else ""}
    return sentence("preview_some", facts, spoken)
