"""The account as it stands: what was generated from the seed, with every later edit on top."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from mlconnector.standins.procore.generator import generate
from mlconnector.standins.procore.identities import number
from mlconnector.standins.procore.records import TABLES, File, Row
from mlconnector.standins.procore.times import from_seconds, moment_of, stamp

_EDITED = 500_000
"""Places of ids from here on belong to what was added to the generated account."""


class Account:
    """All records of the company, and the notes that a restart needs."""

    def __init__(self, records: int, seed: int, clock: Callable[[], float], tax_on_payment: bool) -> None:
        made = generate(records, seed, tax_on_payment)
        self.clock = clock
        self.tax_on_payment = tax_on_payment
        self.tables, self.files = made.tables, made.files
        self.histories, self.cases = made.histories, made.cases
        self.edited: dict[str, set[int]] = {name: set() for name in TABLES}
        self.removed: dict[str, set[int]] = {name: set() for name in TABLES}
        self.edited_files: set[int] = set()
        self.added = 0
        stamps = [
            row["updated_at"] for name in TABLES for row in self.tables[name].values() if "updated_at" in row
        ]
        self._newest = max(stamps)
        self._file_by_id = {file.id: file for files in self.files.values() for file in files}

    def now(self, at: datetime | None = None) -> str:
        """The stamp of an edit: the clock's, but later than every change so far; or exactly `at`."""
        if at is not None:
            return stamp(at)
        moment = stamp(max(from_seconds(self.clock()), moment_of(self._newest) + timedelta(seconds=1)))
        self._newest = moment
        return moment

    def next_id(self, kind: str) -> int:
        """An id for something that is added."""
        self.added += 1
        return number(kind, _EDITED + self.added)

    def rates(self) -> dict[int, Decimal]:
        """The rates of the tax codes by their ids."""
        return {row["id"]: Decimal(str(row["rate1"])) for row in self.tables["tax_codes"].values()}

    def row(self, table: str, record_id: int) -> Row:
        """A record as it stands; LookupError when there is none."""
        if record_id not in self.tables[table]:
            raise LookupError(f"This account has no {record_id} among its {table}.")
        return self.tables[table][record_id]

    def changes_of(self, commitment_id: int) -> list[Row]:
        """The change orders to a commitment."""
        return [row for row in self.tables["change_orders"].values() if row["contract_id"] == commitment_id]

    def put(self, table: str, row: Row) -> None:
        """Keep a new or changed record."""
        self.tables[table][row["id"]] = row
        self.edited[table].add(row["id"])

    def remove(self, table: str, record_id: int) -> Row:
        """Forget a record for good; LookupError when there is none."""
        row = self.row(table, record_id)
        del self.tables[table][record_id]
        self.removed[table].add(record_id)
        return row

    def file(self, file_id: int) -> File | None:
        """An attachment."""
        return self._file_by_id.get(file_id)

    def put_file(self, file: File) -> None:
        """Attach a file to its record, or note that it was changed."""
        files = self.files.setdefault(file.owner, [])
        if file not in files:
            files.append(file)
        self._file_by_id[file.id] = file
        self.edited_files.add(file.owner)

    def remove_files(self, owner: int) -> None:
        """Detach all files of a record."""
        for file in self.files.pop(owner, []):
            self._file_by_id.pop(file.id)
        self.edited_files.add(owner)

    def edits(self) -> Row:
        """Everything that is no longer as it was generated."""
        return {
            "tables": {
                name: {each: row for each, row in rows.items() if each in self.edited[name]}
                for name, rows in self.tables.items()
            },
            "removed": {name: sorted(each) for name, each in self.removed.items()},
            "files": {each: self.files.get(each, []) for each in sorted(self.edited_files)},
            "histories": self.histories,
            "cases": self.cases,
            "added": self.added,
            "newest": self._newest,
        }

    def restore(self, edits: Row) -> None:
        """Put the edits of an earlier run on top of what was generated."""
        for name, rows in edits["tables"].items():
            for row in rows.values():
                self.put(name, row)
        for name, removed in edits["removed"].items():
            self.removed[name] = set(removed)
            for record_id in removed:
                self.tables[name].pop(record_id, None)
        for owner, files in edits["files"].items():
            self.remove_files(int(owner))
            for file in files:
                self.put_file(msgspec.convert(file, File))
        self.histories = {int(owner): rows for owner, rows in edits["histories"].items()}
        self.cases = {int(record_id): case for record_id, case in edits["cases"].items()}
        self.added, self._newest = edits["added"], edits["newest"]
