"""A Buchungsliste as people read it: DATEV's columns in the order of a booking, cells, sums and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from mlconnector.flow.preview.booking_list import Listed, Previewed
from mlconnector.flow.preview.preview import MADE
from mlconnector.flow.preview.sums import CaseKey, Sums, Waits
from mlconnector.flow.report.field_values import field_value
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.formats.extf.columns import Bookings
from mlconnector.mapping.because import explained
from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.postings import account_name
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.seeds import Seed
from mlconnector.model.entries import Because
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind
from mlconnector.texts import notation
from mlconnector.texts.catalogue import Explanation, explain_together, reason, sentence, word
from mlconnector.texts.language import Language
from mlconnector.texts.named import for_connection

_NUMBERS_LISTED = 20


@dataclass(frozen=True, slots=True)
class Column:
    """A column: our key, what it is called, its name in DATEV's format where it has one, numbers right."""

    key: str
    heading: str
    name: str = ""
    right: bool = False


COLUMNS = (
    Column("nr", "Nr", right=True),
    Column("amount", "Umsatz", Bookings.AMOUNT.name, right=True),
    Column("side", "S/H", Bookings.SIDE.name),
    Column("currency", "WKZ", Bookings.CURRENCY.name),
    Column("exchange_rate", "Kurs", Bookings.EXCHANGE_RATE.name, right=True),
    Column("base_amount", "Basis-Umsatz", Bookings.BASE_AMOUNT.name, right=True),
    Column("tax_key", "BU", Bookings.TAX_KEY.name, right=True),
    Column("contra_account", "Gegenkonto", Bookings.CONTRA_ACCOUNT.name),
    Column("document_field_1", "Belegfeld 1", Bookings.DOCUMENT_FIELD_1.name),
    Column("document_field_2", "Belegfeld 2", Bookings.DOCUMENT_FIELD_2.name),
    Column("date", "Datum", Bookings.DOCUMENT_DATE.name),
    Column("account", "Konto", Bookings.ACCOUNT.name),
    Column("cost_centre_1", "KOST1", Bookings.COST_CENTRE_1.name),
    Column("cost_centre_2", "KOST2", Bookings.COST_CENTRE_2.name),
    Column("discount", "Skonto", Bookings.DISCOUNT.name, right=True),
    Column("text", "Buchungstext", Bookings.TEXT.name),
    Column("document", "Beleg"),
    Column("status", "Status"),
)
# What a sheet has beside the columns of the list.
MORE = ("contra_name", "account_name", "tax_case", "refers_to", "eu_vat_id", "eu_rate", "due_date")
MORE_NAMES = {
    "eu_vat_id": Bookings.EU_VAT_ID.name,
    "eu_rate": Bookings.EU_RATE.name,
    "due_date": Bookings.DUE_DATE.name,
}


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
            "tax_case": word("tax_case", listed.line.tax_case, spoken),
            "refers_to": refers_to(one),
        }
        yield ShownRow(cells, one, listed)


def document_in_words(one: Previewed, spoken: Language) -> str:
    """The name of the file that would be linked, or that one would be made."""
    if one.document == MADE:
        return word("document", MADE, spoken)
    unseen = one.document and one.files == "not_examined"
    return f"{one.document} ({word('document', one.files, spoken)})" if unseen else one.document


def status(one: Previewed, listed: Listed, spoken: Language) -> str:
    """What kind of row it is: new, a correction, a reversal; and whether statistical or a Generalumkehr."""
    corrects = one.corrects or any(entry.kind == "reversal" for entry in one.entries)
    key = "reversal" if listed.entry.kind == "reversal" else "correction" if corrects else "new"
    said = word("booking", key, spoken)
    if listed.entry.is_statistical:
        said = f"{said}, {word('booking', 'statistical', spoken)}"
    return f"{said} ({word('booking', 'generalumkehr', spoken)})" if listed.marked else said


def refers_to(one: Previewed) -> str:
    """The invoice of a credit note; empty where there is none or the source does not name it."""
    return (one.voucher.refers_to or "") if one.voucher is not None else ""


