"""Texts by key and language: what happened, why, what to do, who does it.

The texts are TOML files beside this one, and in the folders of the systems. A text takes facts in braces:

    {party}                       the fact; a dash where it is missing or empty
    {region.word}                 our word for its value, from `words.toml`
    {total.number} {size.size}    a number, or a number of bytes, as the language writes it
    {until.moment}                a moment in ISO form, in our zone, as the language writes it
    {day.day}                     a day in ISO form, as the language writes it
    {years.days}                  words with days in ISO form in them, as the language writes those
    {month.month}                 a month in ISO form, as the language writes it
    {cases.cases}                 tax cases, each by its title and the name that settings have for it
    {cause.problem}               what happened in general, by the key of a problem
    {help: Help: ….}              words around the fact, which stands for …; nothing where it is missing
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from string import Formatter
from typing import Any

from mlconnector.model.problems import Problem, shared_facts
from mlconnector.texts import notation
from mlconnector.texts.language import Language
from mlconnector.texts.tables import case_titles, entry, table

_ENDS = (".", "!", "?", "…")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MEGABYTE = 1024 * 1024
_WHERE = "where."
# Facts of a mapping whose values are words of ours; of all others they are the source's.
_VALUES = frozenset({"region", "vat_id", "customer", "supply", "stock"})


@dataclass(frozen=True, slots=True)
class Explanation:
    """A problem in plain words."""

    what: str
    why: str
    do: str
    who: str


def explain(key: str, facts: Mapping[str, str], language: Language, *, on_page: bool = False) -> Explanation:
    """The words for a problem; an unknown key is shown as it is, with its facts, rather than hidden.

    Where an outside system has answered, its own words, code, help page and request id follow the why. On a
    page of the console the cure is told for whoever sits before it, as far as there are words for that.
    """
    found = entry("problems.toml", key)
    if found is None:
        return Explanation(key, _listed(facts), "", "")
    what, why, do = (filled(found[language][part], facts, language) for part in ("what", "why", "do"))
    if on_page and (told := table("on_pages.toml").get(key)):
        do = filled(told[language], facts, language)
    if "answer" in found:
        why += filled(table("answers.toml")[found["answer"]][language], facts, language)
    return Explanation(what, why, do, people(found["who"], language))


def explain_together(
    problems: Sequence[Problem], language: Language, *, on_page: bool = False
) -> Explanation:
    """The words for a cause that several vouchers have; three dots stand for what differs between them."""
    names = dict.fromkeys(name for problem in problems for name in problem.facts)
    facts = dict.fromkeys(names, "…") | shared_facts(problems)
    return explain(problems[0].key, facts, language, on_page=on_page)


def explain_in_general(key: str, language: Language) -> Explanation:
    """The words for a problem of which nothing more is known; three dots stand for each fact of its own."""
    return explain(key, _AnyFact(), language)


def step_title(key: str, language: Language) -> str:
    """What a step of a ping is called."""
    told = table("checks.toml").get(key)
    return str(told[language]) if told else key


def step_cause(cause: str, facts: Mapping[str, str], language: Language) -> str:
    """Why a step of a ping failed and what to do about it."""
    told = table("causes.toml").get(cause)
    if told is not None:
        return filled(told[language], facts, language)
    if cause in table("problems.toml"):
        words = explain(cause, facts, language)
        return f"{words.what} {words.why} {words.do}"
    shown = _listed(facts)
    return f"{cause} ({shown})" if shown else cause


def step_people(cause: str, who: str, facts: Mapping[str, str], language: Language) -> str:
    """Who can put a step of a ping right: for a problem the person whom its words name."""
    if cause in table("problems.toml"):
        return explain(cause, facts, language).who
    return people(who, language)


def people(who: str, language: Language) -> str:
    """Who can put something right."""
    told = table("people.toml").get(who)
    return str(told[language]) if told else who


def word(kind: str, value: str, language: Language) -> str:
    """Our word for a value, e.g. of the kind `region` for `eu`; the value itself where we have none."""
    found = (entry("words.toml", kind) or {}).get(value)
    if found is None and kind == "tax_case":
        found = case_titles().get(value)
    return str(found[language]) if found else value


def found(step: str, facts: Mapping[str, str], language: Language) -> str:
    """What a step of a ping that went well has found; empty where there is nothing to tell."""
    told = table("found.toml").get(step)
    return filled(told[language], facts, language) if told else ""


def sentence(key: str, facts: Mapping[str, str], language: Language) -> str:
    """What a command says beside problems and steps; raises KeyError for an unknown key."""
    found = entry("commands.toml", key)
    if found is None:
        raise KeyError(key)
    return filled(found[language], facts, language)


def plain(facts: Mapping[str, object]) -> dict[str, str]:
    """Facts as sentences take them: moments in ISO 8601, and nothing for None."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)
        for name, value in facts.items()
    }


