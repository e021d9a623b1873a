from mlconnector.model.problems import Problem, shared_facts


def test_problems_with_the_same_group_facts_share_their_cause() -> None:
    one = Problem("revenue_account_missing", {"product_code": "MONT", "line": "A"}, ("product_code",))
    other = Problem("revenue_account_missing", {"product_code": "MONT", "line": "B"}, ("product_code",))
    assert one.cause == other.cause == "revenue_account_missing:product_code=MONT"


def test_a_problem_without_group_is_named_by_its_key() -> None:
    assert Problem("number_missing", {"title": "Auftrag"}).cause == "number_missing"


def test_problems_share_the_facts_that_are_the_same_for_all() -> None:
    first = Problem("x", {"file": "A.pdf", "case": "eu", "only here": "1"})
    second = Problem("x", {"file": "B.pdf", "case": "eu"})
    assert shared_facts([first, second]) == {"case": "eu"}
    assert shared_facts([first]) == dict(first.facts)
    assert shared_facts([]) == {}
