"""The parameters of a request, read as strictly as the original reads them.

Parameters and filters that an endpoint does not have are ignored without a word.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from mlconnector.standins.procore.answers import refusal
from mlconnector.standins.procore.times import range_of


class Query:
    """The parameters of one request."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = list(pairs)

    def text(self, name: str) -> str | None:
        """The value of a parameter, or None."""
        return next((value for key, value in self.pairs if key == name), None)

    def whole(self, name: str) -> int | None:
        """A whole number, or None; raises Refusal for anything else."""
        value = self.text(name)
        if value is None:
            return None
        if not value.isdigit():
            raise refusal(400, f"{name} is invalid")
        return int(value)

    def required(self, name: str) -> int:
        """A whole number that has to be there; else Refusal."""
        value = self.whole(name)
        if value is None:
            raise refusal(400, f"param is missing or the value is empty: {name}")
        return value

    def flag(self, name: str) -> bool:
        """A yes or no; no where nothing is said."""
        return self.text(name) in ("true", "1")

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """A value of a list, or None; raises Refusal for others."""
        value = self.text(name)
        if value is not None and value not in allowed:
            raise refusal(400, f"{name} must be one of {', '.join(allowed)}")
        return value

    def several(self, name: str) -> list[str]:
        """The values of an array: repeated with `[]`, divided by commas, or as a JSON array."""
        found: list[str] = []
        for key, value in self.pairs:
            if key == f"{name}[]":
                found.append(value)
            elif key == name and value.startswith("["):
                found += _array(name, value)
            elif key == name:
                found += value.split(",")
        return found

    def range(self, name: str) -> tuple[str, str] | None:
        """First and last stamp of a range, or None; raises Refusal for what is none."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return range_of(value)
        except ValueError:
            raise refusal(400, f"{name} is not a valid range") from None

    def without(self, *names: str) -> list[tuple[str, str]]:
        """All parameters but those."""
        return [(key, value) for key, value in self.pairs if key not in names]


def _array(name: str, value: str) -> list[str]:
    try:
        return [str(each) for each in json.loads(value)]
    except ValueError:
        raise refusal(400, f"{name} is invalid") from None
