"""The account as it stands: what was generated from the seed, with every later edit on top."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from mlconnector.standins.cin7.catalogue import catalogue
from mlconnector.standins.cin7.generator import generate
from mlconnector.standins.cin7.records import File, Row
from mlconnector.standins.cin7.times import from_seconds, moment_of, stamp

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Account:
    """All records of the company, and the notes that a restart needs."""

    def __init__(self, records: int, seed: int, clock: Callable[[], float]) -> None:
        made = generate(records, seed)
        self.clock = clock
        self.sales, self.purchases = made.sales, made.purchases
        self.payments, self.files = made.payments, made.files
        self.customers = {each["ID"]: each for each in made.customers}
        self.suppliers = {each["ID"]: each for each in made.suppliers}
        self.credits, self.deposits = made.credits, made.deposits
        self.cases, self.labels = made.cases, made.labels
        self.catalogue = catalogue()
        self.undone: dict[str, str] = {}
        self.edited: set[str] = set()
        self.removed: set[str] = set()
        changed = [each["LastModifiedOn"] for each in self.sales.values()]
        changed += [each["LastUpdatedDate"] for each in self.purchases.values()]
        self._newest = max(changed, default=stamp(from_seconds(0)))
        self._file_by_id = {file.id: file for files in self.files.values() for file in files}

    def now(self, at: datetime | None = None) -> str:
        """The stamp of an edit: the clock's, but always later than every change so far; or exactly `at`."""
        if at is not None:
            return stamp(at)
        moment = max(from_seconds(self.clock()), moment_of(self._newest) + timedelta(milliseconds=1))
        self._newest = stamp(moment)
        return self._newest

    def sale(self, sale_id: str) -> Row:
        """A sale as it stands; LookupError when there is none."""
        return _present(self.sales, sale_id, "sale")

    def purchase(self, purchase_id: str) -> Row:
        """A purchase as it stands; LookupError when there is none."""
        return _present(self.purchases, purchase_id, "purchase")

    def file(self, file_id: str) -> File | None:
        """An attachment."""
        return self._file_by_id.get(file_id)

    def add_file(self, file: File) -> None:
        """Attach a file to its record."""
        self.files.setdefault(file.owner, []).append(file)
        self._file_by_id[file.id] = file
        self.edited.add(file.owner)

    def remove(self, record_id: str) -> None:
        """Forget a sale or purchase for good."""
        (self.sales if record_id in self.sales else self.purchases).pop(record_id)
        self.removed.add(record_id)

    def edits(self) -> Row:
        """Everything that is no longer as it was generated."""
        left = self.edited - self.removed
        return {
            "sales": {each: self.sales[each] for each in sorted(left & self.sales.keys())},
            "purchases": {each: self.purchases[each] for each in sorted(left & self.purchases.keys())},
            "payments": {each: self.payments[each] for each in sorted(left & self.payments.keys())},
            "files": {each: self.files[each] for each in sorted(left & self.files.keys())},
            "customers": {each: self.customers[each] for each in sorted(left & self.customers.keys())},
            "suppliers": {each: self.suppliers[each] for each in sorted(left & self.suppliers.keys())},
            "tax_rules": self.catalogue.tax_rules,
            "credits": self.credits,
            "undone": self.undone,
            "removed": sorted(self.removed),
            "newest": self._newest,
        }

    def restore(self, edits: Row) -> None:
        """Put the edits of an earlier run on top of what was generated."""
        for name in ("sales", "purchases", "payments", "customers", "suppliers"):
            getattr(self, name).update(edits[name])
            self.edited |= edits[name].keys()
        for sale_id in edits["sales"]:
            self.cases.setdefault(sale_id, "added")
        for owner, files in edits["files"].items():
            self.files[owner] = [msgspec.convert(file, File) for file in files]
            self._file_by_id.update({file.id: file for file in self.files[owner]})
        for record_id in edits["removed"]:
            self.remove(record_id)
        self.catalogue.tax_rules, self.credits = edits["tax_rules"], edits["credits"]
        self.undone, self._newest = edits["undone"], edits["newest"]


def encoded(value: Any) -> bytes:
    """JSON whose numbers are written exactly."""
    return _ENCODER.encode(value)


def decoded(text: bytes) -> Any:
    """JSON whose numbers are read exactly."""
    return json.loads(text, parse_float=Decimal)


def _present(records: dict[str, Row], record_id: str, kind: str) -> Row:
    if record_id not in records:
        raise LookupError(f"This account has no {kind} {record_id}.")
    return records[record_id]
