"""Choices: what people have chosen in a form for a source's own words, checked cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from mlconnector.flow.agree.mapping_form import (
    CHOSEN,
    FormRow,
    automatic_of,
    day_of,
    kind_of,
    possible_cases,
    says_by_tax_case,
)
from mlconnector.flow.agree.own_words import Choice, MappedWord
from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.list_entries import Fault, case_named
from mlconnector.mapping.tables import CostCentres
from mlconnector.systems.own_words import MappingTable, OwnWord
from mlconnector.texts.catalogue import word as word_for
from mlconnector.texts.language import Language

_TAKES: Mapping[MappingTable, tuple[str, ...]] = {
    "tax_case": ("tax_case", "valid_from"),
    "revenue": ("tax_case", "account", "automatic", "valid_from"),
    "expense": ("tax_case", "account", "automatic", "valid_from"),
    "payments": ("account",),
    "cost_centre": ("cost_centre",),
}
"""Which columns of the right side a word takes, by the table that looks at it."""

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen for a word, and in which line."""

    line: int
    word: MappedWord
    choice: Choice


@dataclass(frozen=True, slots=True)
class FormCheck:
    """Checks the lines of a form against the words that the source tells now."""

    words: Sequence[MappedWord]
    account_length: int
    language: Language

    def chosen(self, rows: Iterable[FormRow]) -> tuple[list[Chosen], list[Fault], int]:
        """What was chosen, all that is wrong, and in how many lines nothing was chosen."""
        found: list[Chosen] = []
        faults: list[Fault] = []
        left = 0
        for row in rows:
            own, wrong = self._word(row)
            if own is None:
                faults += wrong
            elif not row.is_filled_in:
                left += 1
            else:
                choice, wrong = self._choice(row, own.word)
                faults += wrong
                found += [] if wrong else [Chosen(row.line, own, choice)]
        return found, [*faults, *_contradictions(found)], left

    def _word(self, row: FormRow) -> tuple[MappedWord | None, list[Fault]]:
        kinds = list(dict.fromkeys(one.word.called for one in self.words))
        kind, given = kind_of(row["called"], kinds), row["value"]
        if not kind:
            allowed = ", ".join(word_for("own_word", one, self.language) for one in kinds)
            facts = {"column": row.heading("called"), "given": row["called"], "allowed": allowed}
            return None, [Fault(row.line, "choice_unsuitable", facts)]
        own = [one for one in self.words if one.word.called == kind]
        named = [one for one in own if one.word.value == given] or _without_zeros(own, given)
        if len(named) != 1:
            allowed = _some([one.word.value for one in own])
            facts = {"column": row.heading("value"), "given": given, "allowed": allowed}
            return None, [Fault(row.line, "choice_unsuitable", facts)]
        return named[0], []

    def _choice(self, row: FormRow, own: OwnWord) -> tuple[Choice, list[Fault]]:
        faults = list(_of_other_tables(row, own))
        takes = _TAKES[own.table]
        case, account, automatic, centre = "", "", None, ""
        by_case = "account" in takes and says_by_tax_case(row["account"])
        if row["tax_case"] and "tax_case" in takes:
            case = case_named(row["tax_case"])
            faults += _about_case(row, own, case)
        if row["account"] and "account" in takes and not by_case:
            account, wrong = self._account(row)
            faults += wrong
        if row["automatic"] and "automatic" in takes:
            automatic = automatic_of(row["automatic"])
            if automatic is None:
                allowed = ", ".join(word_for("yes_no", one, self.language) for one in ("true", "false"))
                facts = {"column": row.heading("automatic"), "given": row["automatic"], "allowed": allowed}
                faults.append(Fault(row.line, "choice_unsuitable", facts))
        if row["cost_centre"] and "cost_centre" in takes:
            centre = row["cost_centre"]
            faults += _about_centre(row)
        if own.table in {"revenue", "expense"} and not (account or by_case or row["account"]):
            by_case = bool(case)
        faults += _about_beginning(row, takes)
        begins = day_of(row["valid_from"]) if "valid_from" in takes else None
        return Choice(case, account, by_case, automatic, centre, begins), faults

    def _account(self, row: FormRow) -> tuple[str, list[Fault]]:
        """The account as the books write it; spreadsheet programs take zeros at the left away."""
        given = row["account"].replace(" ", "")
        bare = given.lstrip("0")
        if not (given.isascii() and given.isdigit() and bare) or len(bare) > self.account_length:
            digits = str(self.account_length)
            facts = {"column": row.heading("account"), "given": row["account"], "digits": digits}
            return "", [Fault(row.line, "choice_no_account", facts)]
        return bare.zfill(self.account_length), []


