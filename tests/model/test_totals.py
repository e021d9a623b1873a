from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mlconnector.model.money import rounded
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Line, TaxMethod

METHODS: tuple[TaxMethod, ...] = ("exclusive", "inclusive", "none")


def line(amount: str, rate: str = "19", method: TaxMethod = "exclusive") -> Line:
    return Line(text="Position", amount=Decimal(amount), tax_method=method, tax_rate=Decimal(rate))


any_lines = st.lists(
    st.builds(
        Line,
        text=st.just("Position"),
        amount=st.decimals(min_value=-100_000, max_value=100_000, places=4),
        tax_method=st.sampled_from(METHODS),
        tax_rate=st.sampled_from([Decimal(rate) for rate in ("0", "7", "19", "5.5")]),
    ),
    max_size=12,
)


def test_net_amounts_get_their_tax_on_top() -> None:
    sums = totals([line("100")], "EUR")
    assert (sums.net, sums.tax, sums.gross) == (Decimal(100), Decimal(19), Decimal(119))


def test_gross_amounts_contain_their_tax() -> None:
    sums = totals([line("119", method="inclusive")], "EUR")
    assert (sums.net, sums.tax, sums.gross) == (Decimal(100), Decimal(19), Decimal(119))


def test_amounts_without_tax_stay_as_they_are_whatever_rate_is_noted() -> None:
    sums = totals([line("12.34", method="none")], "EUR")
    assert (sums.net, sums.tax, sums.gross) == (Decimal("12.34"), Decimal(0), Decimal("12.34"))


def test_tax_is_rounded_once_for_each_rate_and_not_for_each_line() -> None:
    # 19 % of 0.03 is 0.0057; ten lines on their own would be 0.10 of tax
    sums = totals([line("0.03")] * 10, "EUR")
    assert sums.tax == Decimal("0.06")


def test_rates_are_added_up_apart_from_each_other() -> None:
    sums = totals([line("100"), line("100", rate="7"), line("50", rate="0")], "EUR")
    assert sums.line_gross == (Decimal(119), Decimal(107), Decimal(50))
    assert sums.tax == Decimal(26)


def test_lines_that_cancel_keep_their_own_gross() -> None:
    sums = totals([line("100"), line("-100")], "EUR")
    assert sums.gross == 0
    assert sums.line_gross == (Decimal(119), Decimal(-119))


def test_lines_that_almost_cancel_keep_their_own_gross() -> None:
    sums = totals([line("100"), line("-99.99")], "EUR")
    assert sums.line_gross == (Decimal(119), Decimal("-118.99"))


def test_money_without_minor_units_is_rounded_to_whole_units() -> None:
    sums = totals([line("1001")], "JPY")
    assert (sums.net, sums.gross) == (Decimal(1001), Decimal(1191))


def test_a_rate_that_no_document_has_does_not_stop_the_adding_up() -> None:
    assert totals([line("5", rate="-100", method="inclusive")], "EUR").gross == Decimal(5)


def test_nothing_adds_up_to_nothing() -> None:
    assert totals([], "EUR").gross == 0


@given(any_lines, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_shares_of_the_lines_add_up_to_the_document(lines: list[Line], currency: str) -> None:
    sums = totals(lines, currency)
    assert sum(sums.line_net) == sums.net
    assert sum(sums.line_gross) == sums.gross
    assert sums.net + sums.tax == sums.gross
    assert all(share == rounded(share, currency) for share in sums.line_gross)


@given(any_lines)
def test_the_order_of_lines_does_not_change_the_document(lines: list[Line]) -> None:
    there, back = totals(lines, "EUR"), totals(lines[::-1], "EUR")
    assert (there.net, there.gross) == (back.net, back.gross)
