"""What a pass finds: all pages of all lists, later bills, what was deleted; each test names its case."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mlconnector.errors import Broken, ConnectorError
from mlconnector.standins.faults import Fault
from mlconnector.systems.source import Reference, Source
from tests.conformance.source_suite import whole_pass
from tests.systems.procore.looking import chain_of, contract_name, put, reading_of
from tests.systems.procore.rig import (
    LISTING,
    ProcoreRig,
    name_of,
    names,
    of_case,
    plain,
    procore_rig,
    update,
)

pytestmark = pytest.mark.xdist_group("procore-changes")

A_DAY = 86_400
COMMITMENTS = {"commitments": {"read": True}}
DIRECT_COSTS = r"/direct_costs$"


def ids(references: list[Reference]) -> set[str]:
    return {each.external_id for each in references}


def read_once(rig: ProcoreRig) -> tuple[Source, str | None]:
    """A source after its first load, an hour later."""
    source = rig.open()
    _, cursor = whole_pass(source, None)
    rig.outside.time.pass_by(3_600)
    return source, cursor


class TestPages:
    @pytest.mark.parametrize("size", [1, 7, 30])
    def test_pages_may_be_smaller_than_was_asked_for(self, rig: ProcoreRig, size: int) -> None:
        rig.standin.cap_pages(size)
        references, _ = whole_pass(rig.open(), None)
        assert sorted(each.external_id for each in references) == sorted(names(rig.standin))

    def test_a_list_ends_where_no_link_leads_on_and_may_be_empty(self, rig: ProcoreRig) -> None:
        for record in (*rig.standin.requisitions, *rig.standin.direct_costs):
            kind = "requisition" if record in rig.standin.requisitions else "direct_cost"
            getattr(rig.standin, f"delete_{kind}")(record)
        assert whole_pass(rig.open(), None)[0] == []

    def test_rows_that_move_up_because_others_are_deleted_are_not_passed_over(self, rig: ProcoreRig) -> None:
        rig.standin.cap_pages(3)
        source = rig.open()
        first = source.changes(None, None)
        removed = first.references[0].external_id
        rig.standin.delete_requisition(int(removed.rpartition("/")[2]))
        rest, _ = whole_pass(source, None, first.position)
        assert ids(rest) | ids(list(first.references)) >= names(rig.standin)

    def test_a_link_that_leads_to_another_host_is_not_followed(self, rig: ProcoreRig) -> None:
        source = rig.open()
        rig.standin.cap_pages(3)
        page = source.changes(None, None)
        assert page.position is not None
        for elsewhere in ("https://evil.example/rest/v1.1/requisitions", f"{rig.url}/oauth/token/info"):
            link = f'"link":"{rig.url}/rest/v1.1/requisitions'
            assert link in page.position
            head, _, tail = page.position.partition(link)
            moved = f'{head}"link":"{elsewhere}{tail}'
            with pytest.raises(Broken, match="leads elsewhere"):
                source.changes(None, moved)

    def test_a_process_that_dies_between_any_two_pages_loses_nothing(self, rig: ProcoreRig) -> None:
        rig.standin.cap_pages(5)
        whole: set[str] = set()
        position = None
        while True:
            rig.faults.add(Fault("alter", path=LISTING, alter=lambda _: b"{}"))
            with pytest.raises(Broken):
                rig.open().changes(None, position)
            page = rig.open().changes(None, position)
            whole |= ids(list(page.references))
            if page.position is None:
                break
            position = page.position
        assert whole == names(rig.standin)

    def test_a_record_without_an_id_is_held_and_the_others_are_read(self, rig: ProcoreRig) -> None:
        def nameless(answer: bytes) -> bytes:
            return answer.replace(b'"id":', b'"no_id":', 1)

        rig.faults.add(Fault("alter", path=r"/requisitions$", alter=nameless))
        source = rig.open()
        references, _ = whole_pass(source, None)
        odd = [one for one in references if "?" in one.external_id]
        assert len(odd) == 1
        (held,) = source.fetch(odd)
        assert [one.key for one in held.problems] == ["record_unreadable"]


class TestLaterBills:
    def test_with_a_changed_bill_its_commitment_comes_where_those_are_read(self) -> None:
        for table, told in ((COMMITMENTS, True), ({}, False)):
            with procore_rig(settings=table) as rig:
                source, cursor = read_once(rig)
                first, *later = chain_of(rig.standin, "progress_retainage")
                put(rig, first, billing_date="2026-05-02")
                found = ids(whole_pass(source, cursor)[0])
                assert {name_of(one) for one in (first, *later)} <= found
                contract = rig.standin.commitments[first["commitment_id"]]
                assert (contract_name(contract) in found) == told

    def test_a_record_whose_stamp_lies_just_before_the_cursor_is_read_again(self, rig: ProcoreRig) -> None:
        source, cursor = read_once(rig)
        record = plain(rig.standin)
        began = rig.outside.time.now() - timedelta(hours=1)
        update(rig.standin, name_of(record), lambda row: None, at=began - timedelta(minutes=9))
        assert name_of(record) in ids(whole_pass(source, cursor)[0])


class TestNewLists:
    def test_commitments_that_are_switched_on_later_are_read_from_the_beginning(
        self, rig: ProcoreRig
    ) -> None:
        _, cursor = read_once(rig)
        rig.settings = {**rig.settings, **COMMITMENTS}
        source = rig.open()
        found, cursor = whole_pass(source, cursor)
        assert {contract_name(one) for one in rig.standin.commitments.values()} == ids(found)
        rig.outside.time.pass_by(3_600)
        assert whole_pass(source, cursor)[0] == []

    def test_a_project_that_is_new_is_read_from_the_beginning(self, rig: ProcoreRig) -> None:
        project = of_case(rig.standin, "tax_19")["project_id"]
        rig.standin.hide_project(project)
        source, cursor = read_once(rig)
        rig.standin.show_project(project)
        found, cursor = whole_pass(source, cursor)
        assert ids(found) >= {one for one in names(rig.standin) if f"/{project}/" in one}
        assert all(f"/{project}/" in one for one in ids(found))
        rig.outside.time.pass_by(3_600)
        assert whole_pass(source, cursor)[0] == []


class TestDeleted:
    def test_a_bill_that_is_not_listed_any_more_is_found_by_the_daily_look(self, rig: ProcoreRig) -> None:
        source, cursor = read_once(rig)
        _, cursor = whole_pass(source, cursor)
        record = of_case(rig.standin, "reverse_charge")
        rig.standin.delete_requisition(record["id"])
        assert name_of(record) not in ids(whole_pass(source, cursor)[0])
        rig.outside.time.pass_by(A_DAY)
        assert name_of(record) in ids(whole_pass(source, cursor)[0])
        found = reading_of(rig, name_of(record))
        assert (found.voucher, found.reason) == (None, "gone")

    def test_it_is_told_on_three_days_because_a_look_may_be_lost(self, rig: ProcoreRig) -> None:
        source, cursor = read_once(rig)
        record = plain(rig.standin)
        rig.standin.delete_direct_cost(record["id"])
        told = []
        for _ in range(5):
            rig.outside.time.pass_by(A_DAY)
            found, cursor = whole_pass(source, cursor)
            told.append(name_of(record) in ids(found))
        assert told == [True, True, True, False, False]

    def test_one_that_is_deleted_soon_after_the_first_load_is_found(self, rig: ProcoreRig) -> None:
        source, cursor = read_once(rig)
        record = of_case(rig.standin, "reverse_charge")
        rig.standin.delete_requisition(record["id"])
        assert name_of(record) in ids(whole_pass(source, cursor)[0])

    def test_one_that_came_and_went_between_two_looks_is_found(self, rig: ProcoreRig) -> None:
        source, cursor = read_once(rig)
        _, cursor = whole_pass(source, cursor)
        added = rig.standin.add_direct_cost(plain(rig.standin)["id"], "RE-4712")
        name = name_of(rig.standin.direct_costs[added])
        found, cursor = whole_pass(source, cursor)
        assert name in ids(found)
        rig.standin.delete_direct_cost(added)
        rig.outside.time.pass_by(A_DAY)
        assert name in ids(whole_pass(source, cursor)[0])

    def test_a_look_that_breaks_off_again_and_again_tells_everything_when_it_ends(
        self, rig: ProcoreRig
    ) -> None:
        source, cursor = read_once(rig)
        _, cursor = whole_pass(source, cursor)
        record = of_case(rig.standin, "reverse_charge")
        rig.standin.delete_requisition(record["id"])
        rig.outside.time.pass_by(A_DAY)
        lists = 2 * len(rig.standin.projects)
        for _ in range(4):
            rig.faults.add(Fault("status", path=LISTING, status=503, retry_after="3600", after=lists * 2 - 1))
            with pytest.raises(ConnectorError):
                whole_pass(source, cursor)
            rig.faults.clear()
        assert name_of(record) in ids(whole_pass(source, cursor)[0])

    def test_a_record_that_no_pass_has_seen_is_found_by_the_daily_look(self, rig: ProcoreRig) -> None:
        source, cursor = read_once(rig)
        long_ago = rig.outside.time.now() - timedelta(days=40)
        added = rig.standin.add_direct_cost(plain(rig.standin)["id"], "RE-4713", at=long_ago)
        assert name_of(rig.standin.direct_costs[added]) in ids(whole_pass(source, cursor)[0])

    def test_deleted_commitments_are_listed_and_need_no_look(self) -> None:
        with procore_rig(settings=COMMITMENTS) as rig:
            source, cursor = read_once(rig)
            row = next(iter(rig.standin.commitments.values()))
            rig.standin.delete_commitment(row["id"])
            assert contract_name(row) in ids(whole_pass(source, cursor)[0])
