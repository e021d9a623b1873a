"""Commands that list everything there is: vouchers, batches, and one batch with its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from mlconnector.commands.output import (
    AsJson,
    answered,
    application,
    batch_state,
    heading,
    paragraph,
    phrase,
    print_json,
    print_line,
    print_table,
    say,
)
from mlconnector.commands.status import answer_lines
from mlconnector.commands.voucher_rows import (
    OfAmount,
    OfCustomer,
    OfNumber,
    OfPeriod,
    OnPage,
    as_options,
    cells,
    headings,
    page_line,
    state_in_words,
)
from mlconnector.flow.report import record_lists
from mlconnector.flow.report.search import ListedState, Search
from mlconnector.store.batches import BatchState

Name = Annotated[str | None, typer.Argument()]
Limit = Annotated[int, typer.Option(min=1, max=100_000)]


def list_vouchers(
    name: Name = None,
    state: Annotated[
        ListedState | None,
        typer.Option(),
    ] = None,
    number: OfNumber = None,
    customer: OfCustomer = None,
    period: OfPeriod = None,
    amount: OfAmount = None,
    limit: Limit = 50,
    page: OnPage = 1,
    json: AsJson = False,
) -> None:
    """List and search vouchers, those left out included.

    The latest changed come first. `audit show VOUCHER` tells the story of one.

    Example: ml-connector vouchers my-pipedrive --state ignored --period 2026-07
    """
    with answered(), application() as app:
        if name is not None:
            app.services.connection(name)
        wanted = Search(state, number, customer, period, amount)
        found = record_lists.vouchers_of(app.services, name, wanted, limit=limit, page=page)
        rows = found["vouchers"]
        if json:
            print_json(found)
        elif not rows:
            say("nothing_found")
        else:
            several = name is None and len({one["connection"] for one in rows}) > 1
            more = ["state", *(["connection"] if several else []), "link"]
            print_table(headings(*more), [_row(one, several=several) for one in rows], right={3})
            again = _again("vouchers", name) + as_options(wanted, limit=limit)
            paragraph(page_line(found, rows, again), hanging=2)


def _again(command: str, name: str | None) -> str:
    return " ".join(filter(None, ("ml-connector", command, name)))


def _row(one: Mapping[str, Any], *, several: bool) -> list[str]:
    return [*cells(one), state_in_words(one), *([one["connection"]] if several else []), one["link"] or ""]


def list_batches(
    name: Name = None,
    state: Annotated[BatchState | None, typer.Option()] = None,
    number: OfNumber = None,
    customer: OfCustomer = None,
    period: OfPeriod = None,
    amount: OfAmount = None,
    limit: Limit = 50,
    page: OnPage = 1,
    json: AsJson = False,
) -> None:
    """List and search Buchungsstapel by what they book.

    Number, customer and amount are those of a voucher in it, the number also that of the file or the Auftrag;
    the period is that of the Buchungsstapel. The latest come first.

    Example: ml-connector batches my-pipedrive --number RE-2026-00815
    """
    with answered(), application() as app:
        if name is not None:
            app.services.connection(name)
        wanted = Search(None, number, customer, period, amount)
        found = record_lists.batches_of(app.services, name, wanted, state=state, limit=limit, page=page)
        rows = found["batches"]
        if json:
            print_json(found)
        elif not rows:
            say("nothing_found")
        else:
            keys = ("month", "rows", "vouchers", "state", "connection", "file")
            print_table([phrase(f"heading_{key}") for key in keys], map(_batch_row, rows), right={1, 2})
            again = _again("batches", name) + as_options(wanted, state=state, limit=limit)
            paragraph(page_line(found, rows, again), hanging=2)


def _batch_row(one: Mapping[str, Any]) -> list[object]:
    state = batch_state(one["format"], one["state"])
    return [one["period"], one["rows"], one["vouchers"], state, one["connection"], one["file"]]


def show_batch(
    wanted: Annotated[str, typer.Argument(metavar="BATCH")],
    save: Annotated[bool, typer.Option("--save")] = False,
    out: Annotated[Path | None, typer.Option("--out")] = None,
    json: AsJson = False,
) -> None:
    """Show a Buchungsstapel with its vouchers, or save its file.

    A file of the same name with another content is never overwritten.

    Example: ml-connector batch EXTF_pipedrive_2026-07_3f2a9c0d1e2f4b5c.csv --save
    """
    with answered(), application() as app:
        one = record_lists.batch_of(app.services, wanted)
        if save or out is not None:
            one["saved"] = str(_save(*_file(app.services, one["id"]), out))
        if json:
            print_json(one)
        elif "saved" in one:
            say("batch_saved", file=one["saved"], sha256=one["sha256"])
        else:
            _show(one)


def _file(services: Any, batch: str) -> tuple[str, bytes]:
    row, content = record_lists.file_of(services, batch)
    return row.file_name, content


def _save(file_name: str, content: bytes, out: Path | None) -> Path:
    target = Path(file_name) if out is None else out / file_name if out.is_dir() else out
    if target.exists() and target.read_bytes() != content:
        raise typer.BadParameter(phrase("file_is_there", file=target), param_hint="--out")
    target.write_bytes(content)
    return target


def _show(one: Mapping[str, Any]) -> None:
    heading(one["file"])
    facts = {key: one[key] for key in ("client", "period", "rows", "sha256", "connection")}
    paragraph(phrase("batch_line", state=batch_state(one["format"], one["state"]), **facts), 2, hanging=2)
    if one["job_id"]:
        print_line(phrase("job_line", number=one["job_id"]), 2)
    for line in answer_lines(one["answer"]):
        paragraph(line, 4, hanging=2)
    if one["booked"]:
        rows = [_row(each, several=False) for each in one["booked"]]
        print_table(headings("state", "link"), rows, indent=2, right={3})
    print_line(phrase("batch_save_line", batch=one["file"]), 2)
