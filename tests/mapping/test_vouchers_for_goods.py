"""Vouchers that are sold, costs that are passed on, and what is not taxable: by a row, with its reason."""

from __future__ import annotations

from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Held, entry
from mlconnector.mapping.open_items import open_items
from mlconnector.mapping.rules import Rules
from mlconnector.texts.catalogue import reason
from tests.mapping.builders import booked, cleared, draft, keys, line, payment, rules, voucher


def row(case: str, **facts: str) -> Rules:
    chosen = {"rate": 0, "region": "domestic", "category": "Gutschein", "case": case, **facts}
    return rules(tax_case=[chosen], payments={"default": "1200"})


SOLD = line("50", "0", category="Gutschein")
REDEEMED = line("-50", "0", category="Gutschein")


def test_one_for_several_purposes_is_a_liability_until_it_is_redeemed() -> None:
    by = row("multi_purpose_voucher")
    assert booked(voucher(SOLD), by) == [("1796", "", "50.00")]
    assert booked(voucher(line("100"), REDEEMED), by) == [("8400", "", "119.00"), ("1796", "", "-50.00")]


def test_one_for_a_single_purpose_is_taxed_when_it_is_sold_and_taken_off_at_its_rate() -> None:
    assert booked(voucher(line("42.02", text="Einzweckgutschein"))) == [("8400", "", "50.00")]
    redeemed = voucher(line("100"), line("-42.02", text="Einzweckgutschein"))
    assert booked(redeemed) == [("8400", "", "69.00")]


def test_without_a_row_a_sale_without_tax_waits() -> None:
    assert keys(voucher(SOLD)) == ["tax_case_unknown"]


def test_skonto_beside_one_waits_since_a_voucher_has_no_part_of_it() -> None:
    by = row("multi_purpose_voucher")
    made = entry(draft(voucher(line("100"), SOLD), by), person="1", document=None, revision="r", turn=1)
    decision = decide(payment(cleared("RE-1", "160", "9")), by, cleared=open_items([made]))
    assert isinstance(decision, Held)
    assert [one.key for one in decision.problems] == ["discount_not_divisible"]


def test_a_row_may_say_why_something_is_not_taxable() -> None:
    by = row("not_taxable", reason="Schadenersatz für das Gerüst")
    (said,) = [one for one in draft(voucher(SOLD), by).because if one.field == "tax_case"]
    assert "Grund: Schadenersatz für das Gerüst" in reason(said.rule, said.facts, "de")
    (unsaid,) = [one for one in draft(voucher(SOLD), row("not_taxable")).because if one.field == "tax_case"]
    assert "Grund" not in reason(unsaid.rule, unsaid.facts, "de")
