"""Vouchers as rows of a table, and how somebody says which of them are meant."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import typer

from mlconnector.commands.output import language, named, phrase
from mlconnector.flow.report.search import Search, Unreadable, amounts_of, period_of
from mlconnector.texts import notation


def _checked(read: Callable[[str], object], expected: str) -> Callable[[str | None], str | None]:
    """An option that is refused, with the form that is expected, where it cannot be read."""

    def check(text: str | None) -> str | None:
        if text is not None:
            try:
                read(text)
            except Unreadable as error:
                raise typer.BadParameter(phrase(expected, given=text)) from error
        return text

    return check


OfNumber = Annotated[str | None, typer.Option("--number")]
OfCustomer = Annotated[str | None, typer.Option("--customer")]
OfPeriod = Annotated[
    str | None,
    typer.Option(
        "--period",
        callback=_checked(period_of, "period_expected"),
    ),
]
OfAmount = Annotated[
    str | None,
    typer.Option(
        "--amount",
        callback=_checked(amounts_of, "amount_expected"),
    ),
]
OnPage = Annotated[int, typer.Option("--page", min=1)]

COLUMNS = ("number", "date", "customer", "amount", "currency")


def headings(*more: str) -> list[str]:
    """The headings of these columns, and of more of them."""
    return [phrase(f"heading_{key}") for key in (*COLUMNS, *more)]


def cells(one: Mapping[str, Any]) -> list[str]:
    """A voucher beneath these headings, in the language of the installation."""
    amount, day = one["amount"], one["document_date"]
    return [
        label(one),
        notation.day(day, language()) if isinstance(day, date) else "",
        one["customer"] or "",
        "" if amount is None else _money(Decimal(amount)),
        one["currency"] or "",
    ]


def label(one: Mapping[str, Any]) -> str:
    """What a voucher is called: its number, or its id in the source."""
    return str(one["number"] or one["external_id"])


def state_in_words(one: Mapping[str, Any]) -> str:
    """The state of a voucher, or that it was taken back; of one that is not booked why, by whom and when."""
    state = named("state", "reversed" if one["reversed"] else one["state"])
    if one["set_aside"] is not None:
        aside = one["set_aside"]
        return phrase("set_aside_line", state=state, reason=aside["reason"], by=aside["by"], at=aside["at"])
    return f"{state}: {one['reason_in_words']}" if one["state"] == "ignored" and one["reason"] else state


def page_line(found: Mapping[str, Any], shown: Sequence[object], again: str) -> str:
    """Which of how many are shown, and the command for the next page; empty where these are all."""
    first = (found["page"] - 1) * found["limit"] + 1
    last = first + len(shown) - 1
    if first == 1 and last >= found["total"]:
        return ""
    more = f"{again} --page {found['page'] + 1}" if last < found["total"] else None
    return phrase("page_line", first=first, last=last, total=found["total"], command=more)


def as_options(wanted: Search, **more: object) -> str:
    """What is searched for as options, for a command that is to be given again."""
    given = {**asdict(wanted), **more}
    return "".join(f" --{name} {shlex.quote(str(value))}" for name, value in given.items() if value)


def _money(amount: Decimal) -> str:
    return notation.number(amount, language(), notation.amount_places(amount))