def reason(rule: str, facts: Mapping[str, str], language: Language) -> str:
    """Why a field of a booking has its value; a rule that has no words is a sentence of its own.

    Facts named `where.…` are what a row of the mapping looked at; sentences take them together as `where`.
    """
    told = table("reasons.toml").get(rule)
    if not told:
        return rule
    named = {name.removeprefix(_WHERE): value for name, value in facts.items() if name.startswith(_WHERE)}
    return filled(told[language], {**facts, "where": looked_at(named, language)}, language)


def looked_at(facts: Mapping[str, object], language: Language) -> str:
    """What a row of the mapping looks at: `Warengruppe = Holz, Leistung = Waren`."""
    return ", ".join(_looked_at(name, str(one), language) for name, one in facts.items())


def _looked_at(name: str, value: str, language: Language) -> str:
    said = word(name, value, language) if name in _VALUES else value
    # Its words say by themselves what they are about.
    return said if name == "vat_id" else f"{word('attribute', name, language)} = {said}"


def fault(key: str, facts: Mapping[str, str], language: Language) -> str:
    """What is wrong with a line of a list that was handed over."""
    return filled(table("faults.toml")[key][language], facts, language)


def page(key: str, facts: Mapping[str, str], language: Language) -> tuple[str, str]:
    """Title and sentence of a page for a browser, as plain text."""
    words = table("pages.toml")[key][language]
    return str(words["title"]), filled(words["text"], facts, language)


def notice(key: str, facts: Mapping[str, str], language: Language) -> str:
    """A sentence of a message that is sent to people."""
    return filled(table("notices.toml")[key][language], facts, language)


def console_text(screen: str, key: str, facts: Mapping[str, str], language: Language) -> str:
    """A heading, label or sentence of a screen of the console, else what all screens have in common."""
    told = table(f"console/{screen}.toml").get(key) or table("console/common.toml")[key]
    return filled(told[language], facts, language)


def filled(template: str, facts: Mapping[str, str], language: Language = "en") -> str:
    """A text with its facts put in; the top of this module says how."""
    parts: list[str] = []
    for literal, slot, around, _ in Formatter().parse(template):
        # a fact may be a whole sentence, which ends the one around it too
        ended = bool(parts) and parts[-1].endswith(_ENDS) and literal.startswith(".")
        parts.append(literal[1:] if ended else literal)
        if slot is None:
            continue
        fact = _written(slot, facts, language)
        if around:
            parts.append(around.replace("…", fact) if fact else "")
        else:
            parts.append(fact or "–")
    return "".join(parts)


def problem_keys() -> frozenset[str]:
    """Every problem that has words."""
    return frozenset(table("problems.toml"))


def _written(slot: str, facts: Mapping[str, str], language: Language) -> str:
    name, _, form = slot.partition(".")
    value = facts.get(name, "")
    match form:
        case "word":
            return word(name, value, language)
        case "number":
            return _number(value, language)
        case "size":
            return f"{_number(f'{int(value) / _MEGABYTE:.1f}', language)} MB" if value.isdecimal() else value
        case "moment":
            return _moment(value, language)
        case "day":
            return _day(value, language)
        case "days":
            return _ISO_DAY.sub(lambda found: _day(found[0], language), value)
        case "month":
            return notation.month(value, language)
        case "cases":
            return "; ".join(_case(one, language) for one in value.split(", ") if one)
        case "problem":
            return explain_in_general(value, language).what if value else ""
        case _:
            return value


def _case(name: str, language: Language) -> str:
    title = word("tax_case", name, language)
    return title if title == name else f"{title} ({name})"


def _number(value: str, language: Language) -> str:
    try:
        return notation.number(Decimal(value), language)
    except InvalidOperation:
        return value


def _moment(value: str, language: Language) -> str:
    try:
        return notation.moment(datetime.fromisoformat(value), language)
    except ValueError:
        return value


def _day(value: str, language: Language) -> str:
    try:
        return notation.day(date.fromisoformat(value), language)
    except ValueError:
        return value


class _AnyFact(dict[str, str]):
    """Facts of which only their place in a sentence is known; nothing that an outside system said."""

    _SAID = frozenset({"title", "detail", "elements", "code", "request_id", "transaction_id", "help"})

    def get(self, key: str, default: Any = "") -> Any:
        return default if key in self._SAID else "…"


def _listed(facts: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in facts.items())
