"""Direct costs: types, taxes, numbers, and what repeats a requisition."""

from __future__ import annotations

from decimal import Decimal

from mlconnector.standins.procore import COMPANY_ID, ProcoreStandIn
from mlconnector.standins.procore.identities import CERTIFICATE_FIELD, CREDITOR_FIELD, VAT_ID_FIELD
from tests.standins.procore.conftest import Api, money, of_case


def test_lines_add_up_to_the_amount(standin: ProcoreStandIn) -> None:
    for cost in standin.direct_costs.values():
        assert money(cost["amount"]) == sum(money(line["amount"]) for line in cost["line_items"])


def test_taxes_are_rounded_once_so_that_lines_may_miss_the_total(standin: ProcoreStandIn) -> None:
    cost = of_case(standin, "mixed_tax")
    rates = [standin.table("tax_codes")[line["tax_code_id"]]["rate1"] for line in cost["line_items"]]
    assert rates == [19.0, 7.0]
    whole = sum(money(line["total_amount"]) for line in cost["line_items"])
    assert money(cost["grand_total"]) - whole == Decimal("0.01")
    assert len({line["wbs_code"]["flat_code"] for line in cost["line_items"]}) == 2


def test_a_mirrored_one_repeats_number_amount_and_vendor_of_a_requisition(standin: ProcoreStandIn) -> None:
    cost = of_case(standin, "mirrored_direct_cost")
    assert cost["direct_cost_type"] == "subcontractor_invoice"
    [bill] = [row for row in standin.requisitions.values() if row["invoice_number"] == cost["invoice_number"]]
    assert cost["vendor_id"] == bill["vendor_id"]
    assert money(cost["amount"]) == money(bill["summary"]["total_completed_and_stored_to_date"])


def test_types_differ_by_who_is_paid(standin: ProcoreStandIn) -> None:
    expense, payroll = of_case(standin, "expense_employee"), of_case(standin, "payroll")
    assert (expense["direct_cost_type"], payroll["direct_cost_type"]) == ("expense", "payroll")
    assert expense["employee"]["name"]
    assert expense["vendor"] is payroll["vendor"] is None


def test_numbers_are_missing_or_come_again_in_the_next_year(standin: ProcoreStandIn) -> None:
    assert of_case(standin, "no_number")["invoice_number"] is None
    first, second = (standin.direct_costs[each] for each in standin.of_case("reused_number")[:2])
    assert first["invoice_number"] == second["invoice_number"]
    assert first["vendor_id"] == second["vendor_id"]
    years = [int(each["direct_cost_date"][:4]) for each in (first, second)]
    assert years[1] == years[0] + 1


def test_a_credit_is_negative(standin: ProcoreStandIn) -> None:
    assert money(of_case(standin, "credit_direct_cost")["grand_total"]) < 0


def test_one_is_in_foreign_money(api: Api, standin: ProcoreStandIn) -> None:
    cost = of_case(standin, "foreign_chf")
    shown = api.direct_cost(cost)["currency_configuration"]
    assert shown["currency_iso_code"] == "CHF"
    assert shown["base_currency_iso_code"] == "EUR"
    path = f"v1.0/companies/{COMPANY_ID}/projects/{cost['project']['id']}/currency_configuration"
    assert api.body(path)["currency_iso_code"] == "EUR"
    [rate] = api.body(f"{path}/exchange_rates")["exchange_rates"]
    assert rate["exchange_rate"] == shown["currency_exchange_rate"]


def test_without_tax_codes_the_total_is_net(standin: ProcoreStandIn) -> None:
    cost = of_case(standin, "tax_feature_off")
    assert cost["amount"] == cost["grand_total"]
    assert {line["tax_code_id"] for line in cost["line_items"]} == {None}


def test_the_list_has_no_lines_and_the_cost_itself_has(api: Api, standin: ProcoreStandIn) -> None:
    cost = of_case(standin, "invoice_19")
    root = f"projects/{cost['project']['id']}/direct_costs"
    row = next(row for row in api.body(f"v1.1/{root}") if row["id"] == cost["id"])
    assert not {"line_items", "attachments"} & row.keys()
    assert row["vendor"] == cost["vendor"]["name"]
    lines = api.body(f"v1.0/{root}/{cost['id']}/line_items")
    assert [line["id"] for line in lines] == [line["id"] for line in api.direct_cost(cost)["line_items"]]
    assert lines[0]["holder"]["id"] == cost["id"]


def test_vendors_carry_what_is_kept_at_them(api: Api, standin: ProcoreStandIn) -> None:
    rows = api.body("v1.0/vendors", company_id=COMPANY_ID, view="extended")
    fields = [row["custom_fields"] for row in rows]
    assert any(VAT_ID_FIELD in each for each in fields)
    assert any(CREDITOR_FIELD in each for each in fields)
    assert any(row["origin_code"] for row in rows)
    vendor = standin.vendors[of_case(standin, "no_certificate_vendor")["vendor_id"]]
    assert CERTIFICATE_FIELD not in vendor["custom_fields"]
    austrian = standin.vendors[of_case(standin, "eu_contractor")["vendor_id"]]
    assert austrian["country_code"] == "AT"
    assert austrian["custom_fields"][VAT_ID_FIELD]["value"].startswith("ATU")
    assert "custom_fields" not in api.body("v1.0/vendors", company_id=COMPANY_ID)[0]
    assert api.body("v1.0/vendors", company_id=COMPANY_ID, view="compact")[0].keys() == {"id", "name"}
