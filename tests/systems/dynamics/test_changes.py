from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import pytest

from mlconnector.errors import Broken, NeedsHuman, RetryLater
from mlconnector.standins.dynamics import edits
from mlconnector.standins.faults import Fault
from mlconnector.systems.source import Reference, Source
from tests.conformance.source_suite import revisions, whole_pass
from tests.systems.dynamics.rig import COLUMNS, DynamicsRig, dynamics_rig, final_ids

WEEK = 7 * 86_400


@pytest.fixture
def rig() -> Iterator[DynamicsRig]:
    with dynamics_rig() as rig:
        yield rig


@pytest.fixture
def source(rig: DynamicsRig) -> Source:
    return rig.open()


def ids_of(source: Source, since: str | None) -> list[str]:
    return [each.external_id for each in whole_pass(source, since)[0]]


def anew_in(source: Source, since: str) -> int:
    """How many pages of a pass say that it gave its cursor up."""
    said, page = 0, source.changes(since, None)
    while True:
        said += page.anew
        if page.position is None:
            return said
        page = source.changes(since, page.position)


def cursor_of(source: Source) -> str:
    cursor = whole_pass(source, None)[1]
    assert cursor is not None
    return cursor


class TestPasses:
    def test_the_first_load_gives_final_invoices_only(self, rig: DynamicsRig, source: Source) -> None:
        rig.standin.reactivate(1)
        rig.standin.cancel(2)
        assert set(ids_of(source, None)) == final_ids(rig.standin)

    def test_later_passes_give_what_changed_whatever_its_status(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        cursor = cursor_of(source)
        assert ids_of(source, cursor) == []
        changed = [rig.standin.reactivate(1), rig.standin.cancel(2), rig.standin.touch(3)]
        assert ids_of(source, cursor) == [row["invoiceid"] for row in changed]

    def test_an_invoice_whose_line_alone_changed_is_found(self, rig: DynamicsRig, source: Source) -> None:
        cursor = cursor_of(source)
        line = rig.standin.change_line(1, 0, moves_invoice=False, description="anders")
        assert ids_of(source, cursor) == [line["invoiceid"][1]]

    def test_a_line_that_changes_while_invoices_are_read_is_found_by_the_next_pass(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        lines = source.changes(None, None)
        rig.standin.change_line(1, 0, moves_invoice=False, description="anders")
        invoices = source.changes(None, lines.position)
        assert invoices.position is None
        assert ids_of(source, invoices.cursor) == [rig.standin.environment.invoice_id(1)]

    def test_the_cursor_moves_at_the_end_of_a_pass_only(self, rig: DynamicsRig, source: Source) -> None:
        cursor = cursor_of(source)
        rig.standin.touch(1)
        lines = source.changes(cursor, None)
        assert (lines.cursor, lines.position is not None) == (cursor, True)
        invoices = source.changes(cursor, lines.position)
        assert invoices.position is None
        assert invoices.cursor not in {None, cursor}

    def test_pages_follow_one_another(self) -> None:
        with dynamics_rig(records=1100) as rig:
            assert set(ids_of(rig.open(), None)) == final_ids(rig.standin)
            assert rig.standin.statistics.by_path["/api/data/v9.2/invoices"] == 3

    def test_an_empty_environment_has_a_cursor_all_the_same(self) -> None:
        with dynamics_rig(records=0) as rig:
            source = rig.open()
            references, cursor = whole_pass(source, None)
            assert references == []
            assert whole_pass(source, cursor)[0] == []

    def test_a_position_of_somebody_else_is_refused(self, source: Source) -> None:
        with pytest.raises(Broken):
            source.changes(None, "500")


def odd(rig: DynamicsRig, path: str, links: Mapping[str, str] | None = None, times: int = 1) -> None:
    """Let pages have no rows and these links."""
    body = {"value": [], **{f"@odata.{name}": link for name, link in (links or {}).items()}}
    fault = Fault("status", path=path, status=200, body=json.dumps(body).encode(), times=times)
    rig.faults.add(fault)


ELSEWHERE = "https://elsewhere.example.com/api/data/v9.2/invoicedetails?$deltatoken=1"
LINKS = [
    {},
    {"nextLink": ELSEWHERE},
    {"deltaLink": ELSEWHERE},
    {"deltaLink": "{url}/api/data/v9.2/invoicedetails"},
    {"deltaLink": "{url}/api/data/v9.2/accounts?$deltatoken=1"},
    {"deltaLink": "invoicedetails?$deltatoken=1"},
    {"deltaLink": "http://[nonsense"},
]


class TestLinks:
    @pytest.mark.parametrize("links", LINKS)
    def test_an_odd_link_in_one_answer_is_not_kept(
        self, rig: DynamicsRig, source: Source, links: dict[str, str]
    ) -> None:
        odd(rig, "/invoicedetails$", {name: link.format(url=rig.url) for name, link in links.items()})
        references, cursor = whole_pass(source, None)
        assert {each.external_id for each in references} == final_ids(rig.standin)
        kept = json.loads(cursor or "")["links"]
        assert all(link.startswith(f"{rig.url}/api/data/v9.2/{table}s?") for table, link in kept.items())
        assert all("$deltatoken=" in link for link in kept.values())

    @pytest.mark.parametrize("table", ["invoicedetail", "invoice"])
    def test_a_last_page_without_a_link_says_so_and_blames_nothing_else(
        self, rig: DynamicsRig, source: Source, table: str
    ) -> None:
        odd(rig, f"/{table}s$", times=1000)
        with pytest.raises(NeedsHuman) as caught:
            whole_pass(source, None)
        problem = caught.value.problem
        assert problem.key == "dynamics_delta_link_missing"
        assert problem.facts == {"table": table, "address": f"{rig.url}/api/data/v9.2/{table}s"}

    def test_without_tracking_that_is_named(self, rig: DynamicsRig, source: Source) -> None:
        rig.standin.set_tracking("invoicedetail", enabled=False)
        odd(rig, "/invoicedetails$", times=1000)
        with pytest.raises(NeedsHuman) as caught:
            whole_pass(source, None)
        assert caught.value.problem.key == "dynamics_tracking_off"

    def test_a_link_that_always_leads_elsewhere_is_named(self, rig: DynamicsRig, source: Source) -> None:
        odd(rig, "/invoicedetails$", {"deltaLink": ELSEWHERE}, times=1000)
        with pytest.raises(NeedsHuman) as caught:
            whole_pass(source, None)
        assert caught.value.problem.key == "dynamics_link_elsewhere"
        assert caught.value.problem.facts["link"] == ELSEWHERE.partition("?")[0]

    def test_beside_annotations_the_link_may_be_missing(self, rig: DynamicsRig, source: Source) -> None:
        """As Dataverse 8.2 did: https://github.com/MicrosoftDocs/powerapps-docs/issues/439."""
        before = revisions(source.fetch(whole_pass(source, None)[0]))
        for each in ("/invoicedetails$", "/invoices$"):
            odd(rig, each)
        references, cursor = whole_pass(source, None)
        assert {each.content for each in references} == {None}, "rows without annotations lack too much"
        assert revisions(source.fetch(references)) == before
        rig.standin.touch(1)
        assert ids_of(source, cursor) == [rig.standin.environment.invoice_id(1)]


class TestDeletions:
    def test_a_deleted_invoice_is_gone(self, rig: DynamicsRig, source: Source) -> None:
        cursor = cursor_of(source)
        deleted = rig.standin.delete(3)
        references, _ = whole_pass(source, cursor)
        assert [each.external_id for each in references] == [deleted]
        (reading,) = source.fetch(references)
        assert (reading.voucher, reading.reason) == (None, "gone")

    def test_a_deleted_line_is_noticed_by_the_total_of_its_invoice(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        place = next(place for place in range(1, 31) if len(rig.standin.lines(place)) > 1)
        cursor = cursor_of(source)
        edits.remove_line(rig.standin.environment, place, 0)
        assert ids_of(source, cursor) == [rig.standin.environment.invoice_id(place)]


class TestReadingEverythingAgain:
    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text.replace("http://127.0.0.1", "https://renamed.crm4.dynamics.com"),
            lambda text: text.replace("/v9.2/invoices", "/v9.2/accounts"),
            lambda text: text.replace("$deltatoken=", "$deltatoken=rubbish"),
            lambda text: text.replace('"invoice":', '"order":'),
            lambda text: text.replace('"columns":"', '"columns":"of-before-'),
        ],
        ids=["another host", "another table", "a token that is refused", "no link", "other columns"],
    )
    def test_a_link_that_does_not_fit_is_given_up(
        self, rig: DynamicsRig, source: Source, change: Callable[[str], str]
    ) -> None:
        references, cursor = whole_pass(source, None)
        before = revisions(source.fetch(references))
        kept = change(cursor or "")
        assert kept != cursor
        assert not source.goes_on(kept)
        assert anew_in(source, kept) == 1
        again, later = whole_pass(source, kept)
        after = revisions(source.fetch(again))
        assert {id_: after[id_] for id_ in before} == before
        assert ids_of(source, later) == []

    def test_an_environment_that_is_renamed_within_a_pass_is_read_from_the_beginning(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        cursor = cursor_of(source)
        position = source.changes(cursor, None).position or ""
        renamed = position.replace("http://127.0.0.1", "https://renamed.crm4.dynamics.com")
        assert renamed != position
        assert source.changes(cursor, renamed).position == position, "the lines are read once more"

    def test_a_question_that_is_refused_itself_is_not_asked_for_ever(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        cursor = cursor_of(source)
        rig.faults.add(Fault("status", path="/invoicedetails$", status=400, body=b"{}", times=1000))
        with pytest.raises(Broken, match="400"):
            source.changes(cursor, None)

    def test_since_a_moment_invoices_with_a_changed_line_are_among_it(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        rig.outside.time.pass_by(WEEK)
        line = rig.standin.change_line(1, 0, moves_invoice=False, description="anders")
        moment = rig.outside.time.now() - timedelta(hours=1)
        assert ids_of(source, source.cursor_from(moment)) == [line["invoiceid"][1]]

    def test_an_expired_cursor_is_said_to_be_given_up(self, rig: DynamicsRig, source: Source) -> None:
        cursor = cursor_of(source)
        assert source.goes_on(cursor)
        rig.outside.time.pass_by(WEEK + 3600)
        assert not source.goes_on(cursor)
        assert anew_in(source, cursor) == 1

    def test_an_expired_cursor_doubles_nothing_and_cancels_nothing(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        references, cursor = whole_pass(source, None)
        before = revisions(source.fetch(references))
        rig.outside.time.pass_by(WEEK + 3600)
        taken_back = rig.standin.cancel(min(final_ids(rig.standin)))["invoiceid"]
        deleted = rig.standin.delete(max(final_ids(rig.standin)))
        again, later = whole_pass(source, cursor)
        after = revisions(source.fetch(again))
        assert {id_ for id_ in before if before[id_] != after.get(id_)} == {taken_back, deleted}
        assert deleted not in after, "that it is missing does not say why"
        standing = {each.external_id: each.voucher.standing for each in source.fetch(again) if each.voucher}
        assert standing[taken_back] == "withdrawn"
        assert whole_pass(source, later)[0] == []

    def test_a_cursor_that_expires_within_a_pass_begins_it_anew(
        self, rig: DynamicsRig, source: Source
    ) -> None:
        cursor = cursor_of(source)
        lines = source.changes(cursor, None)
        rig.outside.time.pass_by(WEEK + 3600)
        found = []
        position = lines.position
        while position is not None:
            page = source.changes(cursor, position)
            found += [each.external_id for each in page.references]
            position = page.position
        assert set(found) == {row["invoiceid"] for row in rig.standin.invoices()}

    def test_a_new_column_in_dynamics_expires_the_cursor(self, rig: DynamicsRig, source: Source) -> None:
        cursor = cursor_of(source)
        rig.standin.add_column("invoice", "new_project")
        assert len(ids_of(source, cursor)) == len(rig.standin.invoices())

    def test_another_column_in_the_settings_reads_everything_again(self, rig: DynamicsRig) -> None:
        cursor = cursor_of(rig.open())
        rig.settings = {**rig.settings, "columns": {**COLUMNS, "refers_to": "new_vatid"}}
        source = rig.open()
        references, later = whole_pass(source, cursor)
        assert len(references) == len(rig.standin.invoices())
        assert whole_pass(source, later)[0] == []


class TestWhatIsMissing:
    def test_tracking_that_is_off_needs_a_human(self, rig: DynamicsRig, source: Source) -> None:
        rig.standin.set_tracking("invoice", enabled=False)
        with pytest.raises(NeedsHuman) as caught:
            whole_pass(source, None)
        assert caught.value.problem.cause == "dynamics_tracking_off:table=invoices"

    def test_a_right_for_ones_own_records_only_needs_a_human(self, rig: DynamicsRig, source: Source) -> None:
        rig.standin.set_privilege("invoice", "basic")
        with pytest.raises(NeedsHuman) as caught:
            whole_pass(source, None)
        assert caught.value.problem.key == "dynamics_right_missing"
        assert caught.value.problem.facts["privilege"] == "prvReadInvoice"

    def test_a_column_that_does_not_exist_needs_a_human(self, rig: DynamicsRig) -> None:
        rig.settings = {**rig.settings, "columns": {**COLUMNS, "due_date": "new_due"}}
        with pytest.raises(NeedsHuman) as caught:
            whole_pass(rig.open(), None)
        assert caught.value.problem.cause == "dynamics_column_missing:table=invoice,column=new_due"

    def test_a_used_up_limit_is_left_to_the_flow_with_the_time_to_wait(self) -> None:
        with dynamics_rig(extra={"requests": "2"}) as rig:
            source = rig.open()
            whole_pass(source, None)
            with pytest.raises(RetryLater) as caught:
                source.changes(None, None)
            assert 200 < (caught.value.after or 0) <= 300
            assert rig.outside.time.slept == []


@pytest.mark.parametrize("external_id", ["99999", "abc", "", "' or 1 eq 1", "{0}"])
def test_an_id_that_nobody_knows_is_gone(source: Source, external_id: str) -> None:
    (reading,) = source.fetch([Reference(external_id)])
    assert (reading.external_id, reading.voucher, reading.reason) == (external_id, None, "gone")
