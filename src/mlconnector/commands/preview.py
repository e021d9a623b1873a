"""The command preview: a Buchungsliste of what would be booked.

In a terminal it comes page by page. Columns that a page has no use for are left out; what does not fit beside
the amounts and accounts (the text, the document, the cost centres) goes to a second line beneath its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.cells import cell_len

from mlconnector.app import Application
from mlconnector.commands import progress
from mlconnector.commands.exports import AsCsv, AsXlsx, write_csv, write_sheets
from mlconnector.commands.output import (
    GAP,
    AsJson,
    Exit,
    answered,
    application,
    console,
    heading,
    paragraph,
    phrase,
    print_row,
    print_table,
    print_words,
    say,
    visible,
)
from mlconnector.commands.preview_exports import print_as_json
from mlconnector.flow.preview.booking_list import Previewed
from mlconnector.flow.preview.files import preview_files
from mlconnector.flow.preview.list_rows import (
    COLUMNS,
    Column,
    ShownRow,
    case_rows,
    change_in_words,
    day_and_month,
    in_words,
    is_credit_note,
    money,
    notes_in_words,
    own_words,
    persons_in_words,
    reason_in_words,
    reasons,
    seed_title,
    shown_rows,
    some,
    words_of,
)
from mlconnector.flow.preview.preview import MADE
from mlconnector.flow.preview.preview import preview as previewed
from mlconnector.flow.preview.sheets import cells, headings, sheets
from mlconnector.flow.preview.sums import Sums
from mlconnector.mapping.postings import Posting
from mlconnector.mapping.seeds import Seed
from mlconnector.texts.catalogue import sentence, word
from mlconnector.texts.language import Language

_ROWS_ON_A_PAGE = 100
_LISTED = 20
_STANDARD_OUTPUT = Path("-")
_INDENT = 4
_SHORTEST_TEXT = 20
_GRANTED = frozenset({"", "EUR"})
# What goes to the second line together while a row is too wide.
_LEAVE: tuple[tuple[str, ...], ...] = (
    (),
    ("text", "document", "status"),
    ("cost_centre_1", "cost_centre_2", "discount"),
    ("exchange_rate", "base_amount"),
    ("document_field_2", "currency"),
)
_PLAIN = frozenset({"text", "document", "status"})

Read = tuple[Previewed, list[ShownRow]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is shown beneath a row."""

    accounts: bool = False
    postings: bool = False
    why: bool = False


