"""What there is to set follows from the models; every setting of every source has words in both languages."""

from __future__ import annotations

from typing import get_args

import pytest

from mlconnector.flow.connect.example import example
from mlconnector.flow.connect.settings_fields import Kind, Schema, SettingField, schema, schema_of
from mlconnector.flow.connect.settings_form import form_of
from mlconnector.systems.registry import sink_systems, source_systems
from mlconnector.texts.fields import field_words
from mlconnector.texts.language import Language
from tests.texts.tables import LANGUAGES, table

SCHEMAS = [schema(source, sink) for source in source_systems() for sink in sink_systems()]


def field_of(name: str, source: str) -> SettingField:
    (found,) = (one for one in schema(source, "datev").fields if one.name == name)
    return found


def kind_of(name: str, source: str = "procore") -> tuple[Kind, type]:
    found = field_of(name, source)
    return found.kind, found.of


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("known", SCHEMAS, ids=lambda one: one.source)
def test_every_setting_and_every_value_of_it_has_words(known: Schema, language: Language) -> None:
    lacking = []
    for one in known.fields:
        tables = (known.source, "source") if one.place[0] == "source" else one.place[:1]
        words = field_words(tables, ".".join(one.place[1:]), language)
        if words is None:
            lacking.append(one.name)
            continue
        values = (
            {str(each) for each in one.choices} - words.values.keys() - table("fields.toml")["value"].keys()
        )
        lacking += [f"{one.name}: {each}" for each in sorted(values)]
    assert lacking == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("known", SCHEMAS, ids=lambda one: one.source)
def test_every_setting_of_an_example_stands_once_in_the_form_or_is_named_beside_it(
    known: Schema, language: Language
) -> None:
    groups = form_of(example("x", source_systems()[known.source], language), language)
    shown = [one.name for group in groups for one in group.fields]
    assert len(shown) == len(set(shown))
    left = {one.name for one in known.fields} - set(shown)
    assert left == {one.name for one in known.fields if one.kind == "rows"} | {"mapping.payments.fees"}
    assert len([label for group in groups for label in group.in_text]) == len(left)
    assert all(group.title and group.title != group.name for group in groups)
    assert len({group.title for group in groups}) == len(groups)


@pytest.mark.parametrize("known", SCHEMAS, ids=lambda one: one.source)
def test_what_nothing_stands_in_for_is_seen_at_once(known: Schema) -> None:
    groups = form_of(example("x", source_systems()[known.source], "de"), "de")
    hidden = [one.name for group in groups for one in group.fields if not one.words.is_essential]
    assert [one.name for one in known.fields if one.is_needed and one.name in hidden] == []


def test_the_form_begins_with_the_source_and_ends_with_its_schedule() -> None:
    groups = [one.name for one in form_of(example("x", source_systems()["procore"], "de"), "de")]
    assert groups[0] == "source"
    assert groups[-1] == "schedule"
    assert groups.index("source.webhook") < groups.index("sink") < groups.index("books")


def test_how_a_setting_is_filled_in_follows_from_its_type() -> None:
    found = {one.kind for known in SCHEMAS for one in known.fields}
    assert found == set(get_args(Kind))
    assert kind_of("source.client_id") == ("text", str)
    assert kind_of("source.calls_per_minute") == ("number", int)
    assert kind_of("books.begin")[0] == "date"
    assert kind_of("books.festschreibung")[0] == "yes_no"
    assert kind_of("source.companies") == ("lines", str)
    assert kind_of("source.requisitions.statuses")[0] == "choices"
    assert kind_of("source.documents.sources", "dynamics")[0] == "ranking"
    assert kind_of("source.vendor_tax")[0] == "pairs"
    assert kind_of("source.webhook") == ("switch", bool), "all of it has defaults: it is there, or not"
    assert kind_of("source.locations", "cin7")[0] == "records"
    assert kind_of("mapping.revenue")[0] == "rows"
    assert kind_of("datev.invoice_folders.payable")[0] == "text"
    assert kind_of("mapping.own_rate") == ("choice", int)


def test_what_a_table_needs_that_need_not_be_there_is_not_needed() -> None:
    assert field_of("source.requisitions.bills", "procore").is_needed
    assert not field_of("source.webhook.mode", "cin7").is_needed
    assert not field_of("documents.seller.name", "cin7").is_needed
    assert ("documents", "seller") in schema("cin7", "datev").optional


def test_tables_that_do_not_say_which_systems_have_no_fields() -> None:
    assert schema_of({}) is None
    assert schema_of({"source": {"system": "nobody"}, "datev": {}}) is None
    assert schema_of({"source": {"system": "cin7"}}) is None
    assert schema_of({"source": {"system": 7}, "datev": {}}) is None
    with pytest.raises(KeyError):
        schema("nobody", "datev")
