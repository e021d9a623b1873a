"""Commands for what a person decides not to have booked: ignore, booked-by-hand, unignore."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from mlconnector.app import Application
from mlconnector.commands.list_import import By, WithoutAsking, may_go_on
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    paragraph,
    phrase,
    print_json,
    print_table,
    say,
)
from mlconnector.commands.repairs import Connection, somebody
from mlconnector.commands.voucher_rows import cells, headings, state_in_words
from mlconnector.flow.agree.reasons import refuse_without
from mlconnector.flow.report import aside, record_lists
from mlconnector.flow.report.aside import Wanted
from mlconnector.store.vouchers import SetAside, VoucherRow

Vouchers = Annotated[list[str] | None, typer.Argument(metavar="VOUCHER…")]
OfCause = Annotated[str | None, typer.Option("--cause")]

_SHOWN = 40


def ignore(
    name: Connection,
    reason: Annotated[str, typer.Option()],
    wanted: Vouchers = None,
    cause: OfCause = None,
    yes: WithoutAsking = False,
    by: By = "",
    json: AsJson = False,
) -> None:
    """Leave vouchers out: they are not booked, whatever changes in the source.

    Several are shown, and asked for once at a terminal. `vouchers --state ignored` lists them, `unignore`
    takes it back. What is in DATEV already is a matter for booked-by-hand.

    Example: ml-connector ignore my-pipedrive RE-2026-00815 --reason "test invoice"
    """
    _set_aside(name, _which(wanted, cause), "ignored", reason, yes=yes, by=by, json=json)


def booked_by_hand(
    name: Connection,
    reason: Annotated[str, typer.Option()],
    wanted: Vouchers = None,
    cause: OfCause = None,
    yes: WithoutAsking = False,
    by: By = "",
    json: AsJson = False,
) -> None:
    """Note that vouchers were booked by hand: they are not booked again.

    A later change in the source waits in the inbox, because it concerns what somebody has typed; giving this
    command again says that it was seen to. `unignore` takes it back.

    Example: ml-connector booked-by-hand my-pipedrive RE-2026-00815 --reason "typed in on 2 July"
    """
    _set_aside(name, _which(wanted, cause), "booked_by_hand", reason, yes=yes, by=by, json=json)


def unignore(
    name: Connection,
    wanted: Annotated[list[str], typer.Argument(metavar="VOUCHER…")],
    reason: Annotated[str, typer.Option()] = "",
    yes: WithoutAsking = False,
    by: By = "",
    json: AsJson = False,
) -> None:
    """Take back that vouchers were left out or booked by hand.

    The next run reads them again and decides them anew. What was booked by hand would then stand in DATEV
    twice, unless that booking is taken back there first: at a terminal this asks once.

    Example: ml-connector unignore my-pipedrive RE-2026-00815
    """
    with answered(), application() as app:
        app.services.refuse_while_disconnected(name)
        context = app.context(name)
        rows = aside.to_be_taken_back(context, wanted)
        typed = [row for row in rows if row.state == "booked_by_hand"]
        if typed and not json:
            _show(app, typed)
        done: Sequence[VoucherRow] = ()
        if not typed or may_go_on("unignore_question", yes=yes, json=json, count=len(typed)):
            done = aside.take_back(context, wanted, reason, by.strip() or somebody())
        if json:
            print_json({"connection": name, "taken_back": len(done), "vouchers": _labels(done)})
        elif done:
            say("taken_back", vouchers=", ".join(_labels(done)), name=name)
        else:
            paragraph(phrase("nothing_changed"))
        if not done:
            raise typer.Exit(Exit.PROBLEMS)


def _which(wanted: list[str] | None, cause: str | None) -> Wanted:
    if bool(wanted) == (cause is not None):
        raise typer.BadParameter(phrase("say_which_or_cause"))
    return Wanted(tuple(wanted or ()), cause)


def _set_aside(
    name: str, wanted: Wanted, state: SetAside, reason: str, *, yes: bool, by: str, json: bool
) -> None:
    with answered(), application() as app:
        app.services.refuse_while_disconnected(name)
        context, who = app.context(name), by.strip() or somebody()
        refuse_without(reason)
        rows = aside.meant(context, wanted, state)
        many = len(rows) > 1
        if many and not json:
            _show(app, rows)
        done: Sequence[VoucherRow] = ()
        question = "ignore_question" if state == "ignored" else "by_hand_question"
        if rows and (not many or may_go_on(question, yes=yes, json=json, count=len(rows))):
            exactly = Wanted([row.id for row in rows])
            done = aside.set_aside(context, exactly, state, reason, who)
        if json:
            told: dict[str, Any] = {"connection": name, "state": state, "vouchers": _labels(done)}
            print_json({**told, "count": len(done), "reason": reason.strip(), "by": who})
        elif done:
            _say_done(name, state, done)
        else:
            paragraph(phrase("nothing_changed" if rows else "none_replayed", name=name))
        if not done:
            raise typer.Exit(Exit.PROBLEMS)


def _say_done(name: str, state: SetAside, done: Sequence[VoucherRow]) -> None:
    if state == "booked_by_hand":
        say("noted_by_hand", vouchers=", ".join(_labels(done)), name=name)
        return
    booked = [row for row in done if row.state in {"settled", "booked_by_hand"}]
    if booked:
        say("stays_booked", vouchers=", ".join(_labels(booked)))
    if len(booked) < len(done):
        say("left_out", vouchers=", ".join(_labels([row for row in done if row not in booked])), name=name)


def _show(app: Application, rows: Sequence[VoucherRow]) -> None:
    told = record_lists.told_of(app.services, rows[:_SHOWN])
    print_table(headings("state"), [[*cells(one), state_in_words(one)] for one in told], right={3})
    if len(rows) > _SHOWN:
        paragraph(phrase("more_rows", count=len(rows) - _SHOWN), 2)


def _labels(rows: Sequence[VoucherRow]) -> list[str]:
    return [row.label for row in rows]
