"""The command status: how things stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from mlconnector.commands.login_facts import show_login_facts
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    batch_state,
    batches_title,
    console,
    heading,
    language,
    named,
    paragraph,
    phrase,
    print_json,
    print_line,
    print_table,
    print_words,
    say,
    states_in_words,
)
from mlconnector.commands.silent_places import say_silent_places
from mlconnector.flow.report import attention, batch_words, overview
from mlconnector.flow.report.outage_words import outage_lines
from mlconnector.flow.report.run_words import how_it_went, run_in_words
from mlconnector.store import connections
from mlconnector.texts.catalogue import Explanation
from mlconnector.texts.named import for_connection

_BATCHES_SHOWN = 12
_CAUSES_SHOWN = 10

Names = Annotated[list[str] | None, typer.Argument()]


def status(names: Names = None, json: AsJson = False) -> None:
    """Show states, vouchers, Buchungsstapel, what waits.

    Ends with 1 while something waits for a human or does not work, with 3 while a login is needed.

    Example: ml-connector status --json
    """
    with answered(), application(says_disconnected=True) as app:
        with app.database.read() as db:
            known = [row.name for row in connections.every(db)]
        report = {name: overview.connection(app.context(name)) for name in names or known}
        if json:
            print_json(report)
        elif not report:
            say("no_connections")
        else:
            show(report)
        is_silent = say_silent_places(app.services)
        ended = exit_code(report)
        raise typer.Exit(Exit.PROBLEMS if ended is Exit.FINE and is_silent else ended)


def exit_code(report: Mapping[str, Mapping[str, Any]], *, finished: bool = False) -> Exit:
    """3 when a login is needed, 1 when something waits for a human or does not work, 0 otherwise.

    What is ready and waits only for the release waits for a human.

    `finished` says that nobody works any more: then a Buchungsstapel that is under way is stuck.
    """
    kinds = {each.kind for one in report.values() for each in attention.wanted(one, finished=finished)}
    if "login_needed" in kinds:
        return Exit.LOGIN_NEEDED
    if kinds:
        return Exit.PROBLEMS
    return Exit.FINE


def show(report: Mapping[str, Mapping[str, Any]]) -> None:
    """Print what became of everything."""
    for number, (name, one) in enumerate(report.items()):
        if number:
            console.print()
        heading(f"{name}: {named('connection', one['state'])}")
        source, client = named("source", one["source"]), one["client"]
        paragraph(phrase("client_line", source=source, client=client), 2)
        _show_trouble(one)
        _show_release(name, one)
        for asked in one["waits_for_approval"]:
            facts = {**asked, "wanted": named("approval", asked["kind"])}
            paragraph(phrase("approval_asked", **facts), 2, hanging=2)
        for login in one["logins"]:
            key = "no_login_line" if login["until"] is None else "login_line"
            facts = {"system": named("system", login["system"]), "until": login["until"], "by": login["by"]}
            paragraph(phrase(key, **facts), 2)
            show_login_facts(name, login, 4)
        _show_requests(one["sink_requests"])
        _show_calls(one["source"], one["calls_left"])
        _show_run(one["latest_run"], put_off=bool(one["out_of_reach"]))
        for line in outage_lines(one["out_of_reach"], language()):
            paragraph(line, 2, hanging=2)
        states = states_in_words(one["vouchers"]) or phrase("no_vouchers")
        taken_back = one["reversed"] or None
        paragraph(phrase("vouchers_line", states=states, reversed=taken_back), 2, hanging=2)
        if one["unconfirmed"]:
            paragraph(phrase("unconfirmed_line", count=len(one["unconfirmed"]), name=name), 2, hanging=2)
        _show_persons(name, one["persons"])
        _show_batches(one["batches"])
        _show_waiting(name, one["problems"], one["vouchers"])


def _show_trouble(one: Mapping[str, Any]) -> None:
    """Why a connection does not work, and the way out."""
    name, reason = one["connection"], one["state_reason"]
    if one["state"] == "paused":
        paragraph(phrase("paused_line", name=name), 2)
    elif one["state"] == "degraded" and one["trouble"] is None:
        paragraph(phrase("broken_line", reason=reason.removeprefix("broken: ")), 2)
    elif one["state"] == "degraded":
        words = Explanation(**{part: for_connection(text, name) for part, text in one["trouble"].items()})
        paragraph(words.what, 2)
        print_words(words, 4)
    elif one["state"] == "needs_login":
        system, _, why = reason.partition(": ")
        if any(login["needed"] for login in one["logins"]) or not reason:
            say_in("next_login", name)
        else:
            paragraph(phrase("new_credentials", system=named("system", system), reason=why), 2)


def _show_release(name: str, one: Mapping[str, Any]) -> None:
    """Who released the connection; or that nothing is sent, what waits for that, and the way out."""
    if one["released"] is not None:
        paragraph(phrase("released_line", **one["released"]), 2, hanging=2)
    elif one["waits_for_release"] is not None:
        waits = {key: count or None for key, count in one["waits_for_release"].items()}
        paragraph(phrase("not_released_line", name=name, **waits), 2, hanging=2)


def _show_requests(requests: Mapping[str, Any]) -> None:
    """Warn where DATEV's limits for requests are not kept."""
    if "gets" in requests["alarms"]:
        paragraph(phrase("too_many_gets", gets=requests["gets"], transfers=requests["transfers"]), 2)
    if "errors" in requests["alarms"]:
        share = f"{100 * requests['error_share']:.0f}"
        paragraph(phrase("too_many_errors", share=share, requests=requests["requests"]), 2)


