"""What a source calls its tax rules, accounts and places is listed, with what the mapping says of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.errors import NeedsHuman, NeedsLogin
from mlconnector.flow.agree import own_words
from mlconnector.flow.agree.own_words import STEP, MappedWord, Standing
from mlconnector.flow.connect import ping
from mlconnector.mapping.rules import Mapping
from mlconnector.standins.faults import Fault
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.own_words import OwnWord
from mlconnector.texts.catalogue import step_cause
from tests.flow.cin7_rig import Cin7FlowRig, MakeRig, without_mapping
from tests.flow.conftest import MakeRig as MakePipedriveRig

RULE = OwnWord("tax_case", "sale_tax_rule", "19% USt", direction="sale", rate=None)
SALES = OwnWord("revenue", "revenue_account", "200", "Sales", "account")
BANK = OwnWord("payments", "payment_account", "090", "Bank", "payment_method")
STORE = OwnWord("cost_centre", "place", "Hamburg", attribute="location")
OLD = OwnWord("revenue", "revenue_account", "201", "Sales", "account", is_active=False)


def standing(word: OwnWord, **mapping: object) -> Standing:
    return mapped(word, **mapping).standing


def mapped(word: OwnWord, **mapping: object) -> MappedWord:
    (found,) = own_words.mapped([word], Mapping.model_validate(mapping))
    return found


@pytest.mark.parametrize(
    ("word", "mapping"),
    [
        (RULE, {"tax_case": [{"tax_code": "19% USt", "case": "domestic_19"}]}),
        (SALES, {"revenue": [{"attributes": {"account": "200"}}]}),
        (BANK, {"payments": {"table": {"090": "1200"}}}),
        (STORE, {"cost_centre_2": {"attribute": "location", "table": {"Hamburg": "100"}}}),
    ],
)
def test_a_word_is_mapped_where_a_row_of_its_table_names_it(
    word: OwnWord, mapping: dict[str, object]
) -> None:
    assert standing(word, **mapping) == "mapped"


def test_a_row_for_purchases_says_nothing_of_a_rule_for_sales() -> None:
    assert standing(RULE, tax_case=[{"tax_code": "19% USt", "case": "input_tax_19"}]) == "open"


def test_a_row_for_another_fact_of_the_line_says_nothing() -> None:
    assert standing(SALES, revenue=[{"attributes": {"channel": "200"}}]) == "open"


def test_without_a_row_an_account_is_open_unless_it_is_booked_by_default() -> None:
    assert standing(SALES) == "open"
    assert standing(SALES, default_revenue=True) == "by_default"
    assert standing(SALES, revenue=[{"supply": "goods"}]) == "by_default"
    assert standing(SALES, revenue=[{"tax_case": "domestic_19"}]) == "open"
    assert standing(BANK, payments={"default": "1200"}) == "by_default"


def test_a_rule_may_be_covered_by_its_rate() -> None:
    word = OwnWord("tax_case", "sale_tax_rule", "19% USt", direction="sale", rate=Decimal("19.0"))
    row = {"rate": 19, "region": "domestic", "case": "domestic_19"}
    assert standing(word, tax_case=[row]) == "by_default"
    assert standing(word, tax_case=[{**row, "category": "Holz"}]) == "open"


def test_a_place_is_open_only_where_cost_centres_go_by_it() -> None:
    assert standing(STORE) == "not_needed"
    assert standing(STORE, cost_centre_1={"attribute": "location"}) == "open"
    assert standing(STORE, cost_centre_1={"attribute": "location", "default": "900"}) == "by_default"


def test_what_is_not_in_use_any_more_is_not_needed_and_shown_where_it_is_mapped() -> None:
    assert standing(OLD) == "not_needed"
    assert standing(OLD, revenue=[{"attributes": {"account": "201"}}]) == "mapped"


def test_every_row_that_names_a_word_is_found() -> None:
    rows = [
        {"attributes": {"account": "200"}, "tax_case": "domestic_19", "account": "8400"},
        {"attributes": {"account": "200"}, "account": "8300", "automatic": True},
    ]
    found = mapped(SALES, revenue=rows)
    assert [(row.number, row.choice.account, row.choice.automatic) for row in found.rows] == [
        (1, "8400", None),
        (2, "8300", True),
    ]


def step(rig: Cin7FlowRig) -> CheckStep:
    return next(one for one in ping.check(rig.context) if one.key == STEP)


def test_a_ping_lists_what_no_row_names_and_what_to_do(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig(change=without_mapping)
    found = step(rig)
    assert (found.outcome, found.cause, found.who) == ("warning", "words_unmapped", "adviser")
    said = step_cause(found.cause, found.facts, "en")
    assert "Tax rules: 19% USt, 7% USt," in said
    assert "Revenue: 200 Sales, 205 Services" in said
    assert "Payment accounts: 090 Geschäftskonto" in said
    assert "16% USt" not in said, "it is not in use any more"
    assert "Cost centres" not in said, "no table goes by places"


def test_a_ping_is_content_where_every_word_has_its_row(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig()
    assert (step(rig).outcome, step(rig).facts) == ("ok", {"count": str(len(own_words.told(rig.context)))})


def test_a_ping_skips_the_step_where_the_source_does_not_answer(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig(change=without_mapping)
    rig.cin7.faults.add(Fault("status", path=".*", status=503, times=999))
    assert step(rig).outcome == "skipped"


def test_a_list_that_cannot_be_had_fails_its_step(make_cin7_rig: MakeRig) -> None:
    rig = make_cin7_rig(change=without_mapping)
    rig.cin7.faults.add(Fault("status", path="(?i)ref/account$", status=400, times=999))
    assert (step(rig).outcome, step(rig).cause) == ("failed", "unexpected_answer")
    assert own_words.unmapped_if_told(rig.context) == []


def test_nothing_is_asked_without_credentials_or_for_a_disconnected_connection(
    make_cin7_rig: MakeRig,
) -> None:
    rig = make_cin7_rig()
    rig.services.vault.delete(rig.name, "cin7.webhook_key")
    assert own_words.told(rig.context), "only deliveries need that one"
    rig.services.vault.delete(rig.name, "cin7.application_key")
    with pytest.raises(NeedsLogin, match="application_key"):
        own_words.told(rig.context)


def test_a_source_without_such_lists_has_no_step(make_rig: MakePipedriveRig) -> None:
    rig = make_rig(1)
    assert STEP not in {one.key for one in ping.check(rig.context)}
    assert own_words.unmapped_if_told(rig.context) == []
    with pytest.raises(NeedsHuman) as raised:
        own_words.told(rig.context)
    assert (raised.value.problem.key, raised.value.problem.facts) == (
        "own_words_not_told",
        {"system": "Pipedrive"},
    )
