"""What the details of events say, as a language writes it: each by the name that it has in its event."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from mlconnector.flow.report.field_values import field_value
from mlconnector.texts import notation
from mlconnector.texts.catalogue import (
    console_text,
    explain,
    problem_keys,
    reason,
    sentence,
    step_cause,
    word,
)
from mlconnector.texts.language import Language
from mlconnector.texts.tables import table

# Of hashes people compare the beginning; machines get all of them.
_HASHES = frozenset({"revision", "sha256", "mapping", "content"})
_HASH_SHOWN = 16
_DAYS = frozenset({"on", "open_from", "since", "begin"})
_CREDENTIALS = frozenset({"given", "names"})
_AMOUNTS = frozenset({"source_amount", "target_amount", "gross"})
_WORDS = {
    "answer": "filed",
    "ledger": "ledger",
    "noted_by": "noted_by",
    "occasions": "occasion",
    "outcome": "handed_over",
    "result": "batch",
    "role": "role",
    "standing": "standing",
    "state": "connection",
    "state_before": "state",
    "system": "system",
    "trigger": "trigger",
}
_KINDS = {"notification_place_added": "notify_kind", "load_planned": "load"}
_REASONS = {"release_withdrawn": "withdrawal"}
_BEFORE = {"resent": "batch", "user_role_changed": "role"}
# Keys that only machines know: how many there are is what people want to know.
_COUNTED = frozenset({"vouchers", "refused", "lapsed"})
_BOOKING = re.compile(
    r"(?P<amount>-?[\d.]+) (?P<currency>[A-Z]{3}) (?P<account>\S*) / (?P<contra>\S*) ?(?P<key>\S*)"
)
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T.+(?:Z|[+-]\d{2}:\d{2})")
_ENTRY = re.compile(r".+@(?P<revision>[^@:]+):(?P<kind>original|reversal):(?P<turn>\d+)")


def told(event: str, name: str, value: Any, detail: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What is said under a name in the detail of an event, one text for each line of it."""
    if name in {"cause", "reason"} and isinstance(value, str):
        yield _cause(event, value, detail, language)
    elif name == "text":
        yield sentence("story_settings", {"lines": str(len(str(value).splitlines()))}, language)
    elif isinstance(value, Mapping):
        yield from _mapping(name, value, language)
    elif isinstance(value, list):
        yield from _list(event, name, value, language)
    else:
        yield _single(event, name, value, language)


def _cause(event: str, value: str, detail: Mapping[str, Any], language: Language) -> str:
    """What went wrong or why something was done, by its key; what a person wrote stays as it is."""
    facts = {str(name): str(one) for name, one in (detail.get("facts") or {}).items()}
    key, _, shared = value.partition(":")
    if key in problem_keys():
        known = dict(pair.split("=", 1) for pair in shared.split(",") if "=" in pair)
        return explain(key, {**known, **facts}, language).what
    if event == "login_failed" or value in table("causes.toml"):
        return step_cause(value, facts, language)
    return word(_REASONS.get(event, "reason"), value, language)


def _mapping(name: str, value: Mapping[str, Any], language: Language) -> Iterator[str]:
    for key, inner in value.items():
        if name == "seeds":
            title = word("tax_case", str(key).partition(":")[2] or str(key), language)
            account = inner.get("account", "") if isinstance(inner, Mapping) else ""
            yield f"{title} ({account})" if account else title
        elif isinstance(inner, list):
            yield f"{key} ({', '.join(map(str, inner))})" if inner else str(key)
        elif name == "answer":
            said = word("batch", str(inner), language) if key == "result" else _of_outside(inner, language)
            yield f"{word('job_answer', str(key), language)}: {said}"
        else:
            yield f"{word(_WORDS.get(name, name), str(key), language)}: {inner}"


def _list(event: str, name: str, value: list[Any], language: Language) -> Iterator[str]:
    if name in _COUNTED and event in {"dissolved", "recalled"}:
        yield notation.number(Decimal(len(value)), language)
        return
    yield from (_one(event, name, inner, language) for inner in value)


