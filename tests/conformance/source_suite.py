"""What every source must pass, whatever system it reads.

A source's own tests build a rig around its stand-in and say

    TestExample = source_conformance(example_rig)

where `example_rig` is a function that is a context manager and yields a `SourceRig`. The stand-in must be
served by `doors.served` (the suite cuts connections), and its `Options.clock` be the time of the rig.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlconnector.errors import Broken, NeedsHuman, RetryLater
from mlconnector.model.vouchers import Voucher, decode, encode
from mlconnector.standins.faults import Fault, Faults
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
from mlconnector.texts.catalogue import step_cause
from tests.conformance.context import KeptTokens, Outside, texts_of

MOST_PAGES = 200


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
    arrive_late: Callable[[str], str]
    """Let a record show up with a time of change shortly before a cursor; gives its external id."""
    circle: Callable[[], None]
    """From now on the listing never ends: every page leads to one that was there before."""
    attachment: Callable[[str], bytes]
    """The true bytes of an attachment, by its external id."""
    remove: Callable[[], str]
    """Remove a record so that it cannot be read any more; gives its external id."""
    withdraw: Callable[[], str] | None = None
    """Let a record no longer be final; gives its external id."""
    expire_tokens: Callable[[], None] | None = None
    """Make the access token worthless before it should be."""
    webhooks: Webhooks | None = None
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
        _, cursor = whole_pass(source, None)
        assert cursor is not None
        late = rig.arrive_late(cursor)
        references, _ = whole_pass(source, cursor)
        assert late in {each.external_id for each in references}

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
        assert [each.external_id for each in readings] == [each.external_id for each in shuffled]

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
        assert {external_id for external_id in before if before[external_id] != after[external_id]} == {
            changed
        }

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

    def test_every_problem_has_texts_for_its_facts(self, source: Source) -> None:
        references, _ = whole_pass(source, None)
        for reading in source.fetch(references):
            for problem in reading.problems:
                assert problem.key.isidentifier()
                assert all(isinstance(value, str) for value in problem.facts.values())
                assert set(problem.group) <= set(problem.facts)

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
            assert voucher.identity == before[external_id].identity

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


def whole_pass(source: Source, since: str | None) -> tuple[list[Reference], str | None]:
    """All references of one pass and the cursor at its end; fails when the pages do not come to an end."""
    references: list[Reference] = []
    position: str | None = None
    for _ in range(MOST_PAGES):
        page: Page = source.changes(since, position)
        references += page.references
        position = page.position
        if position is None:
            return references, page.cursor
    pytest.fail(f"no end after {MOST_PAGES} pages")


def vouchers(source: Source) -> list[Voucher]:
    """The vouchers of a first pass."""
    references, _ = whole_pass(source, None)
    found = [reading.voucher for reading in source.fetch(references) if reading.voucher is not None]
    assert found
    return found


def revisions(readings: Sequence[Reading]) -> dict[str, str]:
    """Revision by external id; empty where there is no voucher."""
    return {each.external_id: each.voucher.revision() if each.voucher else "" for each in readings}


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
