"""The parameters of a request; their names in any case, those nobody knows are ignored without a word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlconnector.standins.cin7.answers import refusal
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.times import parameter

MOST = 1000
USUAL = 100
NEVER_ENDING = 1_000_000


class Query:
    """The parameters of one request."""

    def __init__(self, given: Iterable[tuple[str, str]]) -> None:
        self._given = {name.lower(): value for name, value in given}

    def text(self, name: str) -> str:
        """A parameter, empty where it is not there."""
        return self._given.get(name.lower(), "").strip()

    def has(self, *names: str) -> bool:
        """Whether any of these parameters says something."""
        return any(self.text(name) for name in names)

    def flag(self, name: str) -> bool:
        """Whether a parameter is true."""
        return self.text(name).lower() == "true"

    def moment(self, name: str) -> str:
        """A parameter as a stamp, empty where it is not there."""
        given = self.text(name)
        try:
            return parameter(given) if given else ""
        except ValueError:
            raise refusal(400, f"Parameter {name} is not a valid date") from None

    def number(self, name: str, usual: int) -> int:
        """A parameter that counts from 1."""
        given = self.text(name)
        if not given:
            return usual
        if not given.isdigit() or int(given) < 1:
            raise refusal(400, f"Parameter {name} is not valid")
        return int(given)

    def required(self, name: str) -> str:
        """The id that must be given, in lower case."""
        given = self.text(name)
        if not given:
            raise refusal(400, f"Parameter {name} is required")
        return given.lower()


def paged(rows: list[Row], query: Query, key: str, never_ending: bool = False) -> dict[str, Any]:
    """One page of a list; a list that never ends shows its pages again and again."""
    limit, number = min(query.number("Limit", USUAL), MOST), query.number("Page", 1)
    pages = max(-(-len(rows) // limit), 1)
    shown = (number - 1) % pages + 1 if never_ending else number
    total = NEVER_ENDING if never_ending else len(rows)
    return {"Total": total, "Page": number, key: rows[(shown - 1) * limit : shown * limit]}


def matching(rows: list[Row], query: Query, names: Mapping[str, str]) -> list[Row]:
    """The rows with the values asked for, one of each; `names` says which column a parameter means."""
    wanted = [(column, query.text(name).lower()) for name, column in names.items() if query.text(name)]
    return [row for row in rows if all(str(row[column] or "").lower() == value for column, value in wanted)]


def beginning(rows: list[Row], query: Query, name: str) -> list[Row]:
    """The rows whose column begins with the parameter of that name."""
    start = query.text(name).lower()
    return [row for row in rows if str(row[name]).lower().startswith(start)] if start else rows


def found_by(rows: list[Row], query: Query, columns: tuple[str, ...]) -> list[Row]:
    """The rows with the text that is searched for in one of the columns."""
    wanted = query.text("Search").lower()
    if not wanted:
        return rows
    return [row for row in rows if any(wanted in str(row[column] or "").lower() for column in columns)]


def changed_within(rows: list[Row], query: Query, column: str) -> list[Row]:
    """The rows that changed in the window asked for; both ends belong to it."""
    since, until = query.moment("UpdatedSince"), query.moment("UpdatedUntil")
    return [
        row for row in rows if (not since or row[column] >= since) and (not until or row[column] <= until)
    ]
