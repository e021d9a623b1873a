"""Rows that follow from a form: checked as the connection file would be, and written as TOML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from mlconnector.flow.agree.mapping_choices import Chosen, FormCheck
from mlconnector.flow.agree.mapping_form import FormRow, filled_in
from mlconnector.flow.agree.own_words import CENTRES, Choice, MappedWord, Row, centres_for, mapped, told
from mlconnector.flow.context.context import Context
from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.list_entries import Fault
from mlconnector.mapping.rules import Mapping as MappingTables
from mlconnector.mapping.rules import Rules
from mlconnector.model.unsuitable import SeveralUnsuitable, Unsuitable
from mlconnector.settings import parse_toml
from mlconnector.systems.own_words import OwnWord
from mlconnector.texts.complaints import told as complained
from mlconnector.texts.language import Language
from mlconnector.toml_lines import toml_value

Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the connection file: a row of a table, or a table of its own.

    `lines` says in which line of the form each of its words stands. `replaces` is the number of the row whose
    place it takes, None for one that is new. A table of its own takes the place of the entries of the same
    names, where `replaces` is 0.
    """

    table: str
    content: Table
    lines: Mapping[str, int]
    is_row: bool
    replaces: int | None = None

    @property
    def toml(self) -> str:
        """The part as it stands in the file."""
        name = f"mapping.{self.table}"
        heading = f"[[{name}]]" if self.is_row else f"[{name}]"
        return "\n".join([heading, *(f"{key} = {toml_value(value)}" for key, value in self.content.items())])


@dataclass(frozen=True, slots=True)
class Taken:
    """What a form comes to: parts for the connection file, or what is wrong with the form.

    `same` counts the lines that say what the mapping says already, `left` those in which nothing was chosen.
    """

    parts: tuple[Part, ...] = ()
    faults: tuple[Fault, ...] = ()
    same: int = 0
    left: int = 0


def take(context: Context, content: bytes) -> Taken:
    """Read a form that was filled in. Changes nothing; raises one of the four errors of the source."""
    words = _words(context)
    rows, faults = filled_in(content)
    return Taken(faults=tuple(faults)) if faults else _taken(context, words, rows)


def take_rows(context: Context, rows: Sequence[FormRow]) -> Taken:
    """The same for lines that were filled in elsewhere than in a file."""
    return _taken(context, _words(context), rows)


def _words(context: Context) -> Sequence[MappedWord]:
    return mapped(told(context), context.rules.mapping)


def _taken(context: Context, words: Sequence[MappedWord], rows: Sequence[FormRow]) -> Taken:
    settings, language = context.settings, context.services.settings.language
    rules = settings.rules
    chosen, faults, left = FormCheck(words, rules.books.account_length, language).chosen(rows)
    wrong = {one.line for one in faults}
    chosen = [one for one in chosen if one.line not in wrong]
    new = [one for one in chosen if one.choice not in [row.choice for row in one.word.rows]]
    written = parse_toml(settings.text, context.name).get("mapping", {})
    parts, of_tables = _parts(new, rules.mapping, written)
    faults += of_tables
    faults += _refused(parts, written, rules, language)
    if faults:
        return Taken(faults=tuple(sorted(faults, key=lambda one: one.line)))
    return Taken(tuple(parts), (), len(chosen) - len(new), left)


def _parts(
    chosen: Sequence[Chosen], mapping: MappingTables, written: Table
) -> tuple[list[Part], list[Fault]]:
    parts: dict[tuple[object, ...], Part] = {}
    tables: dict[str, list[Chosen]] = {}
    faults: list[Fault] = []
    for one in chosen:
        own = one.word.word
        table: str = own.table
        if table in {"tax_case", "revenue", "expense"}:
            parts.setdefault((own.called, own.value, one.choice.valid_from), _row(one, written))
            continue
        if table == "cost_centre":
            table = _centre(own, mapping)
        elif mapping.payments.table and mapping.payments.attribute != own.attribute:
            table = ""
        if table:
            tables.setdefault(table, []).append(one)
        else:
            facts = {"given": own.value, "attribute": own.attribute}
            faults.append(Fault(one.line, "table_looks_elsewhere", facts))
    return [*parts.values(), *(_table(name, some, written) for name, some in tables.items())], faults


def _row(one: Chosen, written: Table) -> Part:
    """The row with what was chosen, in the place of the one that begins alike, or behind one that stays."""
    own, choice, rows = one.word.word, one.choice, one.word.rows
    replaces = next((row.number for row in rows if row.choice.valid_from == choice.valid_from), None)
    model = replaces or _followed(rows, choice.valid_from)
    before: Table = dict(written[own.table][model - 1]) if model else {}
    before.pop("valid_from", None)
    if choice.valid_from is not None:
        before["valid_from"] = choice.valid_from
    content = _tax_case(own, choice, before) if own.table == "tax_case" else _account(own, choice, before)
    return Part(own.table, content, {own.value: one.line}, is_row=True, replaces=replaces)


