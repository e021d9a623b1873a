"""What --help prints, from the texts in `help.toml`; nothing is cut off, whatever the width."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from mlconnector.texts.language import Language
from mlconnector.texts.tables import table

PARAMETERS = "parameters"
_PROGRAM = "ml-connector"
_SHARED, _LABELS = "shared", "labels"
_WIDEST, _NARROWEST = 110, 30
_LEFT_AT_MOST, _GAP, _INDENT = 28, 2, 2


def entry(path: str) -> Mapping[str, Any]:
    """The texts of a command or group of commands; empty where there are none."""
    found: Mapping[str, Any] = table("help.toml").get(path or _PROGRAM, {})
    return found


def parameter_entry(path: str, name: str) -> Mapping[str, Any]:
    """The texts of an argument or option of a command: its own, else those that commands share, else none."""
    own: Mapping[str, Any] = entry(path).get(PARAMETERS, {})
    shared: Mapping[str, Any] = table("help.toml")[_SHARED][PARAMETERS]
    found: Mapping[str, Any] = own.get(name) or shared.get(name, {})
    return found


def label(key: str, language: Language) -> str:
    """A word of the help itself, e.g. `usage`."""
    return str(table("help.toml")[_LABELS][key][language])


def usage_line(path: str, command: TyperCommand | TyperGroup, language: Language) -> str:
    """How a command is given, e.g. `ml-connector preview [OPTIONS] NAME [VOUCHER …]`."""
    pieces = [_PROGRAM, path, f"[{label('options', language).upper()}]"]
    pieces += [_argument(path, one, language) for one in command.params if isinstance(one, TyperArgument)]
    if isinstance(command, TyperGroup):
        pieces.append(f"{label('command', language).upper()} …")
    return " ".join(piece for piece in pieces if piece)


def command_page(path: str, command: TyperCommand, ctx: Any, language: Language) -> str:
    """The help of one command."""
    arguments = [one for one in command.params if isinstance(one, TyperArgument)]
    options = [one for one in command.get_params(ctx) if isinstance(one, TyperOption) and not one.hidden]
    parts = [*_top(path, command, language)]
    parts += _listed("arguments", [_argument_row(path, one, language) for one in arguments], language)
    parts += _listed("options", [_option_row(path, one, language) for one in options], language)
    return "\n".join(parts) + "\n"


def group_page(path: str, group: TyperGroup, ctx: Any, language: Language) -> str:
    """The help of the program or of a group of commands; none of them is loaded."""
    options = [one for one in group.get_params(ctx) if isinstance(one, TyperOption) and not one.hidden]
    rows = [(name, _summary(f"{path} {name}".strip(), language)) for name in group.list_commands(ctx)]
    parts = [*_top(path, group, language)]
    parts += _listed("commands", rows, language)
    parts += _listed("options", [_option_row(path, one, language) for one in options], language)
    return "\n".join(parts) + "\n"


def _top(path: str, command: TyperCommand | TyperGroup, language: Language) -> Iterator[str]:
    usage = f"{label('usage', language)}: {usage_line(path, command, language)}"
    yield from _wrapped(usage, 0, hanging=_INDENT)
    texts = entry(path)
    # A command that has no texts yet still tells what it is for.
    told = [texts[language]] if language in texts else (command.help or "").split("\n\n")
    if "more" in texts:
        told += texts["more"][language].strip().split("\n\n")
    for paragraph in told:
        yield ""
        yield from _wrapped(" ".join(paragraph.split()), _INDENT)
    if "example" in texts:
        yield ""
        yield f"{' ' * _INDENT}{label('example', language)}: {texts['example']}"


def _summary(path: str, language: Language) -> str:
    return str(entry(path).get(language, ""))


def _argument(path: str, one: TyperArgument, language: Language) -> str:
    several = " …" if one.nargs != 1 else ""
    shown = f"{_value(path, one, language)}{several}"
    return shown if one.required else f"[{shown}]"


def _argument_row(path: str, one: TyperArgument, language: Language) -> tuple[str, str]:
    return _value(path, one, language), _described(path, one, language)


def _option_row(path: str, one: TyperOption, language: Language) -> tuple[str, str]:
    names = ", ".join(sorted(one.opts, key=len) + one.secondary_opts)
    shown = names if one.is_flag else f"{names} {_value(path, one, language)}"
    return shown, _described(path, one, language)


def _value(path: str, one: TyperArgument | TyperOption, language: Language) -> str:
    """What stands for the value of an argument or option."""
    texts = parameter_entry(path, one.name)
    if "value" in texts:
        return str(texts["value"][language])
    kind = one.type_descriptor
    if kind.choices is not None:
        return "|".join(str(getattr(each, "value", each)) for each in kind.choices)
    if isinstance(one, TyperArgument):
        return one.name.upper()
    if kind.is_datetime:
        return label("day", language)
    if kind.is_path:
        return label("file", language)
    return label("number" if kind.annotation in {int, float} else "text", language)


def _described(path: str, one: TyperArgument | TyperOption, language: Language) -> str:
    text = str(parameter_entry(path, one.name).get(language) or one.help or "")
    notes = []
    if one.required and isinstance(one, TyperOption):
        notes.append(label("required", language))
    if _has_default(one):
        notes.append(f"{label('default', language)}: {getattr(one.default, 'value', one.default)}")
    if one.min is not None or one.max is not None:
        span = (one.min, one.max)
        notes.append(
            " ".join(
                f"{label(key, language)} {at}"
                for key, at in zip(("from", "to"), span, strict=True)
                if at is not None
            )
        )
    return f"{text} [{', '.join(notes)}]" if notes else text


def _has_default(one: TyperArgument | TyperOption) -> bool:
    """Whether a reader learns something by the default."""
    return (
        one.show_default is not False
        and one.default not in (None, "", False, True)
        and str(one.default) != "."
    )


def _listed(title: str, rows: Sequence[tuple[str, str]], language: Language) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"{label(title, language)}:"
    column = min(max(len(left) for left, _ in rows), _LEFT_AT_MOST)
    for left, right in rows:
        beside = len(left) <= column
        lines = list(_wrapped(right, _INDENT + column + _GAP))
        if not beside:
            yield f"{' ' * _INDENT}{left}"
            yield from lines
        elif lines:
            yield f"{' ' * _INDENT}{left.ljust(column)}{' ' * _GAP}{lines[0].lstrip()}"
            yield from lines[1:]
        else:
            yield f"{' ' * _INDENT}{left}"


def _wrapped(text: str, indent: int, *, hanging: int = 0) -> Iterator[str]:
    width = max(min(shutil.get_terminal_size().columns, _WIDEST), indent + _NARROWEST)
    yield from textwrap.wrap(
        text,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )
