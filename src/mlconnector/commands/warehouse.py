"""Commands for the tables of a warehouse: load, status, check, import and replay."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mlconnector.commands.list_import import content_of
from mlconnector.commands.output import (
    AsJson,
    Exit,
    answered,
    application,
    heading,
    language,
    named,
    paragraph,
    phrase,
    print_json,
    print_table,
    say,
)
from mlconnector.commands.ping import show_step
from mlconnector.commands.repairs import somebody
from mlconnector.flow.connect.step_rows import step_row
from mlconnector.flow.warehouse import asking, imports
from mlconnector.flow.warehouse.imports import Taken
from mlconnector.flow.warehouse.loading import Report, load_into, replay
from mlconnector.flow.warehouse.shown import load_data, warehouse_data
from mlconnector.flow.warehouse.target import some_targets
from mlconnector.texts.catalogue import explain


def warehouse_load(json: AsJson = False) -> None:
    """Load what is new into the tables of the warehouse."""
    with answered(), application() as app:
        report, taken = Report(), []
        for target in asking.ask_for_new(app.services, somebody()):
            taken += imports.take_folder(target)
            load_into(target, report)
        _end(report, taken, json=json)


def warehouse_import(files: Annotated[list[Path], typer.Argument()], json: AsJson = False) -> None:
    """Load files of other software."""
    with answered(), application() as app:
        contents = [(file.name, content_of(file)) for file in files]
        report, taken = Report(), []
        for target in some_targets(app.services):
            taken += [imports.take(target, name, content) for name, content in contents]
            load_into(target, report)
        _end(report, taken, json=json)


def warehouse_replay(load: Annotated[str, typer.Argument()], json: AsJson = False) -> None:
    """Carry a load again."""
    with answered(), application() as app:
        _end(replay(*asking.ask_again(app.services, load, somebody())), [], json=json)


def warehouse_status(json: AsJson = False) -> None:
    """Show what the tables hold, and which loads have not arrived."""
    with answered(), application() as app:
        found = [warehouse_data(target, language()) for target in some_targets(app.services)]
        if json:
            print_json(found)
        else:
            for one in found:
                _show_state(one)
        if any(one["problem"] or one["failed"] or one["left_out"] for one in found):
            raise typer.Exit(Exit.PROBLEMS)


def warehouse_check(json: AsJson = False) -> None:
    """Check step by step whether the warehouse can be loaded."""
    with answered(), application() as app:
        rows: list[dict[str, Any]] = []
        for target in some_targets(app.services):
            for step in target.check():
                rows.append({"warehouse": target.name, **step_row(target.name, step, language())})
                if not json:
                    show_step(rows[-1])
        if json:
            print_json({"steps": rows})
        if any(row["outcome"] == "failed" for row in rows):
            raise typer.Exit(Exit.PROBLEMS)


def _end(report: Report, taken: list[Taken], *, json: bool) -> None:
    """Tell how loads ended; ends with 1 where something did not arrive or is held."""
    held = [one.problem for one in taken if one.problem is not None]
    problems = [*report.failures, *report.left_out, *held]
    if json:
        print_json(load_data(report, taken, language()))
    else:
        for problem in problems:
            words = explain(problem.key, problem.facts, language())
            paragraph(words.what, style="bold")
            paragraph(words.why, 2)
            paragraph(words.do, 2)
        for reason in report.reasons:
            say("warehouse_later", reason=reason)
        say("warehouse_loaded", verified=report.verified, unchanged=report.unchanged)
        if report.left_out:
            say("warehouse_left_out", count=len(report.left_out))
        for one in taken:
            if one.outcome != "held":
                outcome = named("import_outcome", one.outcome)
                say("warehouse_taken", file=one.file_name, client=one.client, outcome=outcome)
    if problems or report.later:
        raise typer.Exit(Exit.PROBLEMS)


def _show_state(one: dict[str, Any]) -> None:
    heading(f"{named('system', one['warehouse'])}: {one['place']}")
    if one["problem"] is not None:
        for words in ("what", "why", "do"):
            paragraph(one["problem"][words], 2)
    else:
        columns = [phrase(f"heading_{column}") for column in ("tables", "rows", "deleted", "files")]
        rows = [
            (each["table"], each["rows"], each["deleted"], "" if each["files"] is None else each["files"])
            for each in one["tables"]
        ]
        print_table(columns, rows, indent=2, right={1, 2, 3})
    for row in (*one["failed"], *one["left_out"]):
        paragraph(f"{row['load'][:12]}: {row['problem']['what']}", 2)
        paragraph(row["problem"]["do"], 4)
        if row.get("next_try"):
            paragraph(phrase("warehouse_next_try", at=row["next_try"]), 4)