def preview(
    name: Annotated[str, typer.Argument()],
    wanted: Annotated[list[str] | None, typer.Argument()] = None,
    limit: Annotated[int, typer.Option(min=1)] = 20,
    accounts: Annotated[bool, typer.Option("--accounts")] = False,
    postings: Annotated[bool, typer.Option("--postings")] = False,
    why: Annotated[bool, typer.Option("--why")] = False,
    documents: Annotated[
        bool | None,
        typer.Option(
            "--documents/--no-documents",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option()] = None,
    csv: AsCsv = None,
    xlsx: AsXlsx = None,
    json: AsJson = False,
) -> None:
    """Show what would be booked, as a Buchungsliste.

    New and changed records come first, then those that wait. Nothing is stored and nothing is sent; fiscal
    years are checked by the run itself. 📎? marks a file that was not looked into.

    Example: ml-connector preview my-pipedrive --limit 10 --postings --why
    """
    with answered(), application() as app:
        if json and csv == _STANDARD_OUTPUT:
            raise typer.BadParameter(phrase("preview_one_output"))
        sums = Sums(app.services.rules(name))
        every = previewed(app.context(name), limit, wanted or (), examine=documents)
        found = _counted(app, name, every, sums)
        to_files = bool(out or csv or xlsx)
        read: Iterable[Read] = list(found) if to_files else found
        if json:
            print_as_json(name, read, sums, app.settings.language)
        elif not to_files:
            _print_pages(read, Wanted(accounts, postings, why), app.settings.language)
        told = to_files and not json
        if csv:
            write_csv(csv, headings(app.settings.language), (cells(row) for _, rows in read for row in rows))
        if xlsx:
            write_sheets(
                xlsx, sheets(name, [row for _, rows in read for row in rows], sums, app.settings.language)
            )
        for file in (csv, xlsx):
            if told and file and file != _STANDARD_OUTPUT:
                say("preview_wrote", file=file, rows=sums.rows)
        if out:
            _write_extf(app, name, [one for one, _ in read], out, told=told and csv != _STANDARD_OUTPUT)
        if not json and csv != _STANDARD_OUTPUT:
            _print_end(app, name, sums, None if wanted else limit)
        if sums.held:
            raise typer.Exit(Exit.PROBLEMS)


def _counted(app: Application, name: str, found: Iterable[Previewed], sums: Sums) -> Iterator[Read]:
    """Each voucher with its rows, counted into the sums as it passes."""
    rules, spoken = app.services.rules(name), app.settings.language
    for one in found:
        progress.current().vouchers = sums.vouchers + 1
        rows = list(shown_rows(one, sums.rows + 1, rules, spoken))
        sums.add(one)
        yield one, rows


def _print_pages(read: Iterable[Read], wanted: Wanted, spoken: Language) -> None:
    """Print the rows as they come, some hundred beneath the same headings."""
    page: list[ShownRow] = []
    for _, rows in read:
        page += rows
        if len(page) >= _ROWS_ON_A_PAGE:
            print_page(page, wanted, spoken)
            page = []
    if page:
        print_page(page, wanted, spoken)


def _print_end(app: Application, name: str, sums: Sums, limit: int | None) -> None:
    if not sums.vouchers:
        say("nothing_to_preview")
        return
    console.print()
    print_foot(name, sums, app.settings.language)
    if sums.vouchers == limit:
        paragraph(phrase("preview_limit", limit=limit))


def _write_extf(app: Application, name: str, shown: Sequence[Previewed], out: Path, *, told: bool) -> None:
    files = list(preview_files(app.context(name), shown))
    others = sum(one.channel != "extf" for one in shown)
    is_file = out.suffix.lower() == ".csv" and not out.is_dir()
    if is_file and len(files) > 1:
        raise typer.BadParameter(phrase("preview_wants_folder", count=len(files), file=out))
    if files and not is_file:
        out.mkdir(parents=True, exist_ok=True)
    paths = [out if is_file else out / file.name for file in files]
    for path, file in zip(paths, files, strict=True):
        path.write_bytes(file.content)
    if not told:
        return
    for path, file in zip(paths, files, strict=True):
        say("preview_wrote", file=path, rows=file.rows)
    if not files:
        say("preview_nothing_to_write")
    else:
        paragraph(phrase("preview_not_linked", file=paths[0], name=name), hanging=2)
    if others:
        paragraph(phrase("preview_other_format", count=others), hanging=2)


def print_page(rows: Sequence[ShownRow], wanted: Wanted, spoken: Language) -> None:
    """Print rows under their headings."""
    cells = [{column.key: _cell(column, row, spoken) for column in COLUMNS} for row in rows]
    used = [column for column in COLUMNS if {row[column.key] for row in cells} - _GRANTED]
    widths = {
        column.key: max(cell_len(column.heading), *(cell_len(row[column.key]) for row in cells))
        for column in used
    }
    beside, beneath = _placed(used, widths)
    fitted = [widths[column.key] for column in beside]
    right = {at for at, column in enumerate(beside) if column.right}
    print_row([column.heading for column in beside], fitted, right=right, style="bold")
    for row, shown in zip(rows, cells, strict=True):
        print_row([shown[column.key] for column in beside], fitted, right=right)
        _print_beneath(row, shown, beneath, wanted, spoken)


def _placed(used: Sequence[Column], widths: dict[str, int]) -> tuple[list[Column], list[Column]]:
    """The columns that fit into a line, with the width of the text, and those that go beneath."""
    beside, beneath = list(used), []
    natural = widths.get("text", 0)
    for leaving in _LEAVE:
        beneath += [column for column in beside if column.key in leaving]
        beside = [column for column in beside if column.key not in leaving]
        fixed = sum(widths[column.key] for column in beside if column.key != "text")
        room = console.width - fixed - GAP * (len(beside) - 1)
        has_text = any(column.key == "text" for column in beside)
        if room >= (min(natural, _SHORTEST_TEXT) if has_text else 0):
            widths["text"] = min(natural, room) if has_text else natural
            break
    return beside, sorted(beneath, key=COLUMNS.index)


def _cell(column: Column, row: ShownRow, spoken: Language) -> str:
    value = row.cells[column.key]
    if column.key == "date":
        return day_and_month(value)
    if column.key == "document" and row.voucher.document:
        if row.voucher.document == MADE:
            return word("document", MADE, spoken)
        return f"{_clip()}?" if row.voucher.files == "not_examined" else _clip()
    return visible(in_words(value, spoken))


def _clip() -> str:
    """A paper clip where the terminal knows one."""
    return "📎" if console.encoding.lower().startswith("utf") else "+"


def _print_beneath(
    row: ShownRow, cells: dict[str, str], columns: Sequence[Column], wanted: Wanted, spoken: Language
) -> None:
    more = [
        cells[column.key] if column.key in _PLAIN else f"{column.heading} {cells[column.key]}"
        for column in columns
        if cells[column.key] and (column.key != "currency" or cells[column.key] not in _GRANTED)
    ]
    if is_credit_note(row.voucher):
        more.append(sentence("preview_credit_note", {"invoice": str(row.cells["refers_to"] or "")}, spoken))
    _print_detail(" · ".join(more))
    if wanted.accounts:
        _print_detail(" · ".join(_accounts(row)))
    if wanted.postings:
        lines = [_posting(one, spoken) for one in row.listed.postings]
        print_table((), lines, indent=_INDENT, right={3}, style="dim")
    if wanted.why:
        for reason in reasons(row):
            _print_detail(reason_in_words(reason, spoken))


def _print_detail(text: str) -> None:
    paragraph(text, _INDENT, hanging=2, style="dim")


def _accounts(row: ShownRow) -> list[str]:
    pairs = (("account", "account_name"), ("contra_account", "contra_name"))
    return [f"{row.cells[number]} {row.cells[name] or '–'}" for number, name in pairs]


def _posting(one: Posting, spoken: Language) -> tuple[str, str, str, str]:
    """Side, account, name and amount."""
    side = "Soll" if one.side == "S" else "Haben"
    return side, one.account or "–", one.name, f"{in_words(one.amount, spoken)} {one.currency}"


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
    if sums.not_examined:
        paragraph(phrase("preview_not_examined", count=sums.not_examined, sign=f"{_clip()}?", name=name))
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


def _print_sums(sums: Sums, spoken: Language) -> None:
    rows = [[in_words(cell, spoken) for cell in row] for row in case_rows(sums, spoken)]
    heading(phrase("preview_by_case"))
    columns = [phrase(f"heading_{one}") for one in ("tax_case", "rows", "net", "tax", "gross", "currency")]
    print_table(columns, rows, indent=2, right={1, 2, 3, 4})
    if any(one.added for one in sums.cases.values()):
        paragraph(phrase("preview_added"), 2)
    paragraph(persons_in_words(sums, spoken), hanging=2)


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
        words = words_of(one.problems, name, spoken)
        paragraph(f"{len(one.vouchers)} × {words.what}", 2, hanging=4)
        print_words(words, 4)
        paragraph(phrase("examples", vouchers=some(one.vouchers, spoken)), 4, hanging=2)
        own = list(own_words(one, name, spoken))
        for label, said in own[:_LISTED]:
            paragraph(f"{label}: {said}", 6, hanging=2)
        if len(own) > _LISTED:
            paragraph(phrase("preview_more", count=len(own) - _LISTED), 6)
    if len(causes) > _LISTED:
        paragraph(phrase("preview_more_causes", count=len(causes) - _LISTED), 2)
