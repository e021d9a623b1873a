"""The command inbox: why vouchers wait, each cause with its cure, its vouchers, and one line that ends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    console,
    heading,
    paragraph,
    phrase,
    print_json,
    print_line,
    print_table,
    print_words,
    say,
)
from mlconnector.commands.voucher_rows import (
    OfAmount,
    OfCustomer,
    OfNumber,
    OfPeriod,
    OnPage,
    as_options,
    cells,
    headings,
)
from mlconnector.flow.report import waiting
from mlconnector.flow.report.search import EVERYTHING, Search
from mlconnector.texts.catalogue import Explanation
from mlconnector.texts.named import for_connection

_VOUCHERS_SHOWN = 10


def show_inbox(
    name: Annotated[str | None, typer.Argument()] = None,
    cause: Annotated[str | None, typer.Option()] = None,
    number: OfNumber = None,
    customer: OfCustomer = None,
    period: OfPeriod = None,
    amount: OfAmount = None,
    limit: Annotated[int | None, typer.Option(min=1)] = None,
    page: OnPage = 1,
    json: AsJson = False,
) -> None:
    """Show why vouchers wait, each cause with its cure.

    Ends with 1 while something waits.

    Example: ml-connector inbox my-pipedrive --customer Muster --limit 50
    """
    wanted = Search(number=number, customer=customer, period=period, amount=amount)
    with answered(), application() as app:
        if name is not None:
            app.services.connection(name)
        at_once = limit or (_VOUCHERS_SHOWN if not json or page > 1 else None)
        found = waiting.causes(app.services, name, wanted, cause=cause, limit=at_once, page=page)
        if json:
            print_json(found)
        elif not found:
            say("nothing_waits" if (wanted, cause, page) == (EVERYTHING, None, 1) else "nothing_found")
        else:
            for place, one in enumerate(found, start=1):
                _show_cause(place, one, page, at_once or one["count"], as_options(wanted))
        if found:
            raise typer.Exit(Exit.PROBLEMS)


def _show_cause(place: int, one: Mapping[str, Any], page: int, limit: int, given: str) -> None:
    if place > 1:
        console.print()
    heading(f"{place}. {one['count']} × {one['what']}", hanging=3)
    name, cause = one["connection"], one["cause"]
    parts = {part: for_connection(one[part], name, cause) for part in ("why", "do", "who")}
    print_words(Explanation(what="", **parts), 3)
    print_vouchers(one, 3)
    shown = (page - 1) * limit + len(one["vouchers"])
    if shown < one["count"]:
        again = for_connection("ml-connector inbox NAME --cause …", name, cause) + given
        command = f"{again} --limit {limit} --page {page + 1}"
        paragraph(phrase("more_vouchers", count=one["count"] - shown, command=command), 3, hanging=2)
    command = for_connection("ml-connector replay NAME --cause …", name, cause)
    print_line(f"{phrase('after_the_fix')} {command}", 3)


def print_vouchers(one: Mapping[str, Any], indent: int) -> None:
    """Print the vouchers of a cause; where they differ, each with what is so of it alone."""
    with_own = any(each["own"] for each in one["vouchers"])
    rows = [
        [*cells(each), each["link"] or "", *([each["own"]] if with_own else [])] for each in one["vouchers"]
    ]
    print_table(headings("link", *(["own"] if with_own else [])), rows, indent=indent, right={3})