def _show_calls(source: str, left: Mapping[str, Any] | None) -> None:
    """What is left of the calls that the source allows."""
    if left is not None:
        facts = {
            "source": named("source", source),
            "closed": f"{left['closed_for']:.0f}" if left["closed_for"] else "",
        }
        paragraph(phrase("calls_left_line", **{**left, **facts}), 2)


def say_in(key: str, name: str) -> None:
    """Print a sentence about a connection beneath its heading."""
    print_line(phrase(key, name=name), 2)


def _show_run(run: Mapping[str, Any] | None, *, put_off: bool) -> None:
    """How the latest run went; what it could not reach, where it was `put_off`, follows."""
    if run is None:
        return
    how = how_it_went(run["state"], run["outcome"], put_off=put_off)
    outcome = run_in_words(how, run["outcome"], language())
    paragraph(phrase("run_line", at=run["started_at"], outcome=outcome), 2, hanging=2)


def _show_persons(name: str, persons: Mapping[str, int]) -> None:
    """Debtors and creditors that somebody has to let go."""
    if persons.get("waiting"):
        paragraph(phrase("persons_waiting_line", count=persons["waiting"], name=name), 2, hanging=2)
    if persons.get("failed"):
        paragraph(phrase("persons_failed_line", count=persons["failed"], name=name), 2, hanging=2)


def _show_batches(batches: Sequence[Mapping[str, Any]]) -> None:
    """The last Buchungsstapel, and all that are not at their end or were rejected."""
    last = batches[-_BATCHES_SHOWN:]
    before = [one for one in batches[:-_BATCHES_SHOWN] if one["state"] not in {"succeeded", "dissolved"}]
    shown = [*before, *last]
    if not shown:
        return
    heading(batches_title([one["format"] for one in shown]), 2)
    columns = [
        phrase("heading_month"),
        phrase("heading_rows"),
        phrase("heading_state"),
        phrase("heading_file"),
    ]
    rows = [
        (one["period"], one["rows"], batch_state(one["format"], one["state"]), one["file"]) for one in shown
    ]
    print_table(columns, rows, indent=4, right={1})
    if len(shown) < len(batches):
        paragraph(phrase("batches_before", count=len(batches) - len(shown)), 4)
    for one in shown:
        if one["job_id"] and (one["cause"] or one["state"] not in {"succeeded", "dissolved"}):
            paragraph(f"{one['file']}: {phrase('job_line', number=one['job_id'])}", 4, hanging=2)
            for line in answer_lines(one["answer"]):
                paragraph(line, 6, hanging=2)


def answer_lines(answer: Any) -> list[str]:
    """DATEV's answer about a job that failed, in the language of the installation."""
    return batch_words.answer_lines(answer, language())


def _show_waiting(name: str, problems: Sequence[Mapping[str, Any]], vouchers: Mapping[str, int]) -> None:
    if not problems:
        return
    waiting = vouchers.get("needs_human", 0) + vouchers.get("rejected", 0)
    heading(phrase("waiting_title", count=waiting or sum(one["count"] for one in problems)), 2)
    for one in problems[:_CAUSES_SHOWN]:
        paragraph(f"{one['count']} × {one['what']}", 4, hanging=4)
        _show_differences(one)
    if len(problems) > _CAUSES_SHOWN:
        paragraph(phrase("more_causes", count=len(problems) - _CAUSES_SHOWN), 4)
    say_in("see_inbox", name)


def _show_differences(one: Mapping[str, Any]) -> None:
    """What is so of each voucher alone, of the first ones."""
    with_own = [each for each in one["vouchers"] if each["own"]]
    for each in with_own:
        paragraph(f"{each['number'] or each['external_id']}: {each['own']}", 8, hanging=2)
    more = one["count"] - len(one["vouchers"])
    if with_own and more:
        paragraph(phrase("more_of_a_cause", count=more), 8)
