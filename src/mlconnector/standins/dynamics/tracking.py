"""Change tracking: a first pass over all rows, delta links, changed rows and tombstones, tokens that expire.

Facts: Microsoft Learn, "Use change tracking to synchronize data with external systems" (2026-03). A token
names the version from which on changes are new, and when it was given out.
"""

from __future__ import annotations

import re
from typing import Any

from mlconnector.standins.dynamics.answers import bad_query, error, expired_version_stamp
from mlconnector.standins.dynamics.links import address_with, page_link, read_page_token
from mlconnector.standins.dynamics.queries import Preferences, Query
from mlconnector.standins.dynamics.records import Row
from mlconnector.standins.dynamics.schema import Table
from mlconnector.standins.dynamics.shown import columns_of, shown
from mlconnector.standins.dynamics.table_reads import Reader
from mlconnector.standins.dynamics.times import token_epoch, token_time

_TOKEN = re.compile(r"(\d+)!(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d)")
_DAY = 86_400
_REFUSED = ("$filter", "$orderby", "$expand", "$top")


def is_tracking(query: Query, preferences: Preferences) -> bool:
    """Whether a request is one of change tracking."""
    if "$deltatoken" in query.raw:
        return True
    if "$skiptoken" in query.raw:
        return read_page_token(query.raw["$skiptoken"])[2]
    return preferences.track_changes


class Tracker:
    """Answers requests of change tracking with the rows that `reader` may see."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.environment = reader.environment

    def page(self, table: Table, query: Query, preferences: Preferences) -> Row:
        """A page of a first pass or of the changes since a token; the last one has the delta link."""
        self._check(table, query)
        number, position = self._position(table, query)
        rows, more = self._take(table, position, preferences.page_size)
        made: Row = {"@odata.context": self._context(table, query, position)}
        address = f"{self.reader.root}{table.set}"
        made["value"] = [self._entry(table, query, preferences, each) for each in rows]
        if more:
            after = position | {"after": rows[-1][0]}
            made["@odata.nextLink"] = page_link(address, query.raw, number + 1, after, tracking=True)
        else:
            made["@odata.deltaLink"] = self._delta_link(address, query, position["next"])
        return made

    def count(self, table: Table, query: Query) -> int:
        """The number of changes since a token."""
        self._check(table, query)
        _, position = self._position(table, query)
        return len(self._entries(table, position))

    def _check(self, table: Table, query: Query) -> None:
        for name in _REFUSED:
            if name in query.raw:
                raise bad_query(
                    f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
                )
        self.reader.check_privilege(table.name)
        if self.environment.privilege(table.name) != "organization":
            raise error(
                403,
                "0x80040220",
                f"SecLib::CheckPrivilege failed. Change tracking needs organization-level "
                f"{table.privilege} on {table.name}.",
            )
        if not self.environment.tracked(table.name):
            raise error(400, "0x80072491", f"Entity {table.name} isn't enabled for change tracking.")
        columns_of(self.environment, table.name, query.select)

    def _position(self, table: Table, query: Query) -> tuple[int, dict[str, Any]]:
        """Where the page begins: changes `since` (0: all), `after` this rank; `next` is for the token."""
        if "$skiptoken" in query.raw:
            number, position, _ = read_page_token(query.raw["$skiptoken"])
            if self.environment.edited.metadata_versions.get(table.name, 0) > position["next"]:
                raise expired_version_stamp()
            return number, position
        since = 0
        if "$deltatoken" in query.raw:
            since = self._since(table, query.raw["$deltatoken"])
        return 1, {"since": since, "after": since, "next": self.environment.edited.version}

    def _since(self, table: Table, token: str) -> int:
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise bad_query("The delta token is not valid.")
        version, given_out = int(match[1]), token_epoch(match[2])
        days = self.environment.organization()["expirechangetrackingindays"]
        if self.environment.clock() - given_out > days * _DAY:
            raise expired_version_stamp()
        if self.environment.edited.metadata_versions.get(table.name, 0) > version:
            raise expired_version_stamp()
        return version

    def _entries(self, table: Table, position: dict[str, Any]) -> list[tuple[list[int], Row | str]]:
        """What is new, in order: rows by version, then tombstones by version, each with its rank."""
        since = position["since"]
        entries: list[tuple[list[int], Row | str]] = [
            ([0, row["versionnumber"]], row)
            for row in self.environment.rows[table.name].values()
            if row["versionnumber"] > since
        ]
        if since:
            entries += [
                ([1, each.version], each.id)
                for each in self.environment.edited.deleted
                if each.table == table.name and each.version > since
            ]
        return sorted(entries, key=lambda entry: entry[0])

    def _take(
        self, table: Table, position: dict[str, Any], size: int
    ) -> tuple[list[tuple[list[int], Row | str]], bool]:
        after = position["after"]
        begin = after if isinstance(after, list) else [0, after]
        left = [entry for entry in self._entries(table, position) if entry[0] > begin]
        return left[:size], len(left) > size

    def _entry(
        self, table: Table, query: Query, preferences: Preferences, entry: tuple[list[int], Row | str]
    ) -> Row:
        row = entry[1]
        if isinstance(row, str):
            context = f"{self.reader.root}$metadata#{table.set}/$deletedEntity"
            return {"@odata.context": context, "id": row, "reason": "deleted"}
        columns = columns_of(self.environment, table.name, query.select)
        return shown(self.environment, row, columns, preferences)

    def _context(self, table: Table, query: Query, position: dict[str, Any]) -> str:
        whole = self.reader.context(table, query)
        return f"{whole}/$delta" if position["since"] else whole

    def _delta_link(self, address: str, query: Query, version: int) -> str:
        kept = {name: value for name, value in query.raw.items() if name == "$select"}
        link = address_with(address, kept)
        token = f"{version}!{token_time(self.environment.clock())}"
        written = "".join(letter if letter.isdigit() else f"%{ord(letter):02x}" for letter in token)
        return f"{link}{'&' if kept else '?'}$deltatoken={written}"
