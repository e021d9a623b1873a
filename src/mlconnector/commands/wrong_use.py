"""What is wrong with a command as it was given, in the user's language; the library speaks English alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import typer

# The errors are not among the names that the library exports.
from typer._click.exceptions import BadOptionUsage, ClickException, MissingParameter, NoSuchOption, UsageError
from typer.core import TyperArgument, TyperGroup

from mlconnector.commands.help_pages import parameter_entry
from mlconnector.texts.catalogue import sentence
from mlconnector.texts.complaints import expectation
from mlconnector.texts.language import Language

_UNKNOWN_COMMAND = re.compile(r"No such command '(.*?)'\.")
_TOO_MANY = re.compile(r"Got unexpected extra argument\(s\) \((.*)\)", re.DOTALL)


def complaint(error: ClickException, language: Language) -> str:
    """What is wrong, in one sentence."""

    def told(key: str, /, **facts: str) -> str:
        return sentence(f"usage_{key}", facts, language)

    match error:
        case NoSuchOption():
            near = ", ".join(error.possibilities or ())
            return told("unknown_option", option=error.option_name, near=near)
        case BadOptionUsage():
            key = "takes_no_value" if "does not take" in error.message else "wants_value"
            return told(key, option=error.option_name)
        case MissingParameter(param=param) if param is not None:
            is_argument = isinstance(param, TyperArgument)
            return told("missing_argument" if is_argument else "missing_option", name=_shown(error, language))
        case typer.BadParameter():
            return _unsuitable(error, told, language)
        case UsageError():
            return _other(error, told)
        case _:
            return error.format_message()


def _shown(error: Any, language: Language) -> str:
    """What the user calls the argument or option that an error is about."""
    param = error.param
    if param is None:
        return str(error.param_hint or "")
    if not isinstance(param, TyperArgument):
        return str(max(param.opts, key=len))
    path = getattr(error.ctx.command, "path", "") if error.ctx else ""
    value = parameter_entry(path, param.name).get("value")
    return str(value[language]) if value else param.name.upper()


def _unsuitable(error: typer.BadParameter, told: Callable[..., str], language: Language) -> str:
    """A value that does not fit; our own words where a command has some."""
    name, cause = _shown(error, language), error.__cause__
    details = getattr(cause, "errors", None)
    if not callable(details):
        return f"{name}: {error.message}" if name else error.message
    wrong = details()[0]
    kind, limits = wrong["type"], wrong.get("ctx", {})
    descriptor = getattr(error.param, "type_descriptor", None)
    if descriptor is not None and descriptor.choices is not None:
        known = (repr(str(getattr(one, "value", one))) for one in descriptor.choices)
        kind, limits = "enum", {"expected": ", ".join(known)}
    elif descriptor is not None and descriptor.is_datetime:
        kind = "datetime_parsing"
    expected = expectation(kind, limits, language)
    return told("wrong_value", name=name, given=str(wrong["input"]), expected=expected)


def _other(error: UsageError, told: Callable[..., str]) -> str:
    unknown, many = _UNKNOWN_COMMAND.match(error.message), _TOO_MANY.match(error.message)
    if unknown is not None:
        known = list(error.cmd.commands) if isinstance(error.cmd, TyperGroup) else []
        near = ", ".join(get_close_matches(unknown[1], known))
        return told("unknown_command", command=unknown[1], near=near, known=", ".join(known))
    if many is not None:
        return told("too_many", given=many[1])
    if error.message == "Missing command.":
        return told("missing_command")
    return error.format_message()
