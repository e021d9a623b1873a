"""Cin7 tells its own words: what documents carry as tax rule, account, payment account and location."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.errors import NeedsLogin
from mlconnector.standins.faults import Fault
from mlconnector.systems.own_words import OwnWord
from mlconnector.systems.source import SourceContext
from tests.conformance.context import NoTokens
from tests.systems.cin7.rig import Cin7Rig, cin7_rig


@pytest.fixture(scope="module")
def rig() -> Iterator[Cin7Rig]:
    with cin7_rig(records=1) as made:
        yield made


def words(rig: Cin7Rig, **settings: Any) -> list[OwnWord]:
    """What an account tells whose connection has these settings."""
    assert rig.system.own_words is not None
    outside = rig.outside
    context = SourceContext(
        settings=rig.system.settings_model.model_validate({**rig.settings, **settings}),
        secrets=rig.secrets,
        tokens=NoTokens(),
        http=outside.http,
        memory=outside.memory,
        now=outside.time.now,
        budget=outside.budget,
    )
    return list(rig.system.own_words(context))


def called(found: list[OwnWord], kind: str) -> dict[str, OwnWord]:
    return {one.value: one for one in found if one.called == kind}


def test_tax_rules_are_told_with_their_rate_by_the_documents_that_name_them(rig: Cin7Rig) -> None:
    found = words(rig)
    of_sales, of_purchases = called(found, "sale_tax_rule"), called(found, "purchase_tax_rule")
    assert (of_sales["19% USt"].rate, of_sales["19% USt"].direction) == (Decimal(19), "sale")
    assert set(of_purchases) == {"19% VSt", "7% VSt", "IG Erwerb", "§13b", "Einfuhr 0%"}
    assert {one.table for one in (*of_sales.values(), *of_purchases.values())} == {"tax_case"}


def test_a_rule_that_is_no_longer_in_use_is_told_as_such(rig: Cin7Rig) -> None:
    assert [name for name, one in called(words(rig), "sale_tax_rule").items() if not one.is_active] == [
        "16% USt"
    ]


def test_a_rule_without_a_rate_waits_whatever_is_mapped(rig: Cin7Rig) -> None:
    found = called(words(rig), "sale_tax_rule")
    assert [name for name, one in found.items() if not one.waits] == ["19% USt mit Umlage"]


def test_where_the_facts_decide_no_rule_has_to_be_mapped(rig: Cin7Rig) -> None:
    found = words(rig, tax_rules="facts")
    assert not any(one.waits for one in found if one.table == "tax_case")


def test_accounts_are_told_by_their_class(rig: Cin7Rig) -> None:
    found = words(rig)
    # 860 is a liability, and where charges that round an invoice are posted.
    assert set(called(found, "revenue_account")) == {"200", "205", "210", "860"}
    expense = called(found, "expense_account")
    assert {"310", "320", "400", "429", "630"} <= set(expense)
    assert not {"610", "800", "820", "090"} & set(expense)
    assert (expense["630"].name, expense["630"].attribute) == ("Inventory", "account")


def test_accounts_on_which_cin7_alone_posts_need_no_row(rig: Cin7Rig) -> None:
    assert [value for value, one in called(words(rig), "expense_account").items() if not one.waits] == ["499"]


def test_accounts_of_money_are_those_that_payments_name(rig: Cin7Rig) -> None:
    found = called(words(rig), "payment_account")
    assert set(found) == {"090", "091", "092"}
    assert {one.attribute for one in found.values()} == {"payment_method"}
    without = words(rig, payments={"discount_accounts": ["092"]})
    assert set(called(without, "payment_account")) == {"090", "091"}
    assert called(words(rig, payments={"read": False}), "payment_account") == {}


def test_locations_are_places(rig: Cin7Rig) -> None:
    found = called(words(rig), "place")
    assert {"Hauptlager Hamburg", "Lager Wien"} <= set(found)
    assert {(one.table, one.attribute) for one in found.values()} == {("cost_centre", "location")}


def test_what_is_not_read_has_no_words(rig: Cin7Rig) -> None:
    sales = {one.called for one in words(rig, read="sales")}
    assert not sales & {"purchase_tax_rule", "expense_account"}
    purchases = {one.called for one in words(rig, read="purchases")}
    assert not purchases & {"sale_tax_rule", "revenue_account"}


def test_a_system_that_refuses_is_told_as_everywhere(rig: Cin7Rig) -> None:
    rig.faults.add(Fault("status", path="(?i)ref/tax$", status=403, times=1))
    with pytest.raises(NeedsLogin):
        words(rig)
