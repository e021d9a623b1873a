"""A bill has its tax codes from the lines of its contract: where that cannot be seen, nothing is assumed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlconnector.standins.faults import Fault
from mlconnector.systems.source import Reading, Reference
from tests.systems.procore.rig import ProcoreRig, is_bill, names, procore_rig

CONTRACTS = r"^/rest/v1\.0/(work_order|purchase_order)_contracts"


@pytest.fixture
def account() -> Iterator[ProcoreRig]:
    with procore_rig(records=20) as rig:
        yield rig
        for source in rig.opened:
            source.close()


def hide_contracts(rig: ProcoreRig, status: int) -> None:
    rig.faults.add(Fault("status", path=CONTRACTS, status=status, body=b"{}", times=1000))


def bills(rig: ProcoreRig) -> list[Reading]:
    return rig.open().fetch([Reference(name) for name in sorted(names(rig.standin)) if is_bill(name)])


def keys(reading: Reading) -> set[str]:
    return {problem.key for problem in reading.problems}


@pytest.mark.parametrize("status", [403, 404])
def test_a_bill_waits_for_its_contract(account: ProcoreRig, status: int) -> None:
    assert not any("procore_contract_missing" in keys(one) for one in bills(account))
    hide_contracts(account, status)
    hidden = bills(account)
    assert hidden
    assert all("procore_contract_missing" in keys(one) for one in hidden)


def test_the_ping_names_each_project_once(account: ProcoreRig) -> None:
    hide_contracts(account, 403)
    (step,) = (one for one in account.open().check() if one.key == "procore.right")
    assert (step.outcome, step.cause) == ("failed", "procore_rights_missing")
    refused = step.facts["refused"].split(", ")
    assert set(refused) == {
        f"{one['project_number']}: Commitments" for one in account.standin.account.tables["projects"].values()
    }
    assert len(refused) == len(set(refused))
