import uuid
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Draft, Held, Ignored, entry
from mlconnector.model.entries import Entry
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Kind, Line, Voucher
from mlconnector.texts.catalogue import reason
from tests.mapping.builders import (
    AUSTRIAN,
    booked,
    cases,
    draft,
    keys,
    line,
    party,
    problems,
    rules,
    voucher,
)

GUID = uuid.UUID("1f8d7c56-6d0b-5c5e-8c43-0b7a1d2e3f40")


def entry_of(of: Voucher, by: Any = None) -> Entry:
    return entry(draft(of, by), person="10000", document=GUID, revision="r1", turn=1)


def because(of: Voucher, field: str, by: Any = None) -> list[tuple[str, str]]:
    found = [one for one in entry_of(of, by).because if one.field == field]
    return [(one.value, reason(one.rule, one.facts, "en")) for one in found]


class TestTax:
    def test_on_top_of_net_amounts(self) -> None:
        assert booked(voucher(line("100"))) == [("8400", "", "119.00")]

    def test_contained_in_gross_amounts(self) -> None:
        assert booked(voucher(line("119", method="inclusive"))) == [("8400", "", "119.00")]

    def test_of_several_rates_goes_to_one_account_each(self) -> None:
        sale = voucher(line("100"), line("100", rate="7"), line("50"))
        assert booked(sale) == [("8400", "", "178.50"), ("8300", "", "107.00")]

    def test_of_a_reduced_amount_is_the_reduced_tax(self) -> None:
        assert booked(voucher(line("90"))) == [("8400", "", "107.10")]

    def test_of_net_and_gross_lines_together(self) -> None:
        sale = voucher(line("100"), line("119", method="inclusive"))
        assert booked(sale) == [("8400", "", "238.00")]

    def test_is_not_booked_twice_for_an_automatic_account(self) -> None:
        assert all(key == "" for _, key, _ in booked(voucher(line("100"), line("7", rate="7"))))


class TestWhatBooksNothing:
    def test_is_a_voucher_without_value(self) -> None:
        assert decide(voucher(line("0")), rules()) == Ignored("zero_value")
        assert decide(voucher(line("0"), stated_total=Decimal(0)), rules()) == Ignored("zero_value")

    def test_is_a_voucher_that_was_withdrawn_even_with_value(self) -> None:
        assert decide(voucher(standing="withdrawn"), rules()) == Ignored("withdrawn")

    def test_is_a_voucher_whose_lines_cancel_on_the_same_account(self) -> None:
        assert decide(voucher(line("100"), line("-100")), rules()) == Ignored("zero_value")

    def test_is_not_a_voucher_whose_lines_are_missing(self) -> None:
        for total_is in ("net", "gross", "either"):
            without = voucher(line("0"), stated_total=Decimal(500), stated_total_is=total_is)
            assert keys(without) == ["total_differs"]
        nothing = _without_lines(stated_total=Decimal("0.03"))
        assert keys(nothing) == ["lines_missing"]

    def test_is_a_voucher_without_lines_and_value(self) -> None:
        assert decide(_without_lines(), rules()) == Ignored("zero_value")

    def test_is_a_single_line_that_is_dropped_and_listed(self) -> None:
        sale = voucher(line("100"), line("0", rate="0", text="Zugabe"))
        assert booked(sale) == [("8400", "", "119.00")]
        assert because(sale, "dropped") == [("Zugabe", "the line has the amount 0")]

    def test_is_an_account_whose_lines_cancel_and_that_is_listed(self) -> None:
        sale = voucher(line("100"), line("5", rate="7"), line("-5", rate="7"))
        assert booked(sale) == [("8400", "", "119.00")]
        assert because(sale, "dropped") == [("8300", "the lines on this account add up to zero")]


def _without_lines(**facts: Any) -> Voucher:
    return msgspec.structs.replace(voucher(**facts), lines=())


