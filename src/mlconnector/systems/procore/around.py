"""What records refer to, read once for a set of them: projects, vendors, tax codes, commitments, periods."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from mlconnector.model.problems import Problem
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.shapes import shared_by_all
from mlconnector.systems.procore.answers import Forbidden, NotFound
from mlconnector.systems.procore.client import Client
from mlconnector.systems.procore.names import CommitmentKind, Name, Project
from mlconnector.systems.procore.projects import visible, written_alike
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import (
    BillingPeriod,
    Commitment,
    CostLine,
    DirectCost,
    Payment,
    ProjectRecord,
    Requisition,
    TaxCode,
    Vendor,
    text,
)

Value = TypeVar("Value")

_APPROVED = "approved"

CONTRACT_KINDS: Mapping[str, CommitmentKind] = {
    "WorkOrderContract": "work-order",
    "PurchaseOrderContract": "purchase-order",
}


class OutOfReach(Exception):
    """What a record needs may not be read in its project; other records can be read all the same."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all kinds of records need: their project, who is paid, the money, and the company's tax codes.

    `vendor` is None where there is none, or where it cannot be seen. `alike` is what another project is
    called that has the same number.
    """

    project: ProjectRecord
    vendor: Vendor | None
    currency: str
    tax_codes: Mapping[str, TaxCode]
    alike: str = ""

    def problems(self, title: str) -> list[Problem]:
        """What is wrong with the project: without a number of its own it is no cost centre."""
        called = clean(self.project.name)
        if not clean(self.project.project_number):
            return [Problem("procore_project_nameless", {"title": title, "project": called}, ("project",))]
        if self.alike:
            number = clean(self.project.project_number)
            facts = {"title": title, "number": number, "project": called, "other": self.alike}
            return [Problem("procore_project_twice", facts, ("number",))]
        return []


@dataclass(frozen=True, slots=True)
class Bill:
    """A requisition with what it adds to: the one before it, its contract and its billing period.

    `contract_lines` are those of the contract and its change orders, by their ids. `previous` is None for the
    first of a commitment, and where it is not to be had although it is named. `earlier` are all bills before
    a final one, and `payments` what was paid at the commitment.
    """

    name: Name
    requisition: Requisition
    shared: Shared
    previous: Requisition | None = None
    commitment: Commitment | None = None
    contract_lines: Mapping[str, CostLine] = field(default_factory=dict)
    period: BillingPeriod | None = None
    earlier: tuple[Requisition, ...] = ()
    payments: tuple[Payment, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """A direct cost; `mirrored` says whether a requisition with its number and vendor is there."""

    name: Name
    direct_cost: DirectCost
    shared: Shared
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class Contract:
    """A commitment with the lines of its approved change orders, and its latest bill that counts."""

    name: Name
    commitment: Commitment
    shared: Shared
    change_lines: tuple[CostLine, ...] = ()
    billed: Requisition | None = None


@dataclass
class Around:
    """Reads what records refer to, each once; safe to share between threads.

    Raises OutOfReach where a tool of a project may not be read, which others need not miss.
    """

    client: Client
    settings: Settings
    _known: dict[Hashable, Any] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def shared(self, project: Project, vendor: str, currency: str | None) -> Shared | None:
        """What all kinds of records need; None where the project cannot be seen."""
        projects = self._once("projects", lambda: visible(self.client, self.settings))
        known = projects.get(project)
        if known is None:
            return None
        codes = self._once(("tax", project.company), lambda: self._tax_codes(project.company))
        return Shared(
            project=known,
            vendor=self._vendor(project.company, vendor) if vendor else None,
            currency=currency or self._currency(project),
            tax_codes=codes,
            alike=written_alike(projects).get(project, ""),
        )

    def requisition(self, project: Project, id_: str) -> Requisition | None:
        """A requisition with its lines; None where it is not to be had."""
        return self._once(
            ("requisition", project, id_), lambda: _unless_gone(lambda: self.client.requisition(project, id_))
        )

    def direct_cost(self, project: Project, id_: str) -> DirectCost | None:
        """A direct cost with its lines; None where it is not to be had."""
        return _unless_gone(lambda: self.client.direct_cost(project, id_))

    def commitment(self, project: Project, kind: CommitmentKind, id_: str) -> Commitment | None:
        """A commitment with its lines; None where it is not to be had."""
        return self._once(
            ("commitment", project, kind, id_),
            lambda: _unless_gone(lambda: self.client.commitment(project, kind, id_)),
        )

    def change_lines(self, project: Project, commitment: str) -> list[CostLine]:
        """The lines of the approved change orders of a commitment."""

        def read() -> list[CostLine]:
            found = _within_reach(lambda: self.client.change_orders(project, commitment))
            approved = [one for one in found if clean(one.status).lower() == _APPROVED and not one.deleted_at]
            return [
                line for one in approved for line in self.client.change_order_lines(project, text(one.id))
            ]

        return self._once(("change lines", project, commitment), read)

    def requisitions_of(self, project: Project, commitment: str) -> list[Requisition]:
        """The requisitions of a commitment, without their lines."""
        key = ("requisitions", project, commitment)
        return self._once(
            key, lambda: _within_reach(lambda: self.client.requisitions_of(project, commitment))
        )

    def requisitions(self, project: Project) -> list[Requisition]:
        """All requisitions of a project, without their lines."""
        key = ("requisitions", project)
        return self._once(key, lambda: _within_reach(lambda: self.client.all_requisitions(project)))

    def payments(self, project: Project, commitment: str) -> list[Payment]:
        """The payments that were noted at a commitment."""
        return _within_reach(lambda: self.client.payments(project, commitment))

    def period(self, project: Project, id_: str) -> BillingPeriod | None:
        """A billing period of a project."""
        key = ("periods", project)
        periods = self._once(key, lambda: _within_reach(lambda: self.client.billing_periods(project)))
        return next((one for one in periods if text(one.id) == id_), None)

    def _vendor(self, company: str, id_: str) -> Vendor | None:
        return self._once(
            ("vendor", company, id_), lambda: _unless_missing(lambda: self.client.vendor(company, id_))
        )

    def _currency(self, project: Project) -> str:
        found = self._once(("currency", project), lambda: _unless_gone(lambda: self.client.currency(project)))
        return (found.currency_iso_code or "") if found else ""

    def _tax_codes(self, company: str) -> dict[str, TaxCode]:
        # A company that has not switched the feature on refuses the question.
        with shared_by_all():
            return {text(one.id): one for one in _unless_gone(lambda: self.client.tax_codes(company)) or []}

    def _once(self, key: Hashable, read: Callable[[], Value]) -> Value:
        with self._lock:
            if key in self._known:
                known: Value = self._known[key]
                return known
        found = read()
        with self._lock:
            return self._known.setdefault(key, found)  # type: ignore[no-any-return]  # read under its own key


def _unless_gone(read: Callable[[], Value]) -> Value | None:
    """What is read; None where it is not there, or may not be read."""
    try:
        return read()
    except (NotFound, Forbidden):
        return None


def _within_reach(read: Callable[[], Value]) -> Value:
    """What is read of a project. Raises OutOfReach."""
    try:
        return read()
    except Forbidden as error:
        raise OutOfReach(f"{error.problem.facts['path']}: {error.said}") from error


def _unless_missing(read: Callable[[], Value]) -> Value | None:
    """What is read; None where it is not there. That the directory may not be read concerns all records."""
    try:
        return read()
    except NotFound:
        return None
