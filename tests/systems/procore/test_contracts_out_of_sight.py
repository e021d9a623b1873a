"""Bills have their tax codes from their contracts: the ping looks at these whether or not they are booked."""

from __future__ import annotations

from mlconnector.standins.faults import Fault
from tests.systems.procore.rig import procore_rig

CONTRACTS = r"^/rest/v1\.0/(work_order|purchase_order)_contracts"


def test_the_ping_names_each_project_once_whose_contracts_cannot_be_read() -> None:
    with procore_rig(records=1) as rig:
        rig.faults.add(Fault("status", path=CONTRACTS, status=403, body=b"{}", times=1000))
        source = rig.open()
        (step,) = (one for one in source.check() if one.key == "procore.right")
        source.close()
        projects = rig.standin.account.tables["projects"].values()
    assert (step.outcome, step.cause) == ("failed", "procore_rights_missing")
    refused = step.facts["refused"].split(", ")
    assert set(refused) == {f"{one['project_number']}: Commitments" for one in projects}
    assert len(refused) == len(set(refused))