class TestLinesThatCancelOnDifferentAccounts:
    TABLE = ({"product_code": "A", "account": "8401"}, {"product_code": "B", "account": "8402"})

    def test_move_the_turnover_from_one_to_the_other(self) -> None:
        swap = voucher(line("100", product_code="A"), line("-100", product_code="B"))
        by = rules(revenue=self.TABLE)
        assert booked(swap, by) == [("8401", "", "119.00"), ("8402", "", "-119.00")]
        assert entry_of(swap, by).total == 0


class TestCreditNotes:
    def test_are_booked_with_negative_amounts(self) -> None:
        note = voucher(line("-100"), kind=Kind.CREDIT_NOTE)
        assert booked(note) == [("8400", "", "-119.00")]
        assert list(entry_of(note).legs()) == [("10000", Decimal("-119.00")), ("8400", Decimal("119.00"))]

    def test_with_a_positive_total_wait(self) -> None:
        assert keys(voucher(line("100"), kind=Kind.CREDIT_NOTE)) == ["credit_note_positive"]


def test_everything_that_is_missing_is_said_at_once() -> None:
    bare = voucher(line(rate="20"), line("5", rate="21"), number=None, currency="USD", party=party("DE"))
    assert keys(bare) == [
        "number_missing",
        "tax_case_unknown",
        "tax_case_unknown",
        "exchange_rate_missing",
    ]


def test_the_same_cause_is_said_once() -> None:
    assert keys(voucher(line("1", rate="20"), line("2", rate="20"))) == ["tax_case_unknown"]


@pytest.mark.parametrize("number", [None, ""])
def test_without_a_number_there_is_no_booking(number: str | None) -> None:
    assert keys(voucher(number=number)) == ["number_missing"]


def test_without_a_party_there_is_no_booking() -> None:
    assert keys(voucher(party=None)) == ["party_missing"]


class TestForeignMoney:
    def test_takes_the_rate_of_the_voucher(self) -> None:
        sale = voucher(currency="USD", exchange_rate=Decimal("1.1720"))
        assert entry_of(sale).exchange_rate == Decimal("1.172")
        assert because(sale, "exchange_rate") == [("1.172", "exchange rate of the voucher")]

    def test_takes_the_rate_of_the_month_from_the_table_otherwise(self) -> None:
        by = rules(exchange_rates={"USD 2026-07": "1.2", "USD 2026-08": "1.3"})
        assert draft(voucher(currency="USD"), by).exchange_rate == Decimal("1.2")
        assert because(voucher(currency="USD"), "exchange_rate", by) == [
            ("1.2", "Settings › Rates by month: USD, July 2026")
        ]

    def test_without_any_rate_waits(self) -> None:
        (problem,) = problems(voucher(currency="USD"))
        assert problem.cause == "exchange_rate_missing:currency=USD,month=2026-07"

    def test_does_not_take_a_rate_of_zero(self) -> None:
        assert keys(voucher(currency="USD", exchange_rate=Decimal(0))) == ["exchange_rate_missing"]

    def test_is_not_what_euros_are(self) -> None:
        assert draft(voucher(exchange_rate=Decimal(1))).exchange_rate is None


class TestTheBeginning:
    OLD = voucher(document_date=date(2025, 12, 31))
    FROM_2026 = rules(books={"begin": date(2026, 1, 1)})

    def test_documents_from_before_were_booked_elsewhere(self) -> None:
        assert decide(self.OLD, self.FROM_2026) == Ignored("before_begin")

    def test_the_first_day_itself_is_booked(self) -> None:
        assert isinstance(decide(voucher(document_date=date(2026, 1, 1)), self.FROM_2026), Draft)

    def test_what_was_booked_from_here_stays_ours(self) -> None:
        assert isinstance(decide(self.OLD, self.FROM_2026, stands=True), Draft)

    def test_without_one_everything_is_booked(self) -> None:
        assert isinstance(decide(self.OLD, rules()), Draft)


