"""The foot of a Buchungsliste: sums, tax by case, persons, changed texts, what waits and what is open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len

from mlconnector.commands.exports import Cell
from mlconnector.commands.output import (
    console,
    for_connection,
    heading,
    paragraph,
    phrase,
    print_table,
    print_words,
)
from mlconnector.commands.preview_rows import case_title, in_words, money, reason_in_words, some
from mlconnector.flow.preview.sums import CaseKey, Sums, Waits
from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.seeds import Seed
from mlconnector.texts.catalogue import Explanation, Language, explain, word

_LISTED = 20
_SHORTEST_TITLE = 20


def print_foot(name: str, sums: Sums, spoken: Language) -> None:
    """Print what a list adds up to and what a reader has to know beside it."""
    if sums.rows:
        _print_sums(sums, spoken)
    _print_changes(sums, spoken)
    _print_tax_differences(sums, spoken)
    _print_seeds(name, sums.unconfirmed(), spoken)
    for reason, labels in sums.ignored.items():
        paragraph(
            phrase("preview_ignored", reason=word("reason", reason, spoken), vouchers=some(labels, spoken)),
            hanging=2,
        )
    _print_waits(name, sums, spoken)
    paragraph(
        phrase(
            "preview_totals",
            count=sums.vouchers,
            rows=sums.rows,
            debit=money(sums.debit, spoken),
            credit=money(sums.credit, spoken),
            changes=len(sums.changes) or None,
            held=sums.held or None,
            ignored=sum(map(len, sums.ignored.values())) or None,
        )
    )


def case_rows(sums: Sums, spoken: Language) -> Iterator[list[Cell]]:
    """Title, rows, net, tax, gross and currency of each tax case; tax that comes on top is marked."""
    order = {name: place for place, name in enumerate(tax_cases())}

    def place(key: CaseKey) -> tuple[bool, str, int, str]:
        return key.currency != "EUR", key.currency, order.get(key.tax_case, len(order)), f"{key.rate:f}"

    for key, one in sorted(sums.cases.items(), key=lambda item: place(item[0])):
        title = case_title(key.tax_case, spoken)
        if f"{key.rate:f}" not in title and key.rate:
            title = f"{title}, {in_words(key.rate, spoken)} %"
        yield [f"{title} *" if one.added else title, one.rows, one.net, one.tax, one.gross, key.currency]


def persons_in_words(sums: Sums) -> str:
    """How many debtors and creditors the rows touch, and how many numbers are new."""
    debtors, creditors = (len(sums.persons.get(one, ())) for one in ("receivable", "payable"))
    return phrase(
        "preview_persons",
        debtors=debtors,
        creditors=creditors or None,
        new=", ".join(sorted(sums.new_persons)[:_LISTED]) if sums.new_persons else None,
    )


def words_of(one: Waits, name: str, spoken: Language) -> Explanation:
    """Why vouchers wait and what to do, with the connection's name."""
    words = explain(one.problem.key, one.problem.facts, spoken)
    why, do = (for_connection(text, name, one.problem.cause) for text in (words.why, words.do))
    return Explanation(words.what, why, do, words.who)


def seed_title(one: Seed, spoken: Language) -> str:
    """What a seed is called: its tax case with the account proposed, or its account."""
    if one.kind == "tax_case":
        return f"{case_title(one.key, spoken)} ({one.content.get('account') or '–'})"
    return f"{word('seed', one.kind, spoken)} {one.key}"


def notes_in_words(sums: Sums, spoken: Language) -> list[str]:
    """Cents of rounding, lines left out and totals that differ, each with its voucher."""
    return [f"{label}: {reason_in_words(why, spoken)}" for label, why in sums.notes]


def change_in_words(change: Any, spoken: Language) -> str:
    """`field: before → after (reason)`."""
    reason = word("text_change", change.reason, spoken)
    return f"{change.field}: {change.before} → {change.after or '–'} ({reason})"


def _print_sums(sums: Sums, spoken: Language) -> None:
    rows = [[in_words(cell, spoken) for cell in row] for row in case_rows(sums, spoken)]
    heading(phrase("preview_by_case"))
    columns = [phrase(f"heading_{one}") for one in ("tax_case", "rows", "net", "tax", "gross", "currency")]
    beside = sum(max(cell_len(row[at]) for row in (columns, *rows)) + 2 for at in range(1, len(columns)))
    room = max(console.width - 2 - beside, _SHORTEST_TITLE)
    for row in rows:
        row[0] = row[0] if cell_len(row[0]) <= room else f"{row[0][: room - 1]}…"
    print_table(columns, rows, indent=2, right={1, 2, 3, 4})
    if any(one.added for one in sums.cases.values()):
        paragraph(phrase("preview_added"), 2)
    paragraph(persons_in_words(sums), hanging=2)


def _print_changes(sums: Sums, spoken: Language) -> None:
    lines = [f"{label}: {change_in_words(change, spoken)}" for label, change in sums.changes]
    _print_list("preview_changes", lines)
    _print_list("preview_notes", notes_in_words(sums, spoken))


def _print_tax_differences(sums: Sums, spoken: Language) -> None:
    lines = [
        phrase(
            "preview_tax_differs",
            voucher=label,
            rate=in_words(one.rate, spoken),
            document=in_words(one.document, spoken),
            booked=in_words(one.booked, spoken),
            currency=currency,
        )
        for label, currency, one in sums.differences
    ]
    _print_list("preview_differences", lines)


def _print_list(title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    heading(phrase(title, count=len(lines)))
    for line in lines[:_LISTED]:
        paragraph(line, 2, hanging=2)
    if len(lines) > _LISTED:
        paragraph(phrase("preview_more", count=len(lines) - _LISTED), 2)


def _print_seeds(name: str, seeds: Sequence[Seed], spoken: Language) -> None:
    if seeds:
        titles = "; ".join(seed_title(one, spoken) for one in seeds)
        paragraph(phrase("preview_unconfirmed", seeds=titles, name=name), hanging=2)


def _print_waits(name: str, sums: Sums, spoken: Language) -> None:
    if not sums.waits:
        return
    heading(phrase("waiting_title", count=sums.held))
    causes = sorted(sums.waits.values(), key=lambda one: -len(one.vouchers))
    for one in causes[:_LISTED]:
        words = words_of(one, name, spoken)
        paragraph(f"{len(one.vouchers)} × {words.what}", 2, hanging=4)
        print_words(words, 4)
        paragraph(phrase("examples", vouchers=some(one.vouchers, spoken)), 4, hanging=2)
    if len(causes) > _LISTED:
        paragraph(phrase("preview_more_causes", count=len(causes) - _LISTED), 2)
