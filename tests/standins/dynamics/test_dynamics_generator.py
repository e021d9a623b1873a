from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

import pytest
from stdnum.eu import vat

from mlconnector.standins.base import Clock
from mlconnector.standins.dynamics.environment import Environment
from mlconnector.standins.dynamics.records import Row
from mlconnector.standins.dynamics.times import local_day
from mlconnector.standins.dynamics.vocabulary import vocabulary

RECORDS = 300
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def environment() -> Environment:
    return Environment(RECORDS, 1, Clock())


def of_case(environment: Environment, case: str) -> list[Row]:
    found = [
        environment.invoice(identity) for identity, label in environment.labels.items() if label.case == case
    ]
    assert found, f"no invoice shows the case {case}"
    return found


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def test_the_same_seed_gives_the_same_environment(environment: Environment) -> None:
    assert Environment(RECORDS, 1, Clock()).rows == environment.rows
    assert Environment(RECORDS, 2, Clock()).rows != environment.rows


def test_more_invoices_begin_with_the_same_cases(environment: Environment) -> None:
    first = [label.case for label in Environment(25, 1, Clock()).labels.values()]
    assert first == [label.case for label in environment.labels.values()][:25]


def test_there_are_as_many_invoices_as_asked_for(environment: Environment) -> None:
    assert len(environment.rows["invoice"]) == RECORDS
    assert len(Environment(1, 1, Clock()).rows["invoice"]) == 1


def test_every_case_and_paper_is_shown(environment: Environment) -> None:
    assert {label.case for label in environment.labels.values()} == {case.name for case in vocabulary().cases}
    assert {label.paper for label in environment.labels.values()} == {
        paper.name for paper in vocabulary().papers
    }


def test_most_invoices_can_be_booked(environment: Environment) -> None:
    counts = Counter((label.final, label.hold) for label in environment.labels.values())
    assert counts[True, False] > RECORDS * 3 / 4
    assert counts[True, True] > 10


def test_versions_rise_with_the_time_of_change(environment: Environment) -> None:
    rows = [row for table in environment.rows.values() for row in table.values()]
    versions = [
        row["versionnumber"]
        for row in sorted(rows, key=lambda row: (row["modifiedon"], row["versionnumber"]))
    ]
    assert versions == sorted(set(versions))
    assert max(versions) == environment.edited.version


def test_every_reference_leads_to_a_row(environment: Environment) -> None:
    followed = 0
    for table, rows in environment.rows.items():
        for column in environment.columns[table].values():
            for row in rows.values():
                value = row.get(column.name)
                if column.type == "lookup" and value is not None:
                    assert value[0] in column.targets
                    assert value[1] in environment.rows[value[0]], (table, column.name)
                    followed += 1
    assert followed > RECORDS


def test_rows_have_only_columns_of_their_tables(environment: Environment) -> None:
    for table, rows in environment.rows.items():
        for row in rows.values():
            assert set(row) <= set(environment.columns[table])


def test_choices_have_values_that_exist(environment: Environment) -> None:
    chosen = set()
    for table, rows in environment.rows.items():
        for column in environment.columns[table].values():
            if column.type in ("picklist", "state", "status"):
                used = {row.get(column.name) for row in rows.values()} - {None}
                assert used <= set(environment.options(table, column.name)), (table, column.name)
                chosen |= {(table, column.name)} if used else set()
    assert {("invoice", "statecode"), ("invoice", "statuscode"), ("account", "statecode")} <= chosen


def test_lines_follow_the_calculator_of_dataverse(environment: Environment) -> None:
    assert len(environment.rows["invoicedetail"]) > RECORDS
    for row in environment.rows["invoicedetail"].values():
        base = rounded((row["priceperunit"] - row["volumediscountamount"]) * row["quantity"])
        assert row["baseamount"] == base
        case = environment.labels[row["invoiceid"][1]].case
        tax = Decimal(0) if case == "price_inclusive" else row["tax"]
        assert row["extendedamount"] == base - row["manualdiscountamount"] + tax


def test_totals_follow_the_calculator_of_dataverse(environment: Environment) -> None:
    assert of_case(environment, "totals_differ")
    for invoice in environment.rows["invoice"].values():
        lines = environment.lines(invoice["invoiceid"])
        detail = sum((line["extendedamount"] - line["tax"] for line in lines), Decimal(0))
        percentage = invoice.get("discountpercentage") or Decimal(0)
        discount = (invoice.get("discountamount") or Decimal(0)) + rounded(detail * percentage / 100)
        assert invoice["totallineitemamount"] == detail
        assert invoice["totaldiscountamount"] == discount
        assert invoice["totalamountlessfreight"] == detail - discount
        assert invoice["totaltax"] == sum((line["tax"] for line in lines), Decimal(0))
        total = detail - discount + (invoice.get("freightamount") or 0) + invoice["totaltax"]
        differs = environment.labels[invoice["invoiceid"]].case == "totals_differ"
        assert (invoice["totalamount"] != total) == differs


