"""The same seed gives the same account, and what somebody changed outlives a restart."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconnector.standins.base import Options
from mlconnector.standins.cin7 import Cin7StandIn, create
from mlconnector.standins.cin7.account import encoded
from tests.standins.cin7.conftest import Api, of_case


def whole(standin: Cin7StandIn) -> bytes:
    names = ("sales", "purchases", "payments", "files", "customers", "suppliers", "credits", "deposits")
    return encoded({name: getattr(standin.account, name) for name in names})


@pytest.mark.parametrize("count", [0, 1, 3, 25, 150])
def test_the_same_seed_and_number_of_records_give_the_same_account(count: int) -> None:
    assert whole(create(Options(records=count, seed=3))) == whole(create(Options(records=count, seed=3)))


def test_another_seed_gives_another_account() -> None:
    assert whole(create(Options(records=25, seed=1))) != whole(create(Options(records=25, seed=2)))


def test_a_small_account_shows_what_matters() -> None:
    shown = set(create(Options(records=25)).labels().values())
    assert shown >= {"plain_19", "several_invoices", "overpayment", "credit_used", "eu_supply", "foreign_usd"}
    assert shown >= {"goods_19", "landed_cost", "no_number", "credit_in_sale", "credit_standalone"}


def test_edits_webhooks_and_files_outlive_a_restart(tmp_path: Path) -> None:
    options = Options(records=60, state_file=tmp_path / "state.json")
    first = create(options)
    sale = of_case(first, "plain_19")
    sale_id, task = sale["ID"], sale["Invoices"][0]["TaskID"]
    first.add_payment(sale_id, task, Decimal("12.30"), date(2026, 10, 20))
    file_id = first.add_attachment(sale_id, "neu.pdf", b"\x00\xff")
    other = of_case(first, "mixed_rates")
    first.undo_invoice(other["ID"], other["Invoices"][0]["TaskID"])
    first.rename_tax_rule("7% USt", "ermäßigt")
    first.remove_sale(of_case(first, "plain_7")["ID"])
    first.update_party(next(iter(first.customers)), lambda party: party.update(Tags="neu"))
    first.registrations.webhooks.append({"ID": "1", "Type": "Sale/Undo", "IsActive": True})
    first.save()
    second = create(options)
    assert whole(second) == whole(first)
    assert second.file_content(file_id) == b"\x00\xff"
    assert second.registrations.webhooks == first.registrations.webhooks
    assert second.account.catalogue.tax_rules == first.account.catalogue.tax_rules
    number = other["Invoices"][0]["InvoiceNumber"]
    second.reauthorise(other["ID"], other["Invoices"][0]["TaskID"], Decimal(5))
    assert number is None
    assert second.sale(other["ID"])["Invoices"][0]["InvoiceNumber"]


def test_an_edit_after_a_restart_is_later_than_those_before_it(tmp_path: Path) -> None:
    options = Options(records=12, state_file=tmp_path / "state.json")
    first = create(options)
    options.clock.advance(86_400)
    sale_id = next(iter(first.sales))
    first.update_sale(sale_id, lambda _: None)
    first.save()
    options.clock.advance(-86_400)
    second = create(options)
    second.update_sale(sale_id, lambda _: None)
    assert second.sale(sale_id)["LastModifiedOn"] > first.sale(sale_id)["LastModifiedOn"]


def test_a_state_file_of_another_account_is_refused(tmp_path: Path) -> None:
    options = Options(records=12, state_file=tmp_path / "state.json")
    create(options).save()
    with pytest.raises(ValueError, match="belongs to 12 records"):
        create(Options(records=13, state_file=tmp_path / "state.json"))


def test_without_a_state_file_nothing_is_written(tmp_path: Path) -> None:
    create(Options(records=3)).save()
    assert list(tmp_path.iterdir()) == []


def test_calls_are_counted_by_endpoint(api: Api, standin: Cin7StandIn) -> None:
    api.get("saleList")
    api.get("SALELIST")
    shown: dict[str, Any] = api.client.get("/_standin/statistics").json()
    assert shown["by_path"] == {"/ExternalApi/v2/salelist": 2}
