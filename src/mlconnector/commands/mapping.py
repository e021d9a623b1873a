"""Commands for agreeing the mapping: mapping suggest writes a form, mapping take makes rows of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from mlconnector.commands.exports import AsCsv, AsXlsx, export
from mlconnector.commands.list_import import content_of, refuse
from mlconnector.commands.output import (
    AsJson,
    answered,
    application,
    complaints,
    language,
    paragraph,
    phrase,
    print_json,
    print_line,
    print_table,
    say,
)
from mlconnector.flow.agree import mapping_form, mapping_rows, own_words
from mlconnector.flow.agree.mapping_form import COLUMNS, possible_cases
from mlconnector.flow.agree.mapping_rows import Part, Taken
from mlconnector.flow.agree.own_words import MappedWord
from mlconnector.flow.agree.row_usage import Usage, usage

Connection = Annotated[str, typer.Argument()]


def mapping_suggest(name: Connection, csv: AsCsv = None, xlsx: AsXlsx = None, json: AsJson = False) -> None:
    """List what the source calls its tax rules, accounts and places, as a form for the adviser to fill in.

    The left side is filled in from the source, the right side with what the connection file says already.

    Example: ml-connector mapping suggest my-cin7 --xlsx zuordnung.xlsx
    """
    with answered(), application() as app:
        context = app.context(name)
        found = own_words.mapped(own_words.told(context), context.rules.mapping)
        rows = mapping_form.form_rows(found, language())
        headings = mapping_form.headings(language())
        written = export(csv, xlsx, phrase("mapping_sheet"), headings, rows)
        if json:
            used = usage(context)
            print_json({"connection": name, "words": [_plain(one, used) for one in found]})
        elif not found:
            say("no_own_words")
        elif not written:
            _show(headings, rows)
        lacking = sum(one.standing == "open" for one in found)
        if lacking and not json:
            paragraph(phrase("words_open", count=lacking, name=name), to=complaints)


def mapping_take(name: Connection, file: Annotated[Path, typer.Argument()], json: AsJson = False) -> None:
    """Check a form that was filled in, and print the rows for the connection file. Changes nothing.

    Example: ml-connector mapping take my-cin7 zuordnung.xlsx
    """
    with answered(), application() as app:
        taken = mapping_rows.take(app.context(name), content_of(file))
        if taken.faults:
            refuse(name, file, taken.faults, json=json)
        if json:
            print_json(_as_data(name, taken))
            return
        for part in taken.parts:
            if part.replaces is not None:
                print_line(f"# {_replaced(part)}")
            for line in (*part.toml.splitlines(), ""):
                print_line(line)
        facts = {"count": len(taken.parts), "same": taken.same, "left": taken.left, "name": name}
        paragraph(phrase("rows_taken" if taken.parts else "no_rows_taken", **facts), to=complaints)


def _show(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The form without empty columns, and without the cases to choose from, for which there is no room."""
    told = [at for at in range(len(COLUMNS) - 1) if any(row[at] for row in rows)]
    print_table([headings[at] for at in told], [[row[at] for at in told] for row in rows])


def _replaced(part: Part) -> str:
    if part.is_row:
        return phrase("row_replaced", table=part.table, number=part.replaces)
    return phrase("table_replaced", table=part.table)


def _plain(one: MappedWord, used: Usage) -> dict[str, Any]:
    own = one.word
    return {
        "kind": own.called,
        "table": own.table,
        "word": own.value,
        "name": own.name,
        "direction": own.direction,
        "rate": None if own.rate is None else f"{own.rate:f}",
        "active": own.is_active,
        "standing": one.standing,
        "rows": [
            {
                "row": row.number or None,
                "tax_case": row.choice.tax_case or None,
                "account": row.choice.account or None,
                "automatic": row.choice.automatic,
                "cost_centre": row.choice.cost_centre or None,
                "valid_from": row.choice.valid_from,
                "used": used.vouchers.get(row.named, 0),
            }
            for row in one.rows
        ],
        "possible": possible_cases(own),
    }


def _as_data(name: str, taken: Taken) -> dict[str, Any]:
    return {
        "connection": name,
        "toml": "\n\n".join(part.toml for part in taken.parts),
        "parts": [
            {
                "table": f"mapping.{part.table}",
                "content": part.content,
                "replaces": part.replaces,
                "lines": sorted(part.lines.values()),
            }
            for part in taken.parts
        ],
        "same": taken.same,
        "left": taken.left,
    }
