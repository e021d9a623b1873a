from typing import Any

from mlconnector.mapping.numbers import allocate
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party
from tests.mapping.builders import rules


def customers(*names: str, **accounts: str) -> list[Party]:
    own = [Party(external_id=name, name=name) for name in names]
    return own + [Party(external_id=name, name=name, account=number) for name, number in accounts.items()]


def numbers(
    parties: list[Party],
    given: dict[str, str] | None = None,
    taken: frozenset[str] = frozenset(),
    highest: int | None = None,
    **debtors: Any,
) -> dict[str, str] | Problem:
    return allocate(parties, given or {}, taken, highest, rules(books={"debtors": debtors}).books)


def test_numbers_go_up_from_the_beginning_of_the_range() -> None:
    assert numbers(customers("a", "b"), first=20000) == {"a": "20000", "b": "20001"}


def test_numbers_go_on_after_the_highest_so_that_none_is_used_again() -> None:
    assert numbers(customers("c"), highest=20007, first=20000) == {"c": "20008"}


def test_a_highest_number_below_the_range_does_not_matter() -> None:
    assert numbers(customers("c"), highest=10001, first=20000) == {"c": "20000"}


def test_numbers_that_sources_brought_along_are_left_out() -> None:
    taken = frozenset({"10000", "10001", "10003"})
    assert numbers(customers("a", "b"), taken=taken) == {"a": "10002", "b": "10004"}


def test_a_party_keeps_the_number_it_has() -> None:
    assert numbers(customers("a", "b"), given={"a": "10000"}) == {"b": "10001"}


def test_a_party_that_brings_its_own_number_gets_none_and_nobody_else_gets_that() -> None:
    assert numbers(customers("a", "b", big="10000")) == {"a": "10001", "b": "10002"}


def test_a_party_that_comes_twice_gets_one_number() -> None:
    assert numbers(customers("a", "a", "b")) == {"a": "10000", "b": "10001"}


def test_nobody_needs_a_number_where_one_account_collects_all() -> None:
    assert numbers(customers("a", "b"), collective="10000") == {}


def test_a_range_that_is_used_up_is_a_problem() -> None:
    problem = numbers(customers("a", "b", "c"), first=10000, last=10001)
    assert isinstance(problem, Problem)
    assert problem.cause == "debtor_range_used_up:first=10000,last=10001"


def test_a_range_is_enough_for_as_many_as_it_has() -> None:
    assert numbers(customers("a", "b"), first=10000, last=10001) == {"a": "10000", "b": "10001"}


def test_a_used_up_range_is_no_problem_for_those_who_have_numbers() -> None:
    assert numbers(customers("a"), given={"a": "10000"}, highest=10001, last=10001) == {}


class TestCreditors:
    def numbers(self, parties: list[Party], **creditors: Any) -> dict[str, str] | Problem:
        books = rules(books={"creditors": creditors}).books
        return allocate(parties, {}, frozenset(), None, books, "payable")

    def test_have_a_range_of_their_own(self) -> None:
        assert self.numbers(customers("a", "b")) == {"a": "70000", "b": "70001"}
        assert self.numbers(customers("a"), first=71000) == {"a": "71000"}

    def test_that_are_more_than_the_range_has_are_a_problem(self) -> None:
        problem = self.numbers(customers("a", "b"), first=70000, last=70000)
        assert isinstance(problem, Problem)
        assert problem.cause == "creditor_range_used_up:first=70000,last=70000"

    def test_need_no_number_where_one_account_collects_all(self) -> None:
        assert self.numbers(customers("a"), collective="70000") == {}

    def test_do_not_follow_the_setting_of_debtors(self) -> None:
        books = rules(books={"debtors": {"collective": "10000"}}).books
        assert allocate(customers("a"), {}, frozenset(), None, books, "payable") == {"a": "70000"}
