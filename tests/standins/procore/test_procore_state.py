"""The same seed gives the same account, and what somebody changed outlives a restart."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlconnector.standins.base import Options
from mlconnector.standins.procore import ProcoreStandIn, create
from tests.standins.conftest import Switch
from tests.standins.procore.conftest import Api, of_case


def whole(standin: ProcoreStandIn) -> Any:
    account = standin.account
    parts = [account.tables, account.files, account.histories, account.cases]
    return msgspec.to_builtins([parts, *(list(table) for table in account.tables.values())])


@pytest.mark.parametrize("count", [0, 1, 3, 25, 150])
def test_the_same_seed_and_number_of_records_give_the_same_account(count: int) -> None:
    assert whole(create(Options(records=count, seed=3))) == whole(create(Options(records=count, seed=3)))


def test_another_seed_gives_another_account() -> None:
    assert whole(create(Options(records=25, seed=1))) != whole(create(Options(records=25, seed=2)))


def test_edits_hooks_and_permissions_outlive_a_restart(tmp_path: Path) -> None:
    options = Options(records=60, state_file=tmp_path / "state.json")
    first = create(options)
    bill, cost = of_case(first, "progress_retainage"), of_case(first, "two_files")
    first.update_requisition(bill["id"], lambda row: row.update(invoice_number="NEU"))
    first.add_requisition(bill["commitment_id"], Decimal(500))
    first.delete_direct_cost(first.add_direct_cost(cost["id"], "RE-1"))
    first.delete_direct_cost(cost["id"])
    first.add_change_order(bill["commitment_id"], Decimal(100))
    file = first.add_attachment(bill["id"], "neu.pdf", b"\x00\xff")
    first.remove_attachments(of_case(first, "large_file")["id"])
    first.hide_project(bill["project_id"], 404)
    first.deliveries.hooks.append({"id": 1})
    first.save()
    second = create(options)
    assert whole(second) == whole(first)
    assert second.file_content(file) == b"\x00\xff"
    assert second.access.hidden == {bill["project_id"]: 404}
    assert second.deliveries.hooks == [{"id": 1}]
    assert second.costs() == first.costs()
    assert second.add_requisition(bill["commitment_id"], Decimal(1)) not in first.requisitions


def test_a_token_outlives_a_restart(
    api: Api, standin: ProcoreStandIn, switch: Switch, tmp_path: Path
) -> None:
    options = Options(records=3, state_file=tmp_path / "state.json")
    first = create(options)
    first.login.tokens = standin.login.tokens
    first.save()
    switch.app = create(options).app
    assert api.get("v1.0/me").status_code == 200


def test_an_edit_after_a_restart_is_later_than_those_before_it(tmp_path: Path) -> None:
    options = Options(records=12, state_file=tmp_path / "state.json")
    first = create(options)
    bill = next(iter(first.requisitions))
    options.clock.advance(86_400)
    first.update_requisition(bill, lambda _: None)
    first.save()
    options.clock.advance(-86_400)
    second = create(options)
    second.update_requisition(bill, lambda _: None)
    assert second.requisitions[bill]["updated_at"] > first.requisitions[bill]["updated_at"]


def test_a_state_file_of_another_account_is_refused(tmp_path: Path) -> None:
    options = Options(records=12, state_file=tmp_path / "state.json")
    create(options).save()
    with pytest.raises(ValueError, match="belongs to 12 records"):
        create(Options(records=13, state_file=tmp_path / "state.json"))


def test_without_a_state_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    create(Options(records=3)).save()
    assert list(tmp_path.iterdir()) == []