class TestTheDocumentsOwnTotal:
    def test_wins_by_cents_on_the_largest_share_and_says_so(self) -> None:
        sale = voucher(line("10", rate="7"), line("100"), stated_total=Decimal("129.72"))
        assert booked(sale) == [("8300", "", "10.70"), ("8400", "", "119.02")]
        assert because(sale, "rounding") == [
            ("0.02", "the document's total is 129.72; on account 8400, the largest share")
        ]

    def test_goes_on_the_largest_share_of_a_credit_note_too(self) -> None:
        note = voucher(
            line("-100"), line("10", rate="7"), kind=Kind.CREDIT_NOTE, stated_total=Decimal("-108.29")
        )
        assert booked(note) == [("8400", "", "-118.99"), ("8300", "", "10.70")]

    def test_that_differs_by_more_waits(self) -> None:
        (problem,) = problems(voucher(line("100"), stated_total=Decimal("119.06")))
        assert problem.key == "total_differs"
        assert (problem.facts["stated"], problem.facts["lines"]) == ("119.06", "119.00")

    def test_that_agrees_changes_nothing(self) -> None:
        sale = voucher(line("100"), stated_total=Decimal(119))
        assert booked(sale) == [("8400", "", "119.00")]
        assert because(sale, "rounding") == []

    def test_of_net_is_compared_with_the_net(self) -> None:
        assert booked(voucher(stated_total=Decimal(100), stated_total_is="net"))
        assert keys(voucher(stated_total=Decimal(119), stated_total_is="net")) == ["total_differs"]

    def test_of_net_that_differs_by_cents_is_noted_and_the_lines_are_booked(self) -> None:
        sale = voucher(stated_total=Decimal("100.01"), stated_total_is="net")
        assert booked(sale) == [("8400", "", "119.00")]
        assert because(sale, "stated_total") == [
            ("100.01", "the lines' net 100.00 and gross 119.00 are booked")
        ]

    def test_that_may_be_either_counts_as_gross_when_it_is_nearly_that(self) -> None:
        sale = voucher(stated_total=Decimal("119.01"), stated_total_is="either")
        assert booked(sale) == [("8400", "", "119.01")]

    def test_that_may_be_either_and_is_neither_by_more_than_cents_is_left_to_the_source(self) -> None:
        sale = voucher(stated_total=Decimal("118.50"), stated_total_is="either")
        assert booked(sale) == [("8400", "", "119.00")]
        assert because(sale, "stated_total") == [
            ("118.5", "the lines' net 100.00 and gross 119.00 are booked")
        ]

    def test_that_may_be_either_and_is_the_net_changes_nothing(self) -> None:
        sale = voucher(stated_total=Decimal(100), stated_total_is="either")
        assert booked(sale) == [("8400", "", "119.00")]
        assert because(sale, "stated_total") == []

    def test_has_its_limit_in_the_rules(self) -> None:
        assert keys(voucher(stated_total=Decimal("119.01")), rules(rounding_limit="0")) == ["total_differs"]

    def test_of_nothing_lets_a_cent_vanish(self) -> None:
        assert decide(voucher(line("0.01"), stated_total=Decimal(0)), rules()) == Ignored("zero_value")


