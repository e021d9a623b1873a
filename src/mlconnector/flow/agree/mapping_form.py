"""The form in which a mapping is agreed: a source's own words on its left, what is chosen on its right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import get_args

from mlconnector.flow.agree.own_words import Choice, MappedWord
from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.list_entries import Fault
from mlconnector.mapping.sheets import SheetRow, UnreadableTable, read_table
from mlconnector.systems.own_words import OwnWord
from mlconnector.texts import notation
from mlconnector.texts.catalogue import word
from mlconnector.texts.language import Language

COLUMNS = (
    *("called", "value", "name", "facts", "standing"),
    *("tax_case", "account", "automatic", "cost_centre", "valid_from", "possible"),
)
CHOSEN = ("tax_case", "account", "automatic", "cost_centre", "valid_from")
"""The columns on the right side, which people fill in."""

_GERMAN_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_NEEDED = ("called", "value")
_LANGUAGES: tuple[Language, ...] = get_args(Language)
_BY_TAX_CASE = "by_tax_case"


@dataclass(frozen=True, slots=True)
class FormRow:
    """A line of a form that people have filled in, by our names of its columns, and what they are called."""

    line: int
    cells: Mapping[str, str]
    headings: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def heading(self, column: str) -> str:
        """What the file calls a column."""
        return self.headings.get(column, column)

    @property
    def is_filled_in(self) -> bool:
        """Whether anything was chosen."""
        return any(self[column] for column in CHOSEN)


def headings(language: Language) -> list[str]:
    """What the columns are called."""
    return [word("mapping_column", column, language) for column in COLUMNS]


def form_rows(found: Iterable[MappedWord], language: Language) -> list[list[str]]:
    """The cells of a form: a line for each row that names a word, and for each word that none does."""
    return [
        _cells(one, choice, language)
        for one in found
        for choice in ([row.choice for row in one.rows] or [Choice()])
    ]


def possible_cases(own: OwnWord) -> list[str]:
    """The tax cases that a tax rule may mean, by its direction and its rate; none for other words."""
    if own.table != "tax_case":
        return []
    return [
        case.name
        for case in tax_cases().values()
        if case.direction == own.direction and (own.rate is None or case.rate in {None, own.rate})
    ]


def filled_in(content: bytes) -> tuple[list[FormRow], list[Fault]]:
    """The lines of a form as it was filled in, whatever its language, and why it cannot be read."""
    try:
        rows = read_table(content)
    except UnreadableTable as error:
        return [], [Fault(error.line or 1, error.reason)]
    if not rows:
        return [], [Fault(1, "file_empty")]
    first, *others = rows
    columns = [_columns().get(_plain(cell)) for cell in first.cells]
    faults = list(_faults_of_headings(first, columns))
    if not faults and not others:
        faults.append(Fault(1, "no_rows"))
    if faults:
        return [], faults
    named = {column: cell for column, cell in zip(columns, first.cells, strict=True) if column is not None}
    return [_form_row(row, columns, named) for row in others], []


def kind_of(cell: str, kinds: Iterable[str]) -> str:
    """Which of the kinds of words a cell names, in whatever language; empty where it names none."""
    wanted = _plain(cell)
    return next((kind for kind in kinds if wanted in _said("own_word", kind)), "")


def says_by_tax_case(cell: str) -> bool:
    """Whether a cell leaves the account to the tax case."""
    return _plain(cell) in _said("chosen_account", _BY_TAX_CASE)


def automatic_of(cell: str) -> bool | None:
    """Whether a cell says that an account is automatic, None where it says neither."""
    said = _plain(cell)
    if said in _said("yes_no", "true") | {"true", "1"}:
        return True
    return False if said in _said("yes_no", "false") | {"false", "0"} else None


def day_of(cell: str) -> date | None:
    """The day that a cell says, as either language writes it; None where it says none."""
    german = _GERMAN_DAY.fullmatch(cell)
    try:
        return date(*map(int, reversed(german.groups()))) if german else date.fromisoformat(cell)
    except ValueError:
        return None


def _faults_of_headings(first: SheetRow, columns: Sequence[str | None]) -> Iterable[Fault]:
    for column in _NEEDED:
        if column not in columns:
            wanted = ", ".join(word("mapping_column", column, one) for one in _LANGUAGES)
            facts = {"column": wanted, "headings": ", ".join(first.cells)}
            yield Fault(first.line, "mapping_column_missing", facts)
    for column in COLUMNS:
        twice = [cell for cell, one in zip(first.cells, columns, strict=True) if one == column]
        if len(twice) > 1:
            yield Fault(first.line, "column_twice", {"column": ", ".join(twice)})


def _form_row(row: SheetRow, columns: Sequence[str | None], named: Mapping[str, str]) -> FormRow:
    cells = {column: row[at] for at, column in enumerate(columns) if column is not None}
    return FormRow(row.line, cells, named)


def _cells(one: MappedWord, choice: Choice, language: Language) -> list[str]:
    own = one.word
    return [
        word("own_word", own.called, language),
        own.value,
        own.name,
        _facts(own, language),
        word("mapping_standing", one.standing, language),
        choice.tax_case,
        word("chosen_account", _BY_TAX_CASE, language) if choice.by_tax_case else choice.account,
        "" if choice.automatic is None else word("yes_no", str(choice.automatic).lower(), language),
        choice.cost_centre,
        "" if choice.valid_from is None else notation.day(choice.valid_from, language),
        ", ".join(possible_cases(own)),
    ]


def _facts(own: OwnWord, language: Language) -> str:
    rate = "" if own.rate is None else f"{notation.number(own.rate.normalize(), language)} %"
    direction = word("direction", own.direction, language) if own.direction else ""
    inactive = "" if own.is_active else word("own_word_state", "inactive", language)
    return ", ".join(filter(None, (rate, direction, inactive)))


@cache
def _columns() -> Mapping[str, str]:
    return {said: column for column in COLUMNS for said in _said("mapping_column", column)}


def _said(kind: str, value: str) -> frozenset[str]:
    """What a cell may say for a value of ours: its word in each language, or the value itself."""
    return frozenset({_plain(value), *(_plain(word(kind, value, one)) for one in _LANGUAGES)})


def _plain(text: str) -> str:
    """A text without spaces, punctuation and case."""
    return re.sub(r"[\W_]", "", text).casefold()
