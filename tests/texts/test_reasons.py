"""Every rule that gives a field its value has words, and the words ask for no fact that it does not give."""

from __future__ import annotations

import re

import pytest

from mlconnector.texts.catalogue import reason, word
from tests.texts.named_in_code import argument, modules
from tests.texts.tables import LANGUAGES, needed, slots, table

REASONS = table("reasons.toml")
WORDS = table("words.toml")["field"]
RULES = {
    "mapping/withholding.py: _RULES[row.withholding]": {
        *("withholding_certificate", "withholding_deduct", "withholding_none"),
    },
    "mapping/tax.py: chosen.rule": {"case_by_facts", "case_by_row", "case_of_small_business"},
    "mapping/tax_periods.py: found.rule": {
        *("period_by_supply", "period_by_invoice", "period_by_month_after", "period_by_later"),
        *("period_by_credit_note", "period_after_invoice"),
    },
}
# What the scan cannot follow by itself: facts and fields that callers in other modules give.
FACTS = {
    "mapping/tax.py: shown(chosen.facts)": {
        *("direction", "rate", "region", "country", "territory", "vat_id", "day"),
    },
    "mapping/tax.py: told_of(of_row)": set(),
    "mapping/targets.py: row_facts(voucher, match)": {"table", "row"},
    "mapping/lookups.py: row_facts(voucher, match)": {"table", "row"},
    "mapping/tax.py: looked_at({**named, **of_row.attributes})": set(),
    "mapping/lookups.py: {f'where.{name}': value for name, value in facts.items() if value}": set(),
}
PLACES = [
    (module, call)
    for module in modules()
    if module.name.startswith(("mapping/", "model/", "formats/", "flow/"))
    for call in module.calls("Because")
]


def _keys() -> dict[str, list[frozenset[str]]]:
    """For every rule the facts that each place gives with it."""
    found: dict[str, list[frozenset[str]]] = {}
    for module, call in PLACES:
        rules = module.texts(argument(call, 2, "rule"))
        facts = module.keys(argument(call, 3, "facts"))
        assert not rules.unfollowed - set(RULES), rules.unfollowed
        assert not facts.unfollowed - set(FACTS), facts.unfollowed
        known = facts.values.union(*(FACTS[one] for one in facts.unfollowed))
        for rule in rules.values.union(*(RULES[one] for one in rules.unfollowed)):
            found.setdefault(rule, []).append(frozenset(known))
    return found


GIVEN = _keys()


def test_every_rule_has_words_and_every_words_a_rule() -> None:
    assert len(PLACES) > 20
    assert set(GIVEN) == set(REASONS)


@pytest.mark.parametrize("rule", sorted(GIVEN))
def test_words_ask_for_facts_that_every_place_gives(rule: str) -> None:
    for facts in GIVEN[rule]:
        for language in LANGUAGES:
            assert needed(REASONS[rule][language]) <= facts


@pytest.mark.parametrize("rule", sorted(REASONS))
def test_a_reason_tells_the_same_facts_in_both_languages(rule: str) -> None:
    assert slots(REASONS[rule]["de"]) == slots(REASONS[rule]["en"])


def test_every_table_and_setting_that_gives_a_value_is_called_as_in_the_console() -> None:
    """Nobody who looks at a booking knows the names of the connection file."""
    named = {
        one
        for module in modules()
        if module.name.startswith("mapping/")
        for one in re.findall(
            r'"(?:setting|table)": f?"(mapping\.[a-z_.0-9{}]+)"', module.path.read_text(encoding="utf-8")
        )
    }
    told = {*table("words.toml")["table"], *table("words.toml")["setting"]}
    assert len(named) > 8
    for one in named:
        known = re.compile(re.sub(r"{[a-z]+}", "[a-z_0-9]+", one))
        assert any(known.fullmatch(each) for each in told), one


def test_what_a_row_looked_at_is_told_in_words() -> None:
    facts = {"table": "mapping.revenue", "row": "3", "where.category": "Holz", "where.supply": "goods"}
    assert reason("row", facts, "de") == "Zuordnung › Erlöse, Zeile 3: Warengruppe = Holz, Leistung = Ware"
    assert reason("row", facts, "en") == "Mapping › Revenue, row 3: category = Holz, supply = goods"
    assert reason("row", {"table": "mapping.expense", "row": "1"}, "de") == "Zuordnung › Aufwand, Zeile 1"


def test_every_field_has_a_name() -> None:
    fields = {field for module, call in PLACES for field in module.texts(argument(call, 0, "field")).values}
    assert fields - set(WORDS) == set()


def test_a_sentence_of_its_own_is_shown_as_it_is() -> None:
    assert reason("in the source: a.pdf", {}, "de") == "in the source: a.pdf"
    assert word("field", "tax_key", "de") == "BU-Schlüssel"