def _one(event: str, name: str, value: Any, language: Language) -> str:
    if isinstance(value, list):
        flat = [" ".join(map(str, one)) if isinstance(one, list) else str(one) for one in value if one]
        return (" → " if any(isinstance(one, list) for one in value) else " ").join(flat)
    if not isinstance(value, Mapping):
        return _single(event, name, value, language)
    if "rule" in value:
        why = reason(value["rule"], value.get("facts", {}), language)
        given = field_value(value["field"], str(value["value"]), language)
        return f"{word('field', value['field'], language)} = {given}: {why}"
    if "key" in value:
        words = explain(value["key"], value.get("facts", {}), language)
        return f"{words.what} {words.why}"
    if "before" in value:
        why = word("text_change", value["reason"], language)
        return f"{value['field']}: {value['before']} → {value['after'] or '–'} ({why})"
    if "period" in value:
        gross = _amount(str(value.get("gross", "")), language)
        facts = {name: str(one) for name, one in value.items()} | {"gross": gross}
        return sentence("story_part", facts | {"kind": word("kind", facts["kind"], language)}, language)
    return str(value)


def _single(event: str, name: str, value: Any, language: Language) -> str:
    if isinstance(value, bool):
        return word("yes_no", str(value).lower(), language)
    text = str(value)
    if isinstance(value, int):
        return notation.number(Decimal(value), language)
    if name in _CREDENTIALS and "." in text:
        return _credential(text, language)
    if name in _HASHES or (name == "before" and event == "changed"):
        return f"{text[:_HASH_SHOWN]}…"
    if name in _DAYS or (name == "before" and event == "open_day_named"):
        return _written_day(text, language)
    if name == "until":
        return _written_moment(text, language)
    if name in _AMOUNTS:
        return _amount(text, language)
    if name == "lines":
        return _booking(text, language)
    if name == "entry":
        return _entry(text, language)
    kind = {"kind": _KINDS.get(event, "asked"), "before": _BEFORE.get(event, "")}.get(
        name, _WORDS.get(name, "")
    )
    return word(kind, text, language) if kind else text


def _credential(text: str, language: Language) -> str:
    """What people call `source.client_secret`; one that has no words is called by its name."""
    system, _, name = text.partition(".")
    with suppress(KeyError):
        facts = {"system": word("system", system, language)}
        return console_text("setup", f"secret_{name}", facts, language)
    return text


def _booking(text: str, language: Language) -> str:
    """`434.47 EUR 10001 / 8400 3` as a sentence of accounts."""
    found = _BOOKING.fullmatch(text)
    if found is None:
        return text
    amount = f"{_amount(found['amount'], language)} {found['currency']}"
    return sentence("story_booking", {**found.groupdict(), "amount": amount}, language)


def _entry(text: str, language: Language) -> str:
    """Which booking of which revision it is: their own key is for machines."""
    found = _ENTRY.fullmatch(text)
    if found is None:
        return text
    kind = word("booking", "reversal" if found["kind"] == "reversal" else "new", language)
    facts = {"kind": kind, "turn": found["turn"], "revision": f"{found['revision'][:_HASH_SHOWN]}…"}
    return sentence("story_entry", facts, language)


def _of_outside(value: Any, language: Language) -> str:
    """What an outside system has said, with days and moments as the language writes them."""
    text = str(value)
    for form, written in ((_ISO_DAY, _written_day), (_ISO_MOMENT, _written_moment)):
        if form.fullmatch(text):
            return written(text, language)
    return text


def _amount(text: str, language: Language) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return notation.number(number, language, notation.amount_places(number))


def _written_moment(text: str, language: Language) -> str:
    with suppress(ValueError):
        return notation.moment(datetime.fromisoformat(text), language)
    return text


def _written_day(text: str, language: Language) -> str:
    with suppress(ValueError):
        return notation.day(date.fromisoformat(text), language)
    return text