def _of_other_tables(row: FormRow, own: OwnWord) -> Iterator[Fault]:
    """Cells of the right side that mean nothing for such a word."""
    for column in CHOSEN:
        if row[column] and column not in _TAKES[own.table]:
            facts = {"column": row.heading(column), "given": row[column], "kind": row["called"]}
            yield Fault(row.line, "choice_not_here", facts)


def _about_case(row: FormRow, own: OwnWord, case: str) -> Iterator[Fault]:
    """Why a tax case cannot be meant: there is none, or it is of the other direction, or of another rate."""
    if own.table == "tax_case":
        possible = possible_cases(own)
    else:
        direction = "sale" if own.table == "revenue" else "purchase"
        possible = [one.name for one in tax_cases().values() if one.direction == direction]
    if case not in possible:
        allowed = ", ".join(possible)
        facts = {"column": row.heading("tax_case"), "given": row["tax_case"], "allowed": allowed}
        yield Fault(row.line, "choice_unsuitable", facts)


def _about_beginning(row: FormRow, takes: Sequence[str]) -> Iterator[Fault]:
    """Why a day cannot be meant: it is none, or nothing is chosen that would hold from it on."""
    given = row["valid_from"]
    if not given or "valid_from" not in takes:
        return
    if day_of(given) is None:
        yield Fault(row.line, "choice_no_day", {"column": row.heading("valid_from"), "given": given})
    elif not (row["tax_case"] or row["account"]):
        yield Fault(row.line, "choice_day_alone", {"column": row.heading("valid_from"), "given": given})


def _about_centre(row: FormRow) -> Iterator[Fault]:
    try:
        CostCentres(default=row["cost_centre"])
    except ValidationError:
        facts = {"column": row.heading("cost_centre"), "given": row["cost_centre"]}
        yield Fault(row.line, "choice_no_cost_centre", facts)


def _contradictions(found: Sequence[Chosen]) -> Iterator[Fault]:
    """Words for which the form says two things, or for which the mapping has rows of several choices."""
    first: dict[tuple[object, ...], Chosen] = {}
    for one in found:
        if one.choice in [row.choice for row in one.word.rows]:
            continue
        own = one.word.word
        if len({row.facts for row in one.word.rows}) > 1:
            rows = ", ".join(str(row.number) for row in one.word.rows)
            yield Fault(one.line, "word_has_rows", {"given": own.value, "rows": rows})
            continue
        before = first.setdefault((own.called, own.value, one.choice.valid_from), one)
        if before.choice != one.choice:
            yield Fault(one.line, "word_twice", {"given": own.value, "first": str(before.line)})


def _without_zeros(words: Sequence[MappedWord], given: str) -> list[MappedWord]:
    """The words that are the same number, for a spreadsheet program takes zeros at the left away."""
    if not (given.isascii() and given.isdigit()):
        return []
    return [one for one in words if one.word.value.lstrip("0") == given.lstrip("0")]


def _some(values: Sequence[str]) -> str:
    more = [f"… (+{len(values) - _SHOWN})"] if len(values) > _SHOWN else []
    return ", ".join([*values[:_SHOWN], *more])
