"""What every source must pass, whatever system it reads.

A source's own tests build a rig around its stand-in and say

    TestExample = source_conformance(example_rig)

where `example_rig` is a function that is a context manager and yields a `SourceRig`. The stand-in must be
served by `doors.served` (the suite cuts connections), and its `Options.clock` be the time of the rig. The
listing must have more than one page. `docs/how-to/add-a-system.md` has the smallest source with its rig;
`test_the_suite_itself.py` shows which mistakes are found.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, get_args
from urllib.parse import quote

import msgspec
import pytest

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party, Place, TaxMethod, Voucher, decode, encode
from mlconnector.standins.faults import Fault, Faults
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.registry import source_systems
from mlconnector.systems.source import (
    Delivery,
    Malformed,
    Page,
    Reading,
    Reference,
    Refused,
    Source,
    SourceSystem,
)
from mlconnector.texts.catalogue import explain, problem_keys, step_cause, step_title, word
from mlconnector.texts.language import Language
from tests.conformance.context import KeptTokens, Outside, texts_of
from tests.conformance.countries import ISO_3166
from tests.conformance.odd_values import ODD_VALUES, altered, first_records, places_in

MOST_PAGES = 200
# Every so many-th value of a record is tried; with 1 it takes minutes, and finds no more by now.
ODD_PLACES = 11
LANGUAGES: tuple[Language, ...] = get_args(Language)
# What a binary float cannot hold: hundredths, a sum of tenths, and a whole number above 2 to the 53.
EXACT = [(Decimal("0.29"), 1), (Decimal("0.3"), 3), (Decimal(2**53 + 1), 1)]
# What no path and no query may take for something of its own.
ODD_ID = "a b/../?c=d&e#f\u00fc"
NOBODY_WROTE = ["", " ", "0", "None"]
NOT_OURS = ["", "0", "none of ours", "null", "[]", "{}", '"text"', '{"page":2}']


@dataclass(frozen=True)
class Sale:
    """What a record is on the wire: one line of this amount, net or gross, taxed with 19 per cent.

    `quantity` and `number` are None where the wire has no value; `country` is written as people do.
    """

    amount: Decimal = Decimal(100)
    tax_method: TaxMethod = "exclusive"
    quantity: int | None = 1
    number: str | None = "RE-1"
    country: str = "Deutschland"


@dataclass
class Webhooks:
    """How the rig makes webhook deliveries; only for sources whose deliveries prove where they come from."""

    deliver: Callable[[str], Delivery]
    """A genuine delivery that says the record of this external id changed."""
    prove: Callable[[bytes], Delivery]
    """A delivery with any body that is proved to be genuine."""
    forge: Callable[[Delivery], Delivery]
    """The same delivery as somebody would send it who does not know the secret."""


@dataclass
class SourceRig:
    """A source at its stand-in, and hands to change what the stand-in holds.

    `api` and `listing` are regular expressions: the paths that need credentials, and the path that
    `changes` asks. `settings` is the raw `[source]` table. Where a hand is None the source has no such
    thing, and the test is skipped.
    """

    system: SourceSystem
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    outside: Outside
    faults: Faults
    listing: str
    first_load: Callable[[], set[str]]
    """The external ids that a first pass must list."""
    change: Callable[[str], None]
    """Change what a record would be booked as, and its time of change."""
    stamp: Callable[[str, datetime], None]
    """Let a record count as changed at a moment, past or future, which shows from now on."""
    sell: Callable[[Sale], str]
    """Let a record be this sale; gives its external id."""
    garble: Callable[[], set[str]]
    """Let something of every kind that is read come in a shape that cannot be read, ids excepted: a record
    itself, a line, a customer. Gives the external ids of the records that need it, not of all records."""
    circle: Callable[[], None]
    """From now on the listing never ends: every page leads to one that was there before."""
    attachment: Callable[[str], bytes]
    """The true bytes of an attachment, by its external id."""
    lengthen: Callable[[str], None]
    """Let an attachment have one byte more than the system says of it."""
    remove: Callable[[], str]
    """Remove a record so that it cannot be read any more; gives its external id."""
    leave_out: Callable[[], list[str]] | None = None
    """Let there be records that are read but left out, one of each reason; gives their external ids."""
    ship: Callable[[str], str] | None = None
    """Let the goods of a record go to another address than the customer's, in a country that is written as
    people do, or not at all; gives its external id. None for a source that says nothing of where goods go."""
    withdraw: Callable[[], str] | None = None
    """Let a record no longer be final; gives its external id."""
    expire_tokens: Callable[[], None] | None = None
    """Make the access token worthless before it should be."""
    webhooks: Webhooks | None = None
    has_gross_prices: bool = True
    """Whether amounts on the wire may bear tax."""
    api: str = r"^/(?!oauth)"
    opened: list[Source] = field(default_factory=list)

    def open(self) -> Source:
        """The source, opened anew as after a restart."""
        settings = self.system.settings_model.model_validate(dict(self.settings))
        source = self.outside.open(self.system, settings, self.secrets)
        self.opened.append(source)
        return source


class SourceConformance:
    """The tests; `source_conformance` ties them to a rig."""

    open_rig: Callable[[], AbstractContextManager[SourceRig]]

    @pytest.fixture
    def rig(self) -> Iterator[SourceRig]:
        with type(self).open_rig() as rig:
            yield rig
            for source in rig.opened:
                source.close()
            rig.outside.close()

    @pytest.fixture
    def source(self, rig: SourceRig) -> Source:
        return rig.open()

    # ------------------------------------------------------------------------------- what it is

    def test_its_template_is_a_source_table_that_parses(self, rig: SourceRig) -> None:
        table = tomllib.loads(rig.system.template)["source"]
        assert table.pop("system") == rig.system.name
        assert set(table) <= set(rig.system.settings_model.model_fields)

    def test_the_rig_gives_the_secrets_that_the_settings_ask_for(self, rig: SourceRig) -> None:
        settings = rig.system.settings_model.model_validate(dict(rig.settings))
        assert set(rig.system.secrets(settings)) <= set(rig.secrets)

    def test_opening_it_touches_no_network(self, rig: SourceRig) -> None:
        before = len(rig.outside.log.exchanges)
        rig.open()
        assert len(rig.outside.log.exchanges) == before

    def test_a_record_has_an_address_for_people_whatever_its_id_is(
        self, rig: SourceRig, source: Source
    ) -> None:
        address_of = rig.system.record_address
        if address_of is None:
            pytest.skip("its records have no address in a web interface")
        settings = rig.system.settings_model.model_validate(dict(rig.settings))
        references, _ = whole_pass(source, None)
        before = len(rig.outside.log.exchanges)
        ids = [*ids_of(references)[:2], ODD_ID]
        addresses = [address_of(settings, rig.outside.memory, external_id) for external_id in ids]
        assert len(set(addresses)) == len(ids)
        for external_id, address in zip(ids, addresses, strict=True):
            assert re.fullmatch(r"https?://[!-~]+", address), "it can be clicked as it stands"
            # The kind of record may stand before the id, and be a part of the address of its own.
            parts = {quote(part, safe="") for part in (external_id, external_id.partition("/")[2]) if part}
            assert any(part in address.replace("+", "%20") for part in parts)
        assert len(rig.outside.log.exchanges) == before, "it touched the network"

    # ------------------------------------------------------------------------------- check

    def test_the_check_is_all_right_when_everything_works(self, source: Source) -> None:
        steps = list(source.check())
        assert [step for step in steps if step.outcome == "failed"] == []
        assert any(step.outcome == "ok" for step in steps)

    def test_the_keys_of_its_checks_begin_with_its_name(self, rig: SourceRig, source: Source) -> None:
        assert {step.key.partition(".")[0] for step in source.check()} == {rig.system.name}

    @pytest.mark.parametrize("status", [401, 403])
    def test_the_check_names_the_step_where_credentials_are_refused(
        self, rig: SourceRig, source: Source, status: int
    ) -> None:
        rig.faults.add(Fault("status", path=rig.api, status=status, body=b"{}", times=1000))
        failed = [step for step in source.check() if step.outcome == "failed"]
        assert failed
        assert failed[0].cause
        assert failed[0].who == "you"

    def test_the_check_says_so_when_the_system_is_out_of_order(self, rig: SourceRig, source: Source) -> None:
        rig.faults.add(Fault("status", path=".*", status=503, times=1000))
        failed = [step for step in source.check() if step.outcome == "failed"]
        assert failed
        assert rig.system.title in step_cause(failed[0].cause, failed[0].facts, "de")

    # ------------------------------------------------------------------------------- changes

    def test_a_first_pass_lists_every_record_once(self, rig: SourceRig, source: Source) -> None:
        references, _ = whole_pass(source, None)
        assert sorted(each.external_id for each in references) == sorted(rig.first_load())

    def test_a_pass_ends_with_a_cursor_from_which_nothing_is_lost(
        self, rig: SourceRig, source: Source
    ) -> None:
        references, cursor = whole_pass(source, None)
        rig.outside.time.pass_by(3600)
        changed = references[0].external_id
        rig.change(changed)
        again, later = whole_pass(source, cursor)
        assert changed in {each.external_id for each in again}
        assert later is not None

    def test_a_pass_can_go_on_in_another_process(self, rig: SourceRig, source: Source) -> None:
        first = source.changes(None, None)
        references = list(first.references)
        position = first.position
        while position is not None:
            page = rig.open().changes(None, position)
            references += page.references
            position = page.position
        assert sorted(each.external_id for each in references) == sorted(rig.first_load())

    def test_pages_that_go_round_in_a_circle_are_noticed(self, rig: SourceRig, source: Source) -> None:
        rig.circle()
        with pytest.raises(Broken):
            whole_pass(source, None)

    def test_a_record_that_shows_up_late_is_found_by_the_overlap(
        self, rig: SourceRig, source: Source
    ) -> None:
        newest, late = ids_of(whole_pass(source, None)[0])[:2]
        rig.change(newest)
        _, cursor = whole_pass(source, None)
        rig.stamp(late, rig.outside.time.now() - timedelta(minutes=2))
        assert late in ids_of(whole_pass(source, cursor)[0])

    @pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=1)])
    def test_the_cursor_does_not_pass_the_start_of_its_pass(
        self, rig: SourceRig, source: Source, ahead: timedelta
    ) -> None:
        """Whether a record changes while the pass goes on, or the clock of the system is ahead of ours."""
        newest, late = ids_of(whole_pass(source, None)[0])[:2]
        began = rig.outside.time.now()
        first = source.changes(None, None)
        assert first.position is not None, "the listing has one page only"
        rig.stamp(newest, began + ahead)
        rig.outside.time.pass_by(3600)
        _, cursor = whole_pass(source, None, first.position)
        rig.stamp(late, began + timedelta(minutes=1))
        assert late in ids_of(whole_pass(source, cursor)[0])

    def test_a_pass_may_end_behind_every_page(self, rig: SourceRig, source: Source) -> None:
        left, position = rig.first_load(), None
        while left:
            page = source.changes(None, position)
            left -= set(ids_of(page.references))
            assert left <= set(ids_of(whole_pass(source, page.cursor)[0]))
            position = page.position
            assert position or not left

    @pytest.mark.parametrize("text", NOT_OURS)
    def test_a_position_of_somebody_else_is_refused(self, source: Source, text: str) -> None:
        with pytest.raises(Broken):
            source.changes(None, text)

    # ------------------------------------------------------------------------------- reading again

    def test_a_cursor_that_was_kept_goes_on(self, rig: SourceRig, source: Source) -> None:
        references, cursor = whole_pass(source, None)
        assert cursor is not None
        assert rig.open().goes_on(cursor)
        rig.outside.time.pass_by(3600)
        rig.change(references[0].external_id)
        assert not source.changes(cursor, None).anew

    @pytest.mark.parametrize("text", NOT_OURS)
    def test_a_cursor_that_does_not_fit_is_given_up_and_everything_is_read_again(
        self, rig: SourceRig, source: Source, text: str
    ) -> None:
        assert not source.goes_on(text)
        first = source.changes(text, None)
        assert first.anew
        found, cursor = list(first.references), first.cursor
        if first.position is not None:
            assert not source.changes(text, first.position).anew, "said once a pass"
            rest, cursor = whole_pass(source, text, first.position)
            found += rest
        assert rig.first_load() <= set(ids_of(found))
        assert cursor is not None
        assert source.goes_on(cursor)

    def test_reading_everything_again_doubles_nothing(self, rig: SourceRig, source: Source) -> None:
        before = revisions(source.fetch(whole_pass(source, None)[0]))
        again, cursor = whole_pass(source, source.cursor_from(None))
        after = revisions(source.fetch(again))
        assert {record: after.get(record) for record in before} == before
        assert cursor is not None
        assert not source.changes(source.cursor_from(None), None).anew, "nothing was given up"

    def test_reading_everything_again_finds_what_is_no_longer_final(
        self, rig: SourceRig, source: Source
    ) -> None:
        if rig.withdraw is None:
            pytest.skip("what this source lists is final for ever")
        withdrawn = rig.withdraw()
        again, _ = whole_pass(source, source.cursor_from(None))
        assert withdrawn in ids_of(again)

    def test_reading_again_since_a_moment_finds_what_changed_since_then(
        self, rig: SourceRig, source: Source
    ) -> None:
        changed = ids_of(whole_pass(source, None)[0])[0]
        rig.outside.time.pass_by(30 * 86_400)
        rig.change(changed)
        since = rig.outside.time.now() - timedelta(days=1)
        again, cursor = whole_pass(source, source.cursor_from(since))
        # What is worth what it adds to the changed one may come with it.
        assert changed in ids_of(again)
        assert len(again) * 2 < len(rig.first_load())
        assert cursor is not None
        assert source.goes_on(cursor)

    def test_asking_for_everything_again_touches_no_network(self, rig: SourceRig, source: Source) -> None:
        before = len(rig.outside.log.exchanges)
        assert source.goes_on(source.cursor_from(None))
        source.cursor_from(rig.outside.time.now())
        assert len(rig.outside.log.exchanges) == before

    # ------------------------------------------------------------------------------- faults

    def test_a_short_refusal_is_waited_for(self, rig: SourceRig, source: Source) -> None:
        rig.faults.add(Fault("status", path=rig.listing, status=429, retry_after="3"))
        references, _ = whole_pass(source, None)
        assert {each.external_id for each in references} == rig.first_load()
        assert max(rig.outside.time.slept) >= 3

    def test_a_long_refusal_is_left_to_the_flow(self, rig: SourceRig, source: Source) -> None:
        rig.faults.add(Fault("status", path=rig.listing, status=429, retry_after="3600", times=10))
        with pytest.raises(RetryLater) as caught:
            whole_pass(source, None)
        assert (caught.value.after or 0) >= 3600
        assert max(rig.outside.time.slept, default=0) < 3600

    @pytest.mark.parametrize("kind", ["lose_answer", "truncate"])
    def test_a_cut_connection_is_survived(self, rig: SourceRig, source: Source, kind: Any) -> None:
        rig.faults.add(Fault(kind, path=rig.listing))
        references, _ = whole_pass(source, None)
        assert {each.external_id for each in references} == rig.first_load()

    def test_a_system_that_stays_out_of_order_is_tried_later(self, rig: SourceRig, source: Source) -> None:
        rig.faults.add(Fault("status", path=rig.listing, status=503, times=1000))
        with pytest.raises(RetryLater):
            whole_pass(source, None)

    def test_an_expired_access_token_is_renewed(self, rig: SourceRig, source: Source) -> None:
        if rig.expire_tokens is None:
            pytest.skip("this source has no tokens that expire")
        whole_pass(source, None)
        rig.expire_tokens()
        references, _ = whole_pass(source, None)
        assert source.fetch(references[:1])[0].voucher is not None

    # ------------------------------------------------------------------------------- fetch

    def test_every_reference_gets_its_reading_in_order(self, source: Source) -> None:
        references, _ = whole_pass(source, None)
        shuffled = [*references[::-1], references[0]]
        readings = source.fetch(shuffled)
        answered = [asked_for for asked_for, _ in itertools.groupby(readings, lambda each: each.asked_for)]
        assert answered == [id_ for id_, _ in itertools.groupby(ids_of(shuffled))]

    def test_the_documents_of_a_record_have_ids_of_their_own(self, source: Source) -> None:
        readings = source.fetch(whole_pass(source, None)[0])
        assert len({each.external_id for each in readings}) == len(readings)
        for reading in readings:
            assert reading.record or reading.external_id == reading.asked_for

    def test_no_references_give_no_readings(self, source: Source) -> None:
        assert source.fetch([]) == []

    def test_a_bare_reference_gives_the_same_as_one_with_content(self, source: Source) -> None:
        references, _ = whole_pass(source, None)
        bare = [Reference(each.external_id) for each in references]
        assert source.fetch(bare) == source.fetch(references)

    def test_the_same_content_has_the_same_revision(self, rig: SourceRig, source: Source) -> None:
        references, _ = whole_pass(source, None)
        again, _ = whole_pass(rig.open(), None)
        assert revisions(source.fetch(references)) == revisions(rig.open().fetch(again))

    def test_a_changed_record_has_another_revision_and_no_other_has(
        self, rig: SourceRig, source: Source
    ) -> None:
        references, _ = whole_pass(source, None)
        bare = [Reference(each.external_id) for each in references]
        before = revisions(source.fetch(bare))
        changed = references[0].external_id
        rig.change(changed)
        after = revisions(source.fetch(bare))
        assert {record for record in before if before[record] != after[record]} == {changed}

    def test_vouchers_survive_being_stored(self, source: Source) -> None:
        for voucher in vouchers(source):
            assert decode(encode(voucher)) == voucher

    def test_amounts_are_exact_and_dates_are_days(self, source: Source) -> None:
        for voucher in vouchers(source):
            assert type(voucher.document_date) is date
            assert all(line.amount.is_finite() for line in voucher.lines)
            for value in leaves(voucher):
                assert not isinstance(value, float)
                assert not isinstance(value, datetime)
                if isinstance(value, Decimal):
                    assert value == 0 or f"{value:f}" == str(value), "not in its one writing"

    @pytest.mark.parametrize(("amount", "quantity"), EXACT)
    @pytest.mark.parametrize("tax_method", ["exclusive", "inclusive"])
    def test_an_amount_is_read_as_the_wire_has_it(
        self, rig: SourceRig, source: Source, amount: Decimal, quantity: int, tax_method: TaxMethod
    ) -> None:
        if tax_method == "inclusive" and not rig.has_gross_prices:
            pytest.skip("amounts of this source are net")
        voucher = sold(rig, source, Sale(amount, tax_method, quantity)).voucher
        assert voucher is not None
        assert [(line.amount, line.tax_method) for line in voucher.lines] == [(amount, tax_method)]
        assert [(line.tax_rate, line.quantity) for line in voucher.lines] == [
            (Decimal(19), Decimal(quantity))
        ]

    def test_a_missing_quantity_is_not_nought(self, rig: SourceRig, source: Source) -> None:
        reading = sold(rig, source, Sale(quantity=None))
        assert reading.voucher is not None
        assert all(line.quantity for line in reading.voucher.lines)
        assert reading.voucher.lines or reading.problems

    def test_a_document_has_its_number(self, rig: SourceRig, source: Source) -> None:
        voucher = sold(rig, source, Sale(number="RE-2026-0010")).voucher
        assert voucher is not None
        assert voucher.number == "RE-2026-0010"

    @pytest.mark.parametrize("number", [None, "", " ", "0"])
    def test_a_document_without_a_number_has_none(
        self, rig: SourceRig, source: Source, number: str | None
    ) -> None:
        voucher = sold(rig, source, Sale(number=number)).voucher
        assert voucher is not None
        assert voucher.number is None

    @pytest.mark.parametrize(("written", "code"), [("Österreich", "AT"), ("Germany", "DE"), ("at", "AT")])
    def test_a_country_is_a_code_however_it_is_written(
        self, rig: SourceRig, source: Source, written: str, code: str
    ) -> None:
        voucher = sold(rig, source, Sale(country=written)).voucher
        assert voucher is not None
        assert voucher.party is not None
        assert voucher.party.country == code

    @pytest.mark.parametrize("written", ["Atlantis", "XX", "ZZ"])
    def test_a_country_that_is_none_is_a_problem(self, rig: SourceRig, source: Source, written: str) -> None:
        reading = sold(rig, source, Sale(country=written))
        assert reading.voucher is not None
        assert reading.voucher.party is not None
        assert reading.voucher.party.country is None
        assert any(written in problem.facts.values() for problem in reading.problems)

    @pytest.mark.parametrize(("written", "code"), [("Österreich", "AT"), ("Switzerland", "CH"), ("fr", "FR")])
    def test_where_goods_go_is_a_country_by_its_code(
        self, rig: SourceRig, source: Source, written: str, code: str
    ) -> None:
        voucher = shipped(rig, source, written).voucher
        assert voucher is not None
        assert [each and each.country for each in destinations(voucher)] == [code]

    @pytest.mark.parametrize("written", ["", "Atlantis", "XX"])
    def test_where_goods_go_is_not_known_without_a_country_and_not_the_customers(
        self, rig: SourceRig, source: Source, written: str
    ) -> None:
        reading = shipped(rig, source, written)
        assert reading.voucher is not None
        assert all(each is not None and each.country is None for each in destinations(reading.voucher))
        assert not written or any(written in problem.facts.values() for problem in reading.problems)

    def test_nothing_that_is_read_is_empty_or_nought_in_place_of_none(self, source: Source) -> None:
        found = vouchers(source)
        for voucher in found:
            assert {voucher.number, voucher.refers_to, voucher.payment_terms} & set(NOBODY_WROTE) == set()
            assert voucher.exchange_rate is None or voucher.exchange_rate > 0
            assert all(line.amount and line.quantity for line in voucher.lines)
            assert all(voucher.attributes.values())
        parties = [voucher.party for voucher in found if voucher.party]
        assert parties
        for party in parties:
            assert party.country is None or party.country in ISO_3166
            assert party.name
            assert not set(NOBODY_WROTE) & {getattr(party, name) for name in Party.__struct_fields__}

    def test_one_unreadable_record_costs_itself_alone(self, rig: SourceRig, source: Source) -> None:
        good = by_record(source.fetch(whole_pass(source, None)[0]))
        garbled = rig.garble()
        assert garbled
        assert garbled < set(good)
        fresh = rig.open()
        references, _ = whole_pass(fresh, None)
        assert set(ids_of(references)) >= set(good)
        for some in (references, [Reference(each.external_id) for each in references]):
            read = by_record(fresh.fetch(some))
            assert {id_: read[id_] for id_ in good if id_ not in garbled} == {
                id_: reading for id_, reading in good.items() if id_ not in garbled
            }
            for id_ in garbled:
                held = [each for each in read[id_] if each.voucher is None and each.party is None]
                assert any(each.problems for each in held), f"{id_} vanishes without a word"

    def test_an_odd_value_costs_its_record_alone(self, rig: SourceRig, source: Source) -> None:
        answers: list[bytes] = []
        rig.faults.add(Fault("alter", path=rig.listing, times=MOST_PAGES, alter=kept_in(answers)))
        references, _ = whole_pass(source, None)
        rig.faults.clear()
        good = by_record(source.fetch(references))
        values = itertools.cycle(ODD_VALUES.values())
        ids = {part for id_ in good for part in (id_, id_.partition("/")[2], id_.rpartition("/")[2])}
        for number, record in first_records(answers):
            for place in places_in(record, but=ids)[::ODD_PLACES]:
                value = next(values)
                odd = partial(altered, place=place, value=value)
                rig.faults.add(Fault("alter", path=rig.listing, after=number, alter=odd))
                fresh = rig.open()
                references, _ = whole_pass(fresh, None)
                rig.faults.clear()
                read = by_record(fresh.fetch(references))
                others = [id_ for id_ in good if read.get(id_) != good[id_]]
                assert len(others) <= 1, f"{value} in {place} costs {len(others)} records"
                for id_ in others:
                    assert told(read.get(id_, [])), f"{id_} vanishes without a word for {value} in {place}"

    # ------------------------------------------------------------------------------- words

    def test_every_problem_has_words_and_fitting_facts(self, rig: SourceRig, source: Source) -> None:
        problems = provoked_problems(rig, source)
        assert problems
        for problem in problems:
            assert problem.key.isidentifier()
            assert all(isinstance(value, str) for value in problem.facts.values())
            assert set(problem.group) <= set(problem.facts)
            assert words_of_problem(problem)

    def test_every_step_of_a_check_has_words(self, rig: SourceRig, source: Source) -> None:
        steps = provoked_steps(rig, source)
        assert {"ok", "failed"} <= {step.outcome for step in steps}
        for step in steps:
            assert words_of_step(step)

    @pytest.mark.parametrize("step", ["reach", "login", "right"])
    def test_a_step_that_the_flow_names_when_a_check_breaks_off_has_words(
        self, rig: SourceRig, step: str
    ) -> None:
        assert words_of_step(CheckStep(f"{rig.system.name}.{step}", "ok"))

    def test_every_reason_has_words(self, rig: SourceRig, source: Source) -> None:
        left_out = [Reference(external_id) for external_id in (rig.leave_out or list)()]
        readings = source.fetch([Reference(rig.remove()), *left_out])
        reasons = {reading.reason for reading in readings}
        assert len(reasons) == len(readings)
        for reason in reasons:
            assert all(word("reason", reason, language) != reason for language in LANGUAGES), reason

    def test_no_text_names_another_system(self, rig: SourceRig, source: Source) -> None:
        problems, steps = provoked_problems(rig, source), provoked_steps(rig, source)
        said = [text for problem in problems for text in words_of_problem(problem)]
        said += [text for step in steps for text in words_of_step(step)]
        others = [each for each in source_systems().values() if each.name != rig.system.name]
        assert others
        named = "|".join(re.escape(name) for each in others for name in (each.name, each.title))
        assert [text for text in said if re.search(rf"\b({named})\b", text, re.IGNORECASE)] == []

    def test_a_record_that_is_no_longer_final_is_withdrawn(self, rig: SourceRig, source: Source) -> None:
        if rig.withdraw is None:
            pytest.skip("records of this source do not become final")
        before = {voucher.external_id: voucher for voucher in vouchers(source)}
        _, cursor = whole_pass(source, None)
        rig.outside.time.pass_by(3600)
        external_id = rig.withdraw()
        references, _ = whole_pass(source, cursor)
        assert external_id in {each.external_id for each in references}
        for reference in (
            Reference(external_id),
            next(r for r in references if r.external_id == external_id),
        ):
            voucher = source.fetch([reference])[0].voucher
            assert voucher is not None
            assert voucher.standing == "withdrawn"
            assert voucher.identity == before[voucher.external_id].identity

    def test_a_record_that_is_gone_says_so(self, rig: SourceRig, source: Source) -> None:
        reading = source.fetch([Reference(rig.remove())])[0]
        assert reading.voucher is None
        assert reading.reason

    # ------------------------------------------------------------------------------- attachments

    def test_attachments_have_the_bytes_of_their_files(self, rig: SourceRig, source: Source) -> None:
        attachments = [each for voucher in vouchers(source) for each in voucher.attachments][:5]
        assert attachments
        for attachment in attachments:
            content = source.download(attachment.external_id, 50_000_000)
            assert content == rig.attachment(attachment.external_id)
            assert attachment.size in {None, len(content)}

    def test_an_attachment_that_is_too_large_is_refused(self, rig: SourceRig, source: Source) -> None:
        attachment = next(each for voucher in vouchers(source) for each in voucher.attachments)
        size = len(rig.attachment(attachment.external_id))
        assert len(source.download(attachment.external_id, size)) == size
        with pytest.raises(NeedsHuman):
            source.download(attachment.external_id, size - 1)

    def test_an_attachment_that_is_longer_than_it_says_is_refused(
        self, rig: SourceRig, source: Source
    ) -> None:
        attachment = next(each for voucher in vouchers(source) for each in voucher.attachments)
        said = len(rig.attachment(attachment.external_id))
        rig.lengthen(attachment.external_id)
        with pytest.raises(NeedsHuman):
            source.download(attachment.external_id, said)
        assert len(source.download(attachment.external_id, said + 1)) == said + 1

    # ------------------------------------------------------------------------------- webhooks

    def test_a_genuine_delivery_names_the_record(self, rig: SourceRig, source: Source) -> None:
        webhooks = webhooks_of(rig)
        external_id = min(rig.first_load())
        assert external_id in source.verify(webhooks.deliver(external_id)).external_ids

    def test_a_repeated_delivery_has_the_same_id(self, rig: SourceRig, source: Source) -> None:
        delivery = webhooks_of(rig).deliver(min(rig.first_load()))
        assert source.verify(delivery) == source.verify(delivery)

    def test_a_forged_delivery_is_refused(self, rig: SourceRig, source: Source) -> None:
        webhooks = webhooks_of(rig)
        forged = webhooks.forge(webhooks.deliver(min(rig.first_load())))
        with pytest.raises(Refused):
            source.verify(forged)

    def test_a_delivery_without_proof_is_refused(self, rig: SourceRig, source: Source) -> None:
        delivery = webhooks_of(rig).deliver(min(rig.first_load()))
        with pytest.raises(Refused):
            source.verify(Delivery({"content-type": "application/json"}, delivery.body))

    @pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"{}", b'"text"', b"\xff", b"[" * 5000])
    def test_a_genuine_delivery_that_cannot_be_understood_is_malformed(
        self, rig: SourceRig, source: Source, body: bytes
    ) -> None:
        with pytest.raises(Malformed):
            source.verify(webhooks_of(rig).prove(body))

    def test_verifying_touches_no_network(self, rig: SourceRig, source: Source) -> None:
        delivery = webhooks_of(rig).deliver(min(rig.first_load()))
        before = len(rig.outside.log.exchanges)
        source.verify(delivery)
        assert len(rig.outside.log.exchanges) == before

    # ------------------------------------------------------------------------------- secrets

    def test_the_log_holds_no_secret(self, rig: SourceRig, source: Source) -> None:
        list(source.check())
        readings = vouchers(source)
        attachment = next(each for voucher in readings for each in voucher.attachments)
        source.download(attachment.external_id, 50_000_000)
        rig.faults.add(Fault("status", path=rig.api, status=401, body=b"{}", times=2))
        list(source.check())
        log = rig.outside.log.text()
        assert log
        for secret in secrets_of(rig):
            assert secret not in log


def source_conformance(
    open_rig: Callable[[], AbstractContextManager[SourceRig]],
) -> type[SourceConformance]:
    """The conformance tests of the source whose rig `open_rig` gives; a fresh rig for every test."""
    return type("TestSourceConformance", (SourceConformance,), {"open_rig": staticmethod(open_rig)})


def whole_pass(
    source: Source, since: str | None, position: str | None = None
) -> tuple[list[Reference], str | None]:
    """All references of one pass, or of its rest, and the cursor at its end; fails when it has no end."""
    references: list[Reference] = []
    for _ in range(MOST_PAGES):
        page: Page = source.changes(since, position)
        references += page.references
        position = page.position
        if position is None:
            return references, page.cursor
    pytest.fail(f"no end after {MOST_PAGES} pages")


def kept_in(answers: list[bytes]) -> Callable[[bytes], bytes]:
    """Keeps the answers that pass, as they are."""

    def keep(answer: bytes) -> bytes:
        answers.append(answer)
        return answer

    return keep


def told(readings: Sequence[Reading]) -> bool:
    """Whether a record is told of: as what it says, as held, or with the reason why it is left out."""
    return bool(readings) and all(
        reading.voucher or reading.party or reading.problems or reading.reason for reading in readings
    )


def by_record(readings: Sequence[Reading]) -> dict[str, list[Reading]]:
    """The readings of each record, by the external id that was asked for."""
    found: dict[str, list[Reading]] = {}
    for reading in readings:
        found.setdefault(reading.asked_for, []).append(reading)
    return found


def vouchers(source: Source) -> list[Voucher]:
    """The vouchers of a first pass."""
    references, _ = whole_pass(source, None)
    found = [reading.voucher for reading in source.fetch(references) if reading.voucher is not None]
    assert found
    return found


def ids_of(references: Sequence[Reference]) -> list[str]:
    """The external ids in their order."""
    return [each.external_id for each in references]


def sold(rig: SourceRig, source: Source, sale: Sale) -> Reading:
    """What the source reads of a record that is this sale on the wire."""
    return source.fetch([Reference(rig.sell(sale))])[0]


def shipped(rig: SourceRig, source: Source, country: str) -> Reading:
    """What the source reads of a record whose goods go there; skips where it never says where they go."""
    if rig.ship is None:
        assert [voucher for voucher in vouchers(source) if destinations(voucher) != {None}] == []
        pytest.skip("this source says nothing of where goods go")
    return source.fetch([Reference(rig.ship(country))])[0]


def destinations(voucher: Voucher) -> set[Place | None]:
    """Where the goods of a voucher go, by its lines or else by itself."""
    return {line.ship_to or voucher.ship_to for line in voucher.lines} or {voucher.ship_to}


def provoked_steps(rig: SourceRig, source: Source) -> list[CheckStep]:
    """The steps of a check as it goes well, and of checks that are answered with errors or not at all."""
    steps = list(source.check())
    for status in (400, 401, 402, 403, 404, 429, 500, 503):
        rig.faults.add(Fault("status", path=rig.api, status=status, body=b"{}", times=1000))
        steps += source.check()
        rig.faults.clear()
    rig.faults.add(Fault("status", path=rig.api, status=200, body=b"no JSON", times=1000))
    steps += source.check()
    rig.faults.clear()
    rig.faults.add(Fault("lose_answer", path=".*", times=1000))
    steps += source.check()
    rig.faults.clear()
    return steps


def provoked_problems(rig: SourceRig, source: Source) -> list[Problem]:
    """The problems of all records, of some that are wrong, of files, and of refused requests."""
    attachment = next(each for voucher in vouchers(source) for each in voucher.attachments)
    readings = source.fetch(whole_pass(source, None)[0])
    readings += [sold(rig, source, Sale(country="Atlantis")), sold(rig, source, Sale(quantity=None))]
    readings += source.fetch([Reference(rig.ship("Atlantis"))] if rig.ship else [])
    found = [problem for reading in readings for problem in reading.problems]
    found += _raised(lambda: source.download(attachment.external_id, 1))
    for status in (402, 403, 404):
        rig.faults.add(Fault("status", path=rig.api, status=status, body=b"{}", times=1000))
        found += _raised(lambda: source.download(attachment.external_id, 50_000_000))
        found += _raised(lambda: whole_pass(source, None))
        rig.faults.clear()
    garbled = rig.garble()
    unreadable = rig.open().fetch([Reference(external_id) for external_id in garbled])
    return found + [problem for reading in unreadable for problem in reading.problems]


def _raised(attempt: Callable[[], object]) -> list[Problem]:
    """The problem that an attempt raises, where it raises one."""
    try:
        attempt()
    except NeedsHuman as error:
        return [error.problem]
    except ConnectorError:
        return []
    return []


def words_of_problem(problem: Problem) -> list[str]:
    """What a problem says in all languages; fails where it says nothing."""
    assert problem.key in problem_keys(), f"the problem {problem.key} has no words"
    explained = [explain(problem.key, problem.facts, language) for language in LANGUAGES]
    words = [part for each in explained for part in (each.what, each.why, each.do, each.who)]
    assert all(words)
    return words


def words_of_step(step: CheckStep) -> list[str]:
    """What a step says in all languages; fails where it shows its key or cause instead."""
    titles = [step_title(step.key, language) for language in LANGUAGES]
    assert step.key not in titles, f"the step {step.key} has no title"
    if not step.cause:
        return titles
    causes = [step_cause(step.cause, step.facts, language) for language in LANGUAGES]
    assert not any(text.startswith(step.cause) for text in causes), f"the cause {step.cause} has no words"
    return titles + causes


def revisions(readings: Sequence[Reading]) -> dict[str, dict[str, str]]:
    """The revisions of each record's documents by their id; empty where there is no voucher."""
    return {
        record: {each.external_id: each.voucher.revision() if each.voucher else "" for each in own}
        for record, own in by_record(readings).items()
    }


def leaves(value: Any) -> Iterator[Any]:
    """All values within a voucher, whatever they are nested in."""
    if isinstance(value, msgspec.Struct):
        for inner in msgspec.structs.asdict(value).values():
            yield from leaves(inner)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for each in dataclasses.fields(value):
            yield from leaves(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def webhooks_of(rig: SourceRig) -> Webhooks:
    """The rig's webhooks; skips the test where the source's deliveries prove nothing."""
    if rig.webhooks is None:
        pytest.skip("deliveries of this source prove nothing")
    return rig.webhooks


def secrets_of(rig: SourceRig) -> list[str]:
    """Every text that must not be in a log: the credentials, and all tokens there ever were."""
    secrets = list(rig.secrets.values())
    if isinstance(rig.outside.tokens, KeptTokens):
        for tokens in rig.outside.tokens.history:
            secrets += [tokens.access_token, tokens.refresh_token]
    return texts_of(secrets)
