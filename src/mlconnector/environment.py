"""What is known of the installation before its settings are read: where they stand, and the language.

Help and complaints need no more, and must not wait until the rest is loaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from mlconnector.texts.language import Language

PREFIX = "MLCONNECTOR_"
FILE_NAME = "ml-connector.toml"

_STATED = re.compile(r"""^\s*language\s*=\s*["'](de|en)["']""", re.MULTILINE)
_LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")


def settings_file(environment: Mapping[str, str] | None = None) -> tuple[Path, bool]:
    """Where the settings stand, and whether somebody said so."""
    named = (os.environ if environment is None else environment).get(f"{PREFIX}CONFIG")
    return (Path(named), True) if named else (Path(FILE_NAME), False)


def spoken(environment: Mapping[str, str] | None = None) -> Language:
    """The language of the installation, also where its settings cannot be used.

    By the environment, else the settings file, else the locale of whoever gives the command.
    """
    environment = os.environ if environment is None else environment
    stated = environment.get(f"{PREFIX}LANGUAGE") or _in_file(settings_file(environment)[0])
    if stated in {"de", "en"}:
        return "de" if stated == "de" else "en"
    return of_locale(environment)


def of_locale(environment: Mapping[str, str]) -> Language:
    """The language of the locale: German, or English for all others."""
    locale = next((value for name in _LOCALES if (value := environment.get(name))), "")
    return "de" if locale.lower().startswith("de") else "en"


def _in_file(file: Path) -> str:
    try:
        stated = _STATED.search(file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return stated[1] if stated else ""
