"""Which vouchers a form means: those that were ticked, or all that a search finds for one cause."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.errors import NeedsHuman
from mlconnector.flow.report import waiting
from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.model.voucher_facts import VoucherFacts, facts_of
from mlconnector.store import lookup, vouchers
from mlconnector.store.vouchers import VoucherRow
from mlconnector.web.console.pages import Fact
from mlconnector.web.console.place import within
from mlconnector.web.console.screens.exceptions.screen import SCREEN, address_of
from mlconnector.web.console.searching import Asked, asked_for
from mlconnector.web.console.visits import Visit

_NAMED = 10
_SEAL = "seal"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Vouchers that are meant with what they say, and the `fields` of a form that means the same ones.

    `origin` is the page from which they were chosen, where it is not that of their cause.
    """

    asked: Asked
    cause: str
    found: Mapping[VoucherRow, VoucherFacts]
    fields: Mapping[str, str]
    origin: str = ""

    @property
    def keys(self) -> list[str]:
        """The vouchers by our key."""
        return [row.id for row in self.found]

    @property
    def seal(self) -> str:
        """What another set of vouchers would not have."""
        return hashlib.sha256("\n".join(sorted(self.keys)).encode()).hexdigest()

    def is_as_shown(self, at: Visit) -> bool:
        """Whether a form that was confirmed showed these vouchers and no others."""
        return at.form.get(_SEAL) == self.seal

    def carried(self) -> dict[str, str]:
        """What a form of confirmation carries."""
        return {**self.fields, _SEAL: self.seal}

    def by_connection(self) -> dict[str, list[str]]:
        """The keys by connection."""
        found: dict[str, list[str]] = {}
        for row in self.found:
            found.setdefault(row.connection, []).append(row.id)
        return found

    def facts(self, at: Visit) -> list[Fact]:
        """How many there are, what they come to, and which they are."""
        sums: Counter[str] = Counter()
        totals: dict[str, Decimal] = {}
        for one in self.found.values():
            sums[one.currency] += one.amount is not None
            totals[one.currency] = totals.get(one.currency, ZERO) + (one.amount or ZERO)
        money = " + ".join(
            at.written.amount(total, currency) for currency, total in sorted(totals.items()) if sums[currency]
        )
        labels = [row.label for row in self.found]
        named = ", ".join(labels[:_NAMED])
        if len(labels) > _NAMED:
            named = at.say("and_more", names=named, count=len(labels) - _NAMED)
        return [
            Fact(at.say("label_count"), at.written.count(len(labels))),
            Fact(at.say("label_sum"), money or "–"),
            Fact(at.say("label_vouchers"), named),
        ]

    def back(self) -> str:
        """The page from which they were chosen."""
        if self.origin or not self.cause:
            return self.origin or SCREEN.home
        return address_of("cause", {**self.asked.carried(), "cause": self.cause})


def chosen(at: Visit) -> Chosen:
    """The waiting vouchers of one cause that a form means. Raises NeedsHuman (`nothing_chosen`)."""
    asked, cause = asked_for(at.form.get), at.form.get("cause")
    origin = within(at.form.get("back"), "")
    fields = {**asked.carried(), "cause": cause, "back": origin}
    if at.form.get("everything"):
        found = waiting.waiting_for(at.app.services, asked.connection or "", cause, asked.wanted)
        return _some(Chosen(asked, cause, found, {**fields, "everything": "1"}, origin))
    found = ticked(at)
    named = " ".join(row.id for row in found)
    return _some(Chosen(asked, cause, found, {**fields, "voucher": named}, origin))


def ticked(at: Visit) -> dict[VoucherRow, VoucherFacts]:
    """The vouchers whose boxes were ticked; a form of confirmation names all of them in one field."""
    keys = [key for value in at.form.all("voucher") for key in value.split()]
    with at.app.database.read() as db:
        rows = list(vouchers.by_ids(db, keys).values())
        said = lookup.contents(db, rows)
    return {row: facts_of(said.get(row.id)) for row in rows}


def _some(one: Chosen) -> Chosen:
    if not one.found or one.asked.unreadable:
        raise NeedsHuman(Problem("nothing_chosen"))
    return one
