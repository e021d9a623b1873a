"""The command preview: a Buchungsliste of what would be booked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from mlconnector.app import Application
from mlconnector.commands.exports import AsCsv, AsXlsx, write_csv, write_sheets
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    console,
    paragraph,
    phrase,
    say,
)
from mlconnector.commands.preview_exports import cells, headings, print_as_json, sheets
from mlconnector.commands.preview_foot import print_foot
from mlconnector.commands.preview_rows import ShownRow, shown_rows
from mlconnector.commands.preview_table import Wanted, print_page
from mlconnector.flow.preview.booking_list import Previewed
from mlconnector.flow.preview.files import preview_files
from mlconnector.flow.preview.preview import preview as previewed
from mlconnector.flow.preview.sums import Sums
from mlconnector.texts.catalogue import Language

_ROWS_ON_A_PAGE = 100
_STANDARD_OUTPUT = Path("-")

Read = tuple[Previewed, list[ShownRow]]


def preview(
    name: Annotated[str, typer.Argument(help="Name of the connection.")],
    wanted: Annotated[
        list[str] | None, typer.Argument(help="Only these vouchers, by number, external id or key.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many records at most.")] = 20,
    accounts: Annotated[bool, typer.Option("--accounts", help="Name the accounts of each row.")] = False,
    postings: Annotated[bool, typer.Option("--postings", help="Show what DATEV books for each row.")] = False,
    why: Annotated[bool, typer.Option("--why", help="Say for each field why it has its value.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the EXTF files into this folder, or the only one to this file.")
    ] = None,
    csv: AsCsv = None,
    xlsx: AsXlsx = None,
    json: AsJson = False,
) -> None:
    """Show what would be booked, as a Buchungsliste.

    New and changed records come first, then those that wait. Nothing is stored and nothing is sent;
    documents and fiscal years are checked by the run itself.

    Example: ml-connector preview my-pipedrive --limit 10 --postings --why
    """
    with answered(), application() as app:
        if json and csv == _STANDARD_OUTPUT:
            raise typer.BadParameter(phrase("preview_one_output"))
        sums = Sums(app.services.rules(name))
        found = _counted(app, name, previewed(app.context(name), limit, wanted or ()), sums)
        to_files = bool(out or csv or xlsx)
        read: Iterable[Read] = list(found) if to_files else found
        if json:
            print_as_json(name, read, sums, app.settings.language)
        elif not to_files:
            _print_pages(read, Wanted(accounts, postings, why), app.settings.language)
        told = to_files and not json
        if csv:
            write_csv(csv, headings(), (cells(row) for _, rows in read for row in rows))
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