def is_credit_note(one: Previewed) -> bool:
    """Whether the voucher is a credit note."""
    return one.voucher is not None and one.voucher.kind == Kind.CREDIT_NOTE


def reasons(row: ShownRow) -> tuple[Because, ...]:
    """Why each field of a row has its value."""
    return explained(row.listed.entry, row.listed.number)


def reason_in_words(why: Because, spoken: Language) -> str:
    """`field = value: reason`, as the language writes it."""
    value = value_in_words(why, spoken) or "–"
    return f"{word('field', why.field, spoken)} = {value}: {why_in_words(why, spoken)}"


def why_in_words(why: Because, spoken: Language) -> str:
    """The reason alone."""
    return reason(why.rule, why.facts, spoken)


def value_in_words(why: Because, spoken: Language) -> str:
    """The value that is explained, as the language writes it."""
    return field_value(why.field, why.value, spoken)


def in_words(value: Any, spoken: Language) -> str:
    """A cell as the language writes it; amounts with two decimal places, rates with all that they have."""
    if value is None:
        return ""
    if isinstance(value, date):
        return notation.day(value, spoken)
    if isinstance(value, Decimal):
        return notation.number(value, spoken, notation.amount_places(value))
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


def case_rows(sums: Sums, spoken: Language) -> Iterator[list[Cell]]:
    """Title, rows, net, tax, gross and currency of each tax case; tax that comes on top is marked."""
    order = {name: place for place, name in enumerate(tax_cases())}

    def place(key: CaseKey) -> tuple[bool, str, int, str]:
        return key.currency != "EUR", key.currency, order.get(key.tax_case, len(order)), f"{key.rate:f}"

    for key, one in sorted(sums.cases.items(), key=lambda item: place(item[0])):
        title = word("tax_case", key.tax_case, spoken)
        if f"{key.rate:f}" not in title and key.rate:
            title = f"{title}, {in_words(key.rate, spoken)} %"
        yield [f"{title} *" if one.added else title, one.rows, one.net, one.tax, one.gross, key.currency]


def persons_in_words(sums: Sums, spoken: Language) -> str:
    """How many debtors and creditors the rows touch, and how many numbers are new."""
    debtors, creditors = (len(sums.persons.get(one, ())) for one in ("receivable", "payable"))
    new = some(sorted(sums.new_persons), spoken, _NUMBERS_LISTED) if sums.new_persons else ""
    facts = {"debtors": str(debtors), "creditors": str(creditors or ""), "new": new}
    return sentence("preview_persons", facts, spoken)


def words_of(problems: Sequence[Problem], name: str, spoken: Language) -> Explanation:
    """Why vouchers wait for a cause and what to do, with the connection's name; what they have in common."""
    words = explain_together(problems, spoken)
    why, do = (for_connection(text, name, problems[0].cause) for text in (words.why, words.do))
    return Explanation(words.what, why, do, words.who)


def own_words(one: Waits, name: str, spoken: Language) -> Iterator[tuple[str, str]]:
    """Each voucher of a cause with what is so of it alone; none where all is so of all."""
    common = words_of(one.problems, name, spoken)
    for label, problem in zip(one.vouchers, one.problems, strict=True):
        own = words_of([problem], name, spoken)
        pairs = ((own.what, common.what), (own.why, common.why), (own.do, common.do))
        said = " ".join(mine for mine, of_all in pairs if mine != of_all)
        if said:
            yield label, said


def seed_title(one: Seed, spoken: Language) -> str:
    """What a seed is called: its tax case with the account proposed, or its account."""
    if one.kind == "tax_case":
        return f"{word('tax_case', one.key, spoken)} ({one.content.get('account') or '–'})"
    return f"{word('seed', one.kind, spoken)} {one.key}"


def notes_in_words(sums: Sums, spoken: Language) -> list[str]:
    """Cents of rounding, lines left out and totals that differ, each with its voucher."""
    return [f"{label}: {reason_in_words(why, spoken)}" for label, why in sums.notes]


def change_in_words(change: Any, spoken: Language) -> str:
    """`field: before → after (reason)`."""
    reason = word("text_change", change.reason, spoken)
    return f"{change.field}: {change.before} → {change.after or '–'} ({reason})"
