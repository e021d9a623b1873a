"""Single settings are put into the text of a connection, whose other lines and comments stay as they are.

A setting goes where it stands already, else where an example of it stands in a comment, else into its table.
Each way is tried and its outcome read again: it has to say just what was meant, and nothing else may change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from mlconnector.flow.connect.settings_examples import examples, in_commented_table, replaced
from mlconnector.flow.connect.settings_fields import Schema
from mlconnector.settings import UnreadableSettings, parse_toml
from mlconnector.toml_lines import Path, Statement, statements, toml_key, toml_value

Tables = dict[str, Any]


def with_value(text: str, place: Path, value: Any, schema: Schema) -> str | None:
    """The text with another value in one place, without it where the value is None.

    The place is within a table. `{}` is a table that stands empty. Optional tables go with their last
    setting. None where it cannot be done safely. Raises UnreadableSettings for a text that is no TOML.
    """
    before = parse_toml(text, "")
    wanted = _changed(before, place, value, schema)
    if not wanted:
        return None
    if _same(before, wanted[0]):
        return text
    for after in _ways(text, place, value, before, wanted[0], schema):
        try:
            found = parse_toml(after, "")
        except UnreadableSettings:
            continue
        if any(_same(found, one) for one in wanted):
            return after
    return None


def _changed(before: Tables, place: Path, value: Any, schema: Schema) -> list[Tables]:
    """What the text has to say afterwards; a table that is empty then may be there or not.

    Nothing where no table can stand.
    """
    wanted = deepcopy(before)
    if value is not None:
        table = _table(wanted, place[:-1])
        if table is None:
            return []
        table[place[-1]] = value
        return [wanted]
    found = _taken_out(wanted, place)
    for depth in range(len(place) - 1, 0, -1):
        parent = place[:depth]
        if at(found, parent) != {} or parent in schema.switches:
            break
        without = _taken_out(found, parent)
        if parent not in schema.optional:
            return [found, without]
        found = without
    return [found]


def _ways(
    text: str, place: Path, value: Any, before: Tables, wanted: Tables, schema: Schema
) -> Iterator[str]:
    """The texts that may come of an edit, the one that people like best first."""
    known = list(statements(text))
    if value is None:
        yield from _without(text, known, place, wanted)
        return
    if isinstance(value, dict) and isinstance(at(before, place), dict):
        yield from _entry_by_entry(text, place, value, at(before, place), schema)
    for depth in range(len(place), 0, -1):
        found = next((one for one in known if one.kind == "setting" and one.path == place[:depth]), None)
        if found is not None:
            yield replaced(text, *found.value, toml_value(at(wanted, place[:depth])))
            return
    yield from _new(text, known, place, value)


def _new(text: str, known: Sequence[Statement], place: Path, value: Any) -> Iterator[str]:
    """A setting that the text does not have yet."""
    setting = f"{toml_key(place[-1])} = {toml_value(value)}"
    for example in examples(text, known, place):
        start, end = example.span
        yield replaced(text, start, end, example.line(setting))
    # A table of its own may stand as one line: `final_bill = { number = "…" }`.
    whole = f"{toml_key(place[-2])} = {toml_value({place[-1]: value})}"
    for example in examples(text, known, place[:-1]):
        start, end = example.span
        yield replaced(text, start, end, example.line(whole))
    if isinstance(value, dict):
        lines = [f"{toml_key(name)} = {toml_value(one)}" for name, one in value.items()]
        yield from in_commented_table(text, known, place, lines)
        if not value:
            yield _behind(text, known, place, _header(place))
    yield from in_commented_table(text, known, place[:-1], [setting])
    header = next((one for one in known if one.kind == "header" and one.path == place[:-1]), None)
    if header is not None:
        own = [one for one in _region(known, header) if one.kind == "setting"]
        end = (own[-1] if own else header).lines[1]
        yield replaced(text, end, end, f"\n{setting}")
    else:
        yield _behind(text, known, place[:-1], f"{_header(place[:-1])}\n{setting}")
        yield f"{text.rstrip()}\n\n{_header(place[:-1])}\n{setting}\n"


def _without(text: str, known: Sequence[Statement], place: Path, wanted: Tables) -> Iterator[str]:
    """A setting is taken out; its line stays as a comment, so that it is found there again."""
    gone = place
    while len(gone) > 1 and at(wanted, gone[:-1]) is None:
        gone = gone[:-1]
    own = [one for one in known if one.path[: len(gone)] == gone]
    if own:
        yield _commented(text, own)
        yield _dropped(text, own)
        return
    for depth in range(len(place) - 1, 0, -1):
        found = next((one for one in known if one.kind == "setting" and one.path == place[:depth]), None)
        if found is not None:
            yield replaced(text, *found.value, toml_value(at(wanted, place[:depth])))
            return


def _commented(text: str, own: Sequence[Statement]) -> str:
    for one in reversed(own):
        start, end = one.lines
        lines = [f"# {line}" if line.strip() else line for line in text[start:end].split("\n")]
        text = replaced(text, start, end, "\n".join(lines))
    return text


def _dropped(text: str, own: Sequence[Statement]) -> str:
    for one in reversed(own):
        text = replaced(text, one.lines[0], min(one.lines[1] + 1, len(text)), "")
    return text


def _entry_by_entry(text: str, place: Path, value: Tables, before: Tables, schema: Schema) -> Iterator[str]:
    """A table with a header of its own keeps its other lines: each of its entries is a setting."""
    if not any(one.kind == "header" and one.path == place for one in statements(text)):
        return
    after: str | None = text
    for name in {**before, **value}:
        if after is not None and not _same(before.get(name), value.get(name)):
            after = with_value(after, (*place, name), value.get(name), schema)
    if after is not None:
        yield after


def _region(known: Sequence[Statement], header: Statement) -> list[Statement]:
    """What stands below a header, up to the next one."""
    below = known[known.index(header) + 1 :]
    end = next((number for number, one in enumerate(below) if one.kind != "setting"), len(below))
    return list(below[:end])


def _behind(text: str, known: Sequence[Statement], table: Path, lines: str) -> str:
    """The text with a new table behind those that belong to the same one."""
    alike = [one for one in known if one.path[:1] == table[:1]]
    end = alike[-1].lines[1] if alike else len(text.rstrip())
    rest = text[end:] if text[end:].strip() else "\n"
    return f"{text[:end]}\n\n{lines}{rest}"


def _header(table: Path) -> str:
    return f"[{'.'.join(map(toml_key, table))}]"


def at(tables: Mapping[str, Any], place: Path) -> Any:
    """What stands in a place; None where nothing does."""
    found: Any = tables
    for name in place:
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found


def _table(tables: Tables, place: Path) -> Tables | None:
    """The table in a place, made where there is none; None where something else stands there."""
    for name in place:
        inner = tables.setdefault(name, {})
        if not isinstance(inner, dict):
            return None
        tables = inner
    return tables


def _taken_out(tables: Tables, place: Path) -> Tables:
    found = deepcopy(tables)
    parent = at(found, place[:-1])
    if isinstance(parent, dict):
        parent.pop(place[-1], None)
    return found


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same, of the same type: TOML's 1, 1.0 and true are three things."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) or (one != one and other != other)