def _followed(rows: Sequence[Row], begins: date | None) -> int | None:
    """The number of the row that one with this beginning follows; the first one where none begins before."""
    before = [row for row in rows if row.begins <= (begins or date.min)]
    found = max(before, key=lambda row: row.begins) if before else next(iter(rows), None)
    return None if found is None else found.number


def _tax_case(own: OwnWord, choice: Choice, before: Table) -> Table:
    """The row with the facts without which the settings refuse its case."""
    case = tax_cases()[choice.tax_case]
    needed = {"vat_id": "yes"} if case.vat_id == "yes" else {}
    needed |= {"region": "eu"} if case.eu == "country" else {}
    return {"tax_code": own.value, **before, **needed, "case": case.name}


def _account(own: OwnWord, choice: Choice, before: Table) -> Table:
    kept = {key: value for key, value in before.items() if key not in {"account", "automatic", "tax_case"}}
    content: Table = {"attributes": {own.attribute: own.value}, **kept}
    if choice.tax_case:
        content["tax_case"] = choice.tax_case
    if choice.account:
        content["account"] = choice.account
    if choice.automatic is not None:
        content["automatic"] = choice.automatic
    return content


def _centre(own: OwnWord, mapping: MappingTables) -> str:
    """The table of cost centres that a word belongs in; empty where both look at something else."""
    looking = [name for name, _ in centres_for(own.attribute, mapping)]
    free = [name for name in CENTRES if getattr(mapping, name) is None]
    return next(iter([*looking, *free]), "")


def _table(name: str, chosen: Sequence[Chosen], written: Table) -> Part:
    """A whole table, for an inline table of TOML cannot be added to."""
    before: Table = written.get(name, {})
    own = chosen[0].word.word
    new = {one.word.word.value: one.choice.account or one.choice.cost_centre for one in chosen}
    content = {"attribute": own.attribute, "table": {**before.get("table", {}), **new}}
    lines = {one.word.word.value: one.line for one in chosen}
    return Part(name, content, lines, is_row=False, replaces=0 if before else None)


def with_parts(written: Table, parts: Sequence[Part]) -> Table:
    """The `[mapping]` of a connection file with these parts in their places."""
    candidate: Table = {key: list(one) if isinstance(one, list) else one for key, one in written.items()}
    for part in parts:
        if not part.is_row:
            candidate[part.table] = {**candidate.get(part.table, {}), **part.content}
        elif part.replaces:
            candidate[part.table][part.replaces - 1] = part.content
        else:
            candidate.setdefault(part.table, []).append(part.content)
    return candidate


def _refused(parts: Sequence[Part], written: Table, rules: Rules, language: Language) -> Iterator[Fault]:
    """What the connection file would be refused for with these parts."""
    rows: dict[str, int] = {}
    new: dict[str, int] = {}
    for part in parts:
        if part.is_row:
            new[part.table] = new.get(part.table, len(written.get(part.table, []))) + (not part.replaces)
            number = part.replaces or new[part.table]
            rows[f"mapping.{part.table} row {number}"] = next(iter(part.lines.values()))
    for where, account, reason in _reasons(with_parts(written, parts), rules, language):
        line = rows.get(where) or _line_of_account(parts, account)
        yield Fault(line, "row_refused", {"reason": reason})


def _reasons(candidate: Table, rules: Rules, language: Language) -> Iterator[tuple[str, str, str]]:
    """Why a mapping cannot be used, each with its place in the connection file and the account concerned."""
    others = {name: getattr(rules, name) for name in Rules.model_fields if name != "mapping"}
    try:
        Rules.model_validate({**others, "mapping": MappingTables.model_validate(candidate)})
    except ValidationError as error:
        for one in error.errors(include_url=False):
            cause = one.get("ctx", {}).get("error")
            faults = cause.faults if isinstance(cause, SeveralUnsuitable) else [cause]
            for fault in faults:
                if isinstance(fault, Unsuitable):
                    reason = complained(fault.template, fault.facts, language)
                    yield fault.where, fault.facts.get("account", ""), reason
                else:
                    yield "", "", one["msg"]


def _line_of_account(parts: Sequence[Part], account: str) -> int:
    """The line in which an account of money was chosen; the first one where it is not to be found."""
    for part in parts:
        if not part.is_row:
            table = part.content["table"]
            for value, line in part.lines.items():
                if table[value] == account:
                    return line
    return next((line for part in parts for line in part.lines.values()), 1)
