"""Projects and companies that come, go, and are left out; each test names its case."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.standins.procore import COMPANY_ID
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.source import Reference
from tests.conformance.source_suite import whole_pass
from tests.systems.procore.looking import (
    contract_name,
    held_by,
    paths,
    put,
    reading,
    settled_chain,
    status,
    voucher,
)
from tests.systems.procore.rig import ProcoreRig, name_of, names, of_case, plain, procore_rig
from tests.systems.procore.test_changes import A_DAY, COMMITMENTS, ids, read_once

pytestmark = pytest.mark.xdist_group("procore-projects")

REFUSED = b'{"errors":"You do not have permission"}'
BILLS = r"/v1\.1/requisitions$"
OTHER_COMPANY = 7657


def of_project(found: Sequence[str] | set[str], project: int) -> set[str]:
    return {one for one in found if f"/{project}/" in one}


def refuse(rig: ProcoreRig, project: int, code: int) -> None:
    """Refuse the direct costs of a project, which is listed all the same."""
    status(rig, rf"/projects/{project}/direct_costs", code, REFUSED)


def step(rig: ProcoreRig, key: str) -> CheckStep:
    return next(one for one in rig.open().check() if one.key == key)


class TestTakenAway:
    @pytest.mark.parametrize("code", [403, 404])
    def test_the_others_go_on_and_nothing_of_it_is_read_as_deleted(self, rig: ProcoreRig, code: int) -> None:
        source, cursor = read_once(rig)
        _, cursor = whole_pass(source, cursor)
        record, other = of_case(rig.standin, "tax_19"), of_case(rig.standin, "purchase_order")
        project = record["project_id"]
        rig.standin.hide_project(project, code)
        assert other["project_id"] != project
        put(rig, other, billing_date="2026-08-03")
        rig.outside.time.pass_by(A_DAY)
        found, cursor = whole_pass(source, cursor)
        assert name_of(other) in ids(found)
        assert of_project(ids(found), project) == set()

    @pytest.mark.parametrize("code", [403, 404])
    def test_a_record_of_it_that_is_asked_for_is_gone_and_not_withdrawn(
        self, rig: ProcoreRig, code: int
    ) -> None:
        record, other = of_case(rig.standin, "tax_19"), of_case(rig.standin, "purchase_order")
        rig.standin.hide_project(record["project_id"], code)
        gone, there = rig.open().fetch([Reference(name_of(one)) for one in (record, other)])
        assert (gone.voucher, gone.reason) == (None, "gone")
        assert there.voucher is not None

    @pytest.mark.parametrize("code", [403, 404])
    def test_what_changed_while_it_was_gone_is_read_when_it_comes_back_and_no_more(
        self, rig: ProcoreRig, code: int
    ) -> None:
        source, cursor = read_once(rig)
        project = of_case(rig.standin, "tax_19")["project_id"]
        rig.standin.hide_project(project, code)
        record = of_case(rig.standin, "tax_19")
        put(rig, record, billing_date="2026-08-03")
        for _ in range(3):
            rig.outside.time.pass_by(A_DAY)
            _, cursor = whole_pass(source, cursor)
        rig.standin.show_project(project)
        # Its bills follow it, and nothing else has changed.
        found, cursor = whole_pass(source, cursor)
        assert ids(found) == {name_of(record)}
        rig.outside.time.pass_by(3_600)
        assert whole_pass(source, cursor)[0] == []

    def test_commitments_that_are_switched_on_while_it_is_gone_are_read_from_the_beginning(
        self, rig: ProcoreRig
    ) -> None:
        _, cursor = read_once(rig)
        project = of_case(rig.standin, "tax_19")["project_id"]
        rig.standin.hide_project(project)
        rig.settings = {**rig.settings, **COMMITMENTS}
        source = rig.open()
        _, cursor = whole_pass(source, cursor)
        rig.standin.show_project(project)
        rig.outside.time.pass_by(3_600)
        found = ids(whole_pass(source, cursor)[0])
        contracts = {contract_name(one) for one in rig.standin.commitments.values()}
        assert of_project(contracts, project) == found

    def test_a_project_that_goes_between_its_lists_and_the_daily_look_stops_no_pass(
        self, rig: ProcoreRig
    ) -> None:
        source, cursor = read_once(rig)
        _, cursor = whole_pass(source, cursor)
        rig.outside.time.pass_by(A_DAY)
        project = plain(rig.standin)["project"]["id"]
        page = source.changes(cursor, None)
        while page.position is not None:
            left = json.loads(page.position)["left"]
            if len(left) == 1:
                refuse(rig, project, 403)
            page = source.changes(cursor, page.position)
        assert of_project(ids(list(page.references)), project) == set()


class TestRefusedLists:
    @pytest.mark.parametrize("code", [403, 404])
    def test_one_is_not_asked_for_again_for_most_of_a_day_and_then_read_on_where_it_stood(
        self, rig: ProcoreRig, code: int
    ) -> None:
        source, cursor = read_once(rig)
        record = plain(rig.standin)
        refuse(rig, record["project"]["id"], code)
        asked = f"v1.1/projects/{record['project']['id']}/direct_costs"
        put(rig, record, received_date="2026-08-03")
        _, cursor = whole_pass(source, cursor)
        rig.faults.clear()
        calls = paths(rig).count(asked)
        for _ in range(6):
            rig.outside.time.pass_by(3 * 3_600)
            found, cursor = whole_pass(source, cursor)
            assert name_of(record) not in ids(found)
        assert paths(rig).count(asked) == calls
        rig.outside.time.pass_by(3 * 3_600)
        assert name_of(record) in ids(whole_pass(source, cursor)[0])

    def test_one_that_never_could_be_read_is_read_from_the_beginning(self, rig: ProcoreRig) -> None:
        project = plain(rig.standin)["project"]["id"]
        refuse(rig, project, 403)
        source, cursor = read_once(rig)
        rig.faults.clear()
        rig.outside.time.pass_by(A_DAY)
        found = ids(whole_pass(source, cursor)[0])
        assert of_project(names(rig.standin), project) & {name_of(one) for one in costs(rig)} <= found

    def test_a_ping_lets_it_be_asked_for_again_though_others_are_refused_still(self, rig: ProcoreRig) -> None:
        source, cursor = read_once(rig)
        record = plain(rig.standin)
        other = next(id_ for id_ in rig.standin.projects if id_ != record["project"]["id"])
        for project in (record["project"]["id"], other):
            refuse(rig, project, 403)
        put(rig, record, received_date="2026-08-03")
        _, cursor = whole_pass(source, cursor)
        rig.faults.clear()
        refuse(rig, other, 403)
        found = step(rig, "procore.right")
        assert (found.outcome, found.cause) == ("failed", "procore_rights_missing")
        assert found.facts["refused"] == f"{rig.standin.projects[other]['project_number']}: Direct Costs"
        assert name_of(record) in ids(whole_pass(source, cursor)[0])

    def test_one_that_rests_while_changes_are_read_again_loses_nothing(self, rig: ProcoreRig) -> None:
        source, cursor = read_once(rig)
        record = plain(rig.standin)
        refuse(rig, record["project"]["id"], 403)
        put(rig, record, received_date="2026-08-03")
        for _ in range(4):
            rig.outside.time.pass_by(A_DAY)
            _, cursor = whole_pass(source, cursor)
        _, cursor = whole_pass(source, source.cursor_from(rig.outside.time.now() - timedelta(days=2)))
        rig.faults.clear()
        rig.outside.time.pass_by(A_DAY)
        assert name_of(record) in ids(whole_pass(source, cursor)[0])

    def test_where_no_list_may_be_read_somebody_has_to_act(self, rig: ProcoreRig) -> None:
        status(rig, r"/(requisitions|direct_costs)$", 403, REFUSED)
        with pytest.raises(NeedsHuman) as caught:
            whole_pass(rig.open(), None)
        assert caught.value.problem.key == "procore_forbidden"

    def test_a_tool_that_one_project_does_not_let_us_read_costs_its_records_alone(
        self, rig: ProcoreRig
    ) -> None:
        record, other = of_case(rig.standin, "tax_19"), of_case(rig.standin, "purchase_order")
        status(rig, rf"/projects/{record['project_id']}/billing_periods$", 403, REFUSED)
        assert held_by(rig, record) == ["record_unavailable"]
        assert voucher(rig, other).due_date is not None


def costs(rig: ProcoreRig) -> list[dict[str, object]]:
    return list(rig.standin.direct_costs.values())


class TestCompanies:
    def test_a_company_that_disconnected_the_app_stops_everything_and_says_so(self, rig: ProcoreRig) -> None:
        source, cursor = read_once(rig)
        rig.standin.disconnect_company()
        with pytest.raises(NeedsHuman) as caught:
            whole_pass(source, cursor)
        assert caught.value.problem.key == "procore_disconnected"
        found = step(rig, "procore.projects")
        assert (found.outcome, found.cause) == ("failed", "procore_disconnected")

    def test_no_record_of_it_is_read_as_gone(self, rig: ProcoreRig) -> None:
        rig.standin.disconnect_company()
        with pytest.raises(NeedsHuman) as caught:
            reading(rig, of_case(rig.standin, "tax_19"))
        assert caught.value.problem.key == "procore_disconnected"

    def test_one_that_disconnects_in_the_middle_of_a_pass_loses_nothing(self, rig: ProcoreRig) -> None:
        source = rig.open()
        first = source.changes(None, None)
        rig.standin.disconnect_company()
        with pytest.raises(NeedsHuman):
            whole_pass(source, None, first.position)
        rig.standin.connect_company()
        rest, _ = whole_pass(source, None, first.position)
        assert ids([*first.references, *rest]) == names(rig.standin)

    def test_each_of_several_companies_is_asked_under_its_own_number(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        companies = {"companies": [str(OTHER_COMPANY), str(COMPANY_ID)]}
        with procore_rig(settings=companies) as rig:
            monkeypatch.setattr(rig.standin.access, "check_company", lambda company_id: None)
            references, _ = whole_pass(rig.open(), None)
            found = ids(references)
            assert found >= names(rig.standin)
            other = {one.replace(f"/{COMPANY_ID}/", f"/{OTHER_COMPANY}/") for one in names(rig.standin)}
            assert found == names(rig.standin) | other
            headers = [exchange.request_headers for exchange in rig.outside.log.exchanges]
            named = {one["procore-company-id"] for one in headers if "procore-company-id" in one}
            assert named == {str(OTHER_COMPANY), str(COMPANY_ID)}

    def test_a_token_is_renewed_before_its_ninety_minutes_are_over(self, rig: ProcoreRig) -> None:
        source, cursor = read_once(rig)
        given_out = rig.standin.login.given_out
        rig.outside.time.pass_by(11 * 60)
        _, cursor = whole_pass(source, cursor)
        assert rig.standin.login.given_out == given_out
        rig.outside.time.pass_by(2 * 60)
        whole_pass(source, cursor)
        assert rig.standin.login.given_out == given_out + 1
        refused = [one for one in rig.outside.log.exchanges if one.status == 401]
        assert refused == []


class TestRules:
    RULES = (
        ({"include": ["2026-001"]}, {"2026-001"}),
        ({"exclude": ["2026-*"]}, {"2025-017"}),
        ({"include": ["Kita*", "2026-003"]}, {"2026-002", "2026-003"}),
        ({"include": ["2026-*"], "exclude": ["Kita *"]}, {"2026-001", "2026-003"}),
    )

    @pytest.mark.parametrize(("rule", "numbers"), RULES)
    def test_projects_are_read_by_number_or_name(self, rule: dict[str, list[str]], numbers: set[str]) -> None:
        with procore_rig(settings={"projects": rule}) as rig:
            wanted = {id_ for id_, row in rig.standin.projects.items() if row["project_number"] in numbers}
            found = ids(whole_pass(rig.open(), None)[0])
            assert found == {one for id_ in wanted for one in of_project(names(rig.standin), id_)}
            assert step(rig, "procore.projects").facts["count"] == str(len(numbers))

    def test_a_project_that_is_left_out_for_a_while_is_read_on_where_it_stood(self, rig: ProcoreRig) -> None:
        _, cursor = read_once(rig)
        whole = rig.settings
        *_, last = settled_chain(rig.standin)
        number = rig.standin.projects[last["project_id"]]["project_number"]
        rig.settings = {**whole, "projects": {"exclude": [number]}}
        put(rig, last, billing_date="2026-08-03")
        _, cursor = whole_pass(rig.open(), cursor)
        rig.settings = whole
        rig.outside.time.pass_by(3_600)
        assert ids(whole_pass(rig.open(), cursor)[0]) == {name_of(last)}