def test_base_amounts_are_divided_by_the_rate(environment: Environment) -> None:
    for invoice in of_case(environment, "usd") + of_case(environment, "chf"):
        assert invoice["exchangerate"] != 1
        assert invoice["totalamount_base"] == rounded(invoice["totalamount"] / invoice["exchangerate"])


def test_a_credit_is_negative_and_keeps_its_rates(environment: Environment) -> None:
    for invoice in of_case(environment, "credit"):
        assert invoice["totalamount"] < 0
        lines = environment.lines(invoice["invoiceid"])
        assert lines
        assert all(line["quantity"] < 0 and line["tax"] < 0 for line in lines)


def test_discounts_lower_the_tax_except_where_they_should_not(environment: Environment) -> None:
    for case, fits in (("discount_percentage", True), ("discount_amount", True), ("discount_untaxed", False)):
        for invoice in of_case(environment, case):
            lines = environment.lines(invoice["invoiceid"])
            share = 1 - invoice["totaldiscountamount"] / invoice["totallineitemamount"]
            rates = {line["invoicedetailid"]: 0 for line in lines}
            for line in lines:
                net = line["extendedamount"] - line["tax"]
                rates[line["invoicedetailid"]] = round(line["tax"] / (net * share) * 100, 1)
            assert (set(map(int, map(round, rates.values()))) <= {7, 19}) == fits, (case, rates)


def test_vat_ids_are_right_except_where_they_should_not_be(environment: Environment) -> None:
    for case in ("eu_business", "eu_invalid_vat_id", "eu_without_vat_id", "private_customer"):
        assert of_case(environment, case)
    for identity, label in environment.labels.items():
        table, customer = environment.invoice(identity)["customerid"]
        number = environment.row(table, customer).get("new_vatid")
        if label.case in ("eu_business", "eu_invalid_vat_id"):
            assert vat.is_valid(str(number)) == (label.case == "eu_business")
        if label.case in ("eu_without_vat_id", "private_customer"):
            assert number is None


def test_the_day_of_delivery_is_the_evening_before_in_utc(environment: Environment) -> None:
    for invoice in of_case(environment, "local_midnight"):
        assert local_day(invoice["datedelivered"]).day == 1
        assert invoice["datedelivered"][8:13] in {"31T22", "30T22", "31T23", "30T23"}


def test_two_invoices_share_a_number(environment: Environment) -> None:
    numbers = Counter(row["invoicenumber"] for row in environment.rows["invoice"].values())
    doubles = {number for number, count in numbers.items() if count > 1 and number}
    assert {row["invoicenumber"] for row in of_case(environment, "duplicate_number")} == doubles
    assert {row["invoicenumber"] for row in of_case(environment, "no_number")} == {None}


def test_a_bundle_names_its_parts_which_cost_nothing(environment: Environment) -> None:
    for invoice in of_case(environment, "bundle"):
        bundle, *parts = environment.lines(invoice["invoiceid"])
        assert parts
        assert bundle["producttypecode"] == 2
        assert {part["parentbundleid"] for part in parts} == {bundle["invoicedetailid"]}
        assert {part["extendedamount"] for part in parts} == {Decimal("0.00")}


def test_zero_tax_is_explained_by_a_class_or_not_at_all(environment: Environment) -> None:
    expected = {"reverse_charge": 100000003, "tax_exempt": 100000004, "zero_tax_unexplained": None}
    for case, tax_class in expected.items():
        for invoice in of_case(environment, case):
            assert invoice["totaltax"] == 0
            assert {line["new_taxclass"] for line in environment.lines(invoice["invoiceid"])} == {tax_class}


def test_no_invoice_names_an_address_of_delivery_or_is_collected(environment: Environment) -> None:
    parts = ("name", "line1", "line2", "line3", "postalcode", "city", "stateorprovince", "country")
    invoices = environment.rows["invoice"].values()
    assert invoices
    for invoice in invoices:
        assert [invoice.get(f"shipto_{part}") for part in parts] == [None] * len(parts)
        assert invoice["willcall"] is False


def test_countries_are_free_texts(environment: Environment) -> None:
    written = {invoice.get("billto_country") for invoice in environment.rows["invoice"].values()}
    assert {"Deutschland", "Österreich", "Germany", None} <= written
