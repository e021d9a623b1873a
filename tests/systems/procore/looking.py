"""What tests of the Procore source look at: one record's reading, its voucher, and what holds it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from mlconnector.model.vouchers import Voucher
from mlconnector.standins.faults import Fault
from mlconnector.standins.procore import COMPANY_ID, ProcoreStandIn
from mlconnector.systems.source import Reading, Reference, Source
from tests.systems.procore.rig import ProcoreRig, Row, edited, name_of, update

CONTRACT_KINDS = {"WorkOrderContract": "work-order", "PurchaseOrderContract": "purchase-order"}


def reading_of(rig: ProcoreRig, name: str, source: Source | None = None) -> Reading:
    (found,) = (source or rig.open()).fetch([Reference(name)])
    return found


def reading(rig: ProcoreRig, record: Row) -> Reading:
    return reading_of(rig, name_of(record))


def voucher(rig: ProcoreRig, record: Row) -> Voucher:
    """The voucher of a record that nothing holds."""
    found = reading(rig, record)
    assert found.problems == ()
    assert found.voucher is not None
    return found.voucher


def held_by(rig: ProcoreRig, record: Row) -> list[str]:
    """The keys of what holds a record."""
    return [problem.key for problem in reading(rig, record).problems]


def put(rig: ProcoreRig, record: Row, **values: Any) -> None:
    """Let a bill or a direct cost have other values."""
    update(rig.standin, name_of(record), lambda row: row.update(values))


def net(found: Voucher) -> Decimal:
    return sum((line.amount for line in found.lines), Decimal(0))


def previous(standin: ProcoreStandIn, bill: Row) -> Row:
    return standin.requisitions[bill["previous_requisition_id"]]


def chain_of(standin: ProcoreStandIn, case: str) -> list[Row]:
    """The bills of the commitment with the first bill of a case, in their order."""
    first = standin.requisitions[standin.of_case(case)[0]]
    bills = standin.requisitions.values()
    return [one for one in bills if one["commitment_id"] == first["commitment_id"]]


def settled_chain(standin: ProcoreStandIn) -> list[Row]:
    """A commitment that was billed to its end: four progress bills and the last one."""
    last = standin.requisitions[standin.of_case("final_after_progress")[-1]]
    bills = standin.requisitions.values()
    found = [one for one in bills if one["commitment_id"] == last["commitment_id"]]
    assert len(found) == 5
    assert found[-1] == last
    return found


def contract_name(row: Row) -> str:
    return f"{CONTRACT_KINDS[row['_kind']]}/{COMPANY_ID}/{row['project']['id']}/{row['id']}"


def alter(rig: ProcoreRig, path: str, edit: Callable[[Any], None], times: int = 1000) -> None:
    """Let answers come otherwise than the account has them."""
    rig.faults.add(Fault("alter", path=path, times=times, alter=partial(edited, edit=edit)))


def status(rig: ProcoreRig, path: str, code: int, body: bytes = b"{}", times: int = 1000) -> None:
    """Let calls be answered with an error."""
    rig.faults.add(Fault("status", path=path, status=code, body=body, times=times))


def paths(rig: ProcoreRig) -> list[str]:
    """The paths of all calls so far."""
    return [exchange.url.partition("?")[0].partition("/rest/")[2] for exchange in rig.outside.log.exchanges]
