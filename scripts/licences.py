"""Prints the licence of every wheel of a lock file, as its own metadata name it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; (.+?))?(?: \\)?$", re.MULTILINE)
_CLASSIFIER = "License :: "
# A longer value is the whole text of a licence.
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Wheel:
    """A wheel of a lock file; `licence` is None where its metadata name none, or it is not here."""

    name: str
    version: str
    only_where: str
    licence: str | None


def wheels(lock: Path) -> Iterator[Wheel]:
    """The wheels of a lock file with their licences."""
    for name, version, only_where in _PINNED.findall(lock.read_text("utf-8")):
        try:
            licence = licence_in(metadata(name))
        except PackageNotFoundError:
            licence = None
        yield Wheel(name, version, only_where, licence)


def licence_in(told: PackageMetadata) -> str | None:
    """The licence that a wheel's metadata name: as an expression, as a text, or by classifiers."""
    for field in ("License-Expression", "License"):
        value = (told[field] or "").strip() if field in told else ""
        if value and len(value) <= _LONGEST_NAME and "\n" not in value:
            return value
    named = [
        one.rpartition(" :: ")[2] for one in told.get_all("Classifier", []) if one.startswith(_CLASSIFIER)
    ]
    return ", ".join(named) or None


def main() -> int:
    """Print a line for each wheel; 1 where the licence of one that is used here is not known."""
    locks = [Path(given) for given in sys.argv[1:]] or [ROOT / "requirements.txt"]
    unknown = 0
    for wheel in (one for lock in locks for one in wheels(lock)):
        absent = f"not on this machine, only where {wheel.only_where}" if wheel.only_where else "UNKNOWN"
        unknown += wheel.licence is None and not wheel.only_where
        sys.stdout.write(f"{wheel.name} {wheel.version}: {wheel.licence or absent}\n")
    return 1 if unknown else 0


if __name__ == "__main__":
    raise SystemExit(main())