class TestCostCentres:
    TABLE: ClassVar[dict[str, Any]] = {"table": {"220 Montage": "220", "300": "VERTRIEB 1"}}

    def test_come_from_the_table(self) -> None:
        sale = voucher(attributes={"cost_centre": "220 Montage", "pipeline": "Projekte"})
        second = {"attribute": "pipeline", "table": {"Projekte": "P"}}
        by = rules(cost_centre_1=self.TABLE, cost_centre_2=second)
        made = entry_of(sale, by).lines[0]
        assert (made.cost_centre_1, made.cost_centre_2) == ("220", "P")
        assert because(sale, "cost_centre_1", by) == [
            ("220", "Mapping › KOST1 (cost centre 1): cost centre = 220 Montage")
        ]
        assert because(sale, "cost_centre_2", by) == [
            ("P", "Mapping › KOST2 (cost centre 2): pipeline = Projekte")
        ]

    def test_that_the_table_does_not_have_wait(self) -> None:
        (problem,) = problems(voucher(attributes={"cost_centre": "Neu"}), rules(cost_centre_1=self.TABLE))
        assert problem.cause == "cost_centre_unknown:attribute=cost_centre,value=Neu"

    def test_have_a_default_where_one_is_set(self) -> None:
        by = rules(cost_centre_1={**self.TABLE, "default": "999"})
        for attributes in ({"cost_centre": "Neu"}, {}):
            assert entry_of(voucher(attributes=attributes), by).lines[0].cost_centre_1 == "999"

    @pytest.mark.parametrize(
        ("given", "written"),
        [
            ("P 17", "P 17"),
            ("01-100", "01 100"),
            ("Halle 3 (Süd).", "Halle 3  Süd"),
            ("A/-B", "A  B"),
            ("x" * 36, "x" * 36),
        ],
    )
    def test_may_be_what_the_source_writes(self, given: str, written: str) -> None:
        sale = voucher(attributes={"cost_centre": given})
        by = rules(cost_centre_1={"unlisted": "as_given"})
        assert entry_of(sale, by).lines[0].cost_centre_1 == written
        assert because(sale, "cost_centre_1", by) == [
            (written, f"Mapping › KOST1 (cost centre 1): cost centre = {given}, as the source writes it")
        ]

    @pytest.mark.parametrize("given", ["x" * 37, "--"])
    def test_that_the_source_writes_wait_where_nothing_fits(self, given: str) -> None:
        sale = voucher(attributes={"cost_centre": given})
        assert keys(sale, rules(cost_centre_1={"unlisted": "as_given"})) == ["cost_centre_unknown"]

    def test_come_from_table_and_default_before_the_source(self) -> None:
        table = {**self.TABLE, "unlisted": "as_given"}
        listed, other = (voucher(attributes={"cost_centre": one}) for one in ("220 Montage", "Neu"))
        assert entry_of(listed, rules(cost_centre_1=table)).lines[0].cost_centre_1 == "220"
        usual = rules(cost_centre_1={**table, "default": "999"})
        assert entry_of(other, usual).lines[0].cost_centre_1 == "999"

    def test_are_empty_without_table_or_fact(self) -> None:
        (without_table,) = draft(voucher(attributes={"cost_centre": "Neu"})).lines
        (without_fact,) = draft(voucher(), rules(cost_centre_1=self.TABLE)).lines
        assert (without_table.cost_centre_1, without_table.cost_centre_2) == ("", "")
        assert (without_fact.cost_centre_1, without_fact.cost_centre_2) == ("", "")


class TestTheEntry:
    def test_has_everything_that_the_writer_needs(self) -> None:
        sale = voucher(line("100"), service_date=date(2026, 7, 15), due_date=date(2026, 8, 14))
        made = entry_of(sale)
        assert (made.voucher, made.revision, made.kind, made.turn) == ("invoice/815", "r1", "original", 1)
        assert (made.number, made.document, made.currency) == ("RE-1", GUID, "EUR")
        assert (made.service_date, made.due_date) == (date(2026, 7, 15), date(2026, 8, 14))
        (only,) = made.lines
        assert (only.account, only.contra_account, only.amount) == ("10000", "8400", Decimal("119.00"))
        assert (only.tax_case, only.tax_rate, only.text) == (
            "domestic_19",
            Decimal(19),
            "Holzbau Müller GmbH RE-1",
        )

    def test_names_the_vat_id_where_it_is_reported_in_datevs_writing(self) -> None:
        by = rules(supply="goods")
        sale = voucher(line(rate="0"), party=party("GR", "gr 094 259 216"))
        assert entry_of(sale, by).lines[0].eu_vat_id == "EL094259216"
        assert because(sale, "eu_vat_id", by) == [
            ("EL094259216", "VAT id or country of the customer or supplier")
        ]

    def test_names_no_vat_id_elsewhere(self) -> None:
        sale = voucher(line(rate="19"), party=party("DE", AUSTRIAN))
        assert entry_of(sale).lines[0].eu_vat_id == ""
        assert because(sale, "eu_vat_id") == []

    def test_says_of_every_account_why(self) -> None:
        sale = voucher(line("100"), line("5", rate="7"))
        setting = "the connection's setting “Revenue without a row of its own”"
        default = f"{setting}: account as proposed for the tax case"
        assert because(sale, "account") == [("8400", default), ("8300", default)]
        case, why = because(sale, "tax_case")[0]
        assert case == "domestic_19"
        assert why == (
            "19 %, Germany (DE), without a VAT id of another member state, "
            "supplied on 2026-07-31; tax case as proposed [§ 12 Abs. 1 UStG]"
        )

    def test_says_of_every_line_why(self) -> None:
        sale = voucher(line("100"), line("5", rate="7"), line("50"))
        made = entry_of(sale)
        said = {(one.line, one.field): one.facts.get("lines", one.rule) for one in made.because if one.line}
        assert said == {
            (1, "amount"): "1, 3",
            (1, "account"): "default_of_case",
            (1, "tax_key"): "automatic_account",
            (1, "tax_case"): "case_by_facts",
            (2, "amount"): "2",
            (2, "account"): "default_of_case",
            (2, "tax_key"): "automatic_account",
            (2, "tax_case"): "case_by_facts",
        }

    def test_says_on_which_line_the_cents_went(self) -> None:
        sale = voucher(line("5", rate="7"), line("100"), stated_total=Decimal("124.36"))
        assert [(one.line, one.value) for one in entry_of(sale).because if one.field == "rounding"] == [
            (2, "0.01")
        ]

    def test_says_where_the_debtor_is_from(self) -> None:
        own = voucher(party=party(account="10000"))
        assert because(own, "debtor") == [
            ("10000", "number that the source has for this customer or supplier")
        ]
        said = "number of this customer or supplier in your books (Mapping › Debtors and creditors)"
        assert because(voucher(), "debtor") == [("10000", said)]


