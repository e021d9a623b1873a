"""What generating a record needs: the account so far, the counters of ids, and chance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from mlconnector.standins.procore.catalogue import Catalogue
from mlconnector.standins.procore.identities import number
from mlconnector.standins.procore.records import File, Generated, Row
from mlconnector.standins.procore.times import stamp


@dataclass
class Work:
    """An account that is being made."""

    made: Generated
    catalogue: Catalogue
    seed: int
    tax_on_payment: bool = False
    places: Counter[str] = field(default_factory=Counter)

    def next_id(self, kind: str) -> int:
        """The next id of a kind."""
        self.places[kind] += 1
        return number(kind, self.places[kind])

    def rates(self) -> dict[int, Decimal]:
        """The rates of the tax codes by their ids."""
        return {row["id"]: Decimal(str(row["rate1"])) for row in self.made.tables["tax_codes"].values()}

    def add_file(self, owner: int, name: str, kind: str, text: list[str]) -> None:
        """Attach a file to a record."""
        self.made.files.setdefault(owner, []).append(File(self.next_id("file"), owner, name, kind, text))


def moment(day: str | date, days: int = 0, hour: int = 8, minute: int = 12) -> str:
    """The stamp of an hour so many days after a day."""
    first = date.fromisoformat(day) if isinstance(day, str) else day
    return stamp(datetime.combine(first + timedelta(days=days), time(hour, minute), UTC))


def currency(code: str, rate: str = "1.0") -> Row:
    """Document and base currency, and the rate between them; some bodies write it as a number."""
    return {"currency_iso_code": code, "currency_exchange_rate": rate, "base_currency_iso_code": "EUR"}


def file_name(title: str, number: str | None) -> str:
    """A name for the file of a document, with what a file system forbids left out."""
    kept = "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in number or "ohne_Nummer")
    return f"{title}_{kept[:60]}.pdf"