@pytest.mark.parametrize(
    ("account", "length", "valid"),
    [
        ("10000", 4, True),
        ("69999", 4, True),
        ("70000", 4, False),
        ("00001", 4, False),
        ("1000", 4, False),
        ("100000", 4, False),
        ("1000000", 6, True),
        ("100000", 6, False),
        ("1000²", 4, False),
        ("1000a", 4, False),
    ],
)
def test_a_debtor_number_has_one_digit_more_than_accounts_and_begins_with_1_to_6(
    account: str, length: int, valid: bool
) -> None:
    by = rules(books={"account_length": length})
    assert by.books.is_person(account, "receivable") is valid
    found = decide(voucher(party=party(account=account)), by)
    if valid:
        assert isinstance(found, Draft)
    else:
        assert isinstance(found, Held)
        assert found.problems[0].cause == f"debtor_number_invalid:account={account}"


CODES = ("A", "B", "C")
any_line = st.builds(
    Line,
    text=st.just("Position"),
    amount=st.decimals(min_value=-10_000, max_value=10_000, places=4),
    tax_method=st.sampled_from(["exclusive", "inclusive"]),
    tax_rate=st.sampled_from([Decimal(7), Decimal(19)]),
    product_code=st.sampled_from(CODES),
)
SPREAD = rules(
    revenue=[
        {"product_code": "A", "tax_case": "domestic_19", "account": "8401"},
        {"product_code": "B", "account": "8200"},
    ]
)


@settings(max_examples=150)
@given(st.lists(any_line, max_size=12), st.integers(-5, 5))
def test_the_shares_always_add_up_to_the_documents_gross(lines: list[Line], cents_off: int) -> None:
    gross = totals(lines, "EUR").gross + Decimal(cents_off) / 100
    decision = decide(_with(tuple(lines), gross), SPREAD)
    if isinstance(decision, Draft):
        assert sum(line.amount for line in decision.lines) == gross
        assert all(line.amount for line in decision.lines)
        made = entry(decision, person="10000", document=None, revision="r", turn=1)
        assert made.total == gross
        assert sum(amount for _, amount in made.legs()) == 0
    elif isinstance(decision, Ignored):
        assert gross == 0
    else:
        assert not any(totals(lines, "EUR").line_gross)


def _with(lines: tuple[Line, ...], gross: Decimal) -> Voucher:
    return msgspec.structs.replace(voucher(stated_total=gross), lines=lines)


def test_the_same_voucher_and_rules_give_the_same_draft() -> None:
    sale = voucher(line("100", rate="7"), line("20"))
    assert draft(sale) == draft(sale)
    assert cases(sale) == ["domestic_7", "domestic_19"]
