"""What Procore tells by itself, and what it gave up telling; each test names its case."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from mlconnector.standins.procore import COMPANY_ID
from mlconnector.standins.procore.deliveries import GIVEN_UP_AFTER
from mlconnector.standins.procore.identities import APPLICATION_ID
from mlconnector.systems.procore.webhook_setup import NOT_OFFERED
from mlconnector.systems.source import Hint, SourceContext
from mlconnector.texts.catalogue import step_cause
from tests.conformance.source_suite import whole_pass
from tests.systems.procore.looking import contract_name, reading_of, status
from tests.systems.procore.rig import ProcoreRig, Row, name_of, of_case, plain, procore_rig, proved
from tests.systems.procore.test_changes import A_DAY, COMMITMENTS, ids, read_once

pytestmark = pytest.mark.xdist_group("procore-webhooks")

VERSIONS = ["v2.0", "v3.0", "v4.0"]
# Where nobody listens.
ADDRESS = "http://127.0.0.1:9/hooks/bau"
OUR_APP = {"webhook": {"application": str(APPLICATION_ID)}}


def hint(rig: ProcoreRig, body: bytes) -> Hint:
    return rig.open().verify(proved(body))


def told(rig: ProcoreRig, resource: str, record: Row, **values: Any) -> tuple[str, ...]:
    return hint(rig, rig.standin.delivery(resource, record["id"], **values)).external_ids


def context(rig: ProcoreRig, **secrets: str) -> SourceContext:
    return SourceContext(
        settings=rig.system.settings_model.model_validate(dict(rig.settings)),
        secrets={**rig.secrets, **secrets},
        tokens=rig.outside.tokens,
        http=rig.outside.http,
        memory=rig.outside.memory,
        now=rig.outside.time.now,
        budget=rig.outside.budget,
    )


def register(rig: ProcoreRig, **secrets: str) -> list[str]:
    assert rig.system.register_webhook is not None
    return list(rig.system.register_webhook(context(rig, **secrets), ADDRESS))


@pytest.fixture
def with_contracts() -> Iterator[ProcoreRig]:
    """An account of which commitments are read."""
    with procore_rig(settings=COMMITMENTS) as rig:
        yield rig
        for source in rig.opened:
            source.close()


class TestBodies:
    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("reason", ["create", "update", "delete"])
    def test_all_versions_name_the_same_record(self, shared: ProcoreRig, version: str, reason: str) -> None:
        record = max(shared.standin.direct_costs.values(), key=lambda row: row["id"])
        assert record["id"] > 2**31
        found = told(shared, "Direct Costs", record, version=version, reason=reason)
        assert found == (name_of(record),)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_delivery_that_comes_twice_has_one_id(self, shared: ProcoreRig, version: str) -> None:
        body = shared.standin.delivery("Direct Costs", plain(shared.standin)["id"], version=version)
        first, again = hint(shared, body), hint(shared, body)
        assert first == again
        other = shared.standin.delivery("Direct Costs", plain(shared.standin)["id"], version=version)
        assert hint(shared, other).delivery_id != first.delivery_id

    def test_a_line_names_what_it_belongs_to_where_the_body_says_so(self, shared: ProcoreRig) -> None:
        record = plain(shared.standin)
        line = record["line_items"][0]
        assert told(shared, "Direct Cost Line Items", line, version="v3.0") == (name_of(record),)
        assert told(shared, "Direct Cost Line Items", line, version="v2.0") == ()

    @pytest.mark.parametrize("called", ["Requisitions", "Subcontractor Invoices", "requisition "])
    def test_a_bill_is_known_by_either_of_its_names(self, shared: ProcoreRig, called: str) -> None:
        record = of_case(shared.standin, "tax_19")
        body = json.loads(shared.standin.delivery("Requisitions", record["id"], version="v4.0"))
        body["resource_type"] = called
        assert hint(shared, json.dumps(body).encode()).external_ids == (name_of(record),)

    def test_fields_that_nobody_knows_are_passed_over(self, shared: ProcoreRig) -> None:
        record = plain(shared.standin)
        body = json.loads(shared.standin.delivery("Direct Costs", record["id"], version="v4.0"))
        body |= {"data": {"amount": "1.00"}, "related_resources": "none", "reason": "somehow"}
        assert hint(shared, json.dumps(body).encode()).external_ids == (name_of(record),)

    ODD: tuple[Callable[[Row], None], ...] = (
        lambda body: body.update(resource_name="RFIs"),
        lambda body: body.update(company_id=COMPANY_ID + 1),
        lambda body: body.update(resource_id="../1"),
        lambda body: body.update(project_id=None),
    )

    @pytest.mark.parametrize("edit", ODD)
    def test_other_records_and_companies_concern_nothing(
        self, shared: ProcoreRig, edit: Callable[[Row], None]
    ) -> None:
        body = json.loads(shared.standin.delivery("Direct Costs", plain(shared.standin)["id"]))
        edit(body)
        assert hint(shared, json.dumps(body).encode()).external_ids == ()

    def test_what_we_did_ourselves_is_no_news(self) -> None:
        for settings, heard in ((OUR_APP, False), ({}, True)):
            with procore_rig(settings=settings) as rig:
                record = plain(rig.standin)
                assert bool(told(rig, "Direct Costs", record, is_echo=True)) == heard
                assert told(rig, "Direct Costs", record) == (name_of(record),)

    def test_contracts_are_heard_of_where_commitments_are_read(
        self, shared: ProcoreRig, with_contracts: ProcoreRig
    ) -> None:
        row = next(iter(shared.standin.commitments.values()))
        assert told(shared, "Work Order Contracts", row) == ()
        assert told(with_contracts, "Work Order Contracts", row) == (contract_name(row),)

    def test_a_deletion_is_looked_at_and_takes_nothing_back_by_itself(self, shared: ProcoreRig) -> None:
        record = plain(shared.standin)
        (name,) = told(shared, "Direct Costs", record, reason="delete")
        found = reading_of(shared, name)
        assert found.voucher is not None
        assert found.voucher.standing == "final"


class TestRegistration:
    def test_no_event_of_bills_is_offered_which_is_told_and_the_rest_goes_on(self, rig: ProcoreRig) -> None:
        events = register(rig)
        assert "Direct Costs/update" in events
        assert not [one for one in events if one.startswith("Requisitions")]
        assert rig.outside.memory.recall(NOT_OFFERED) == ["Requisitions"]
        (step,) = [one for one in rig.open().check() if one.key == "procore.webhook"]
        assert (step.outcome, step.cause) == ("warning", "procore_webhooks_not_offered")
        assert step.facts["resources"] == "Requisitions"

    def test_where_it_is_offered_it_is_taken(self, rig: ProcoreRig) -> None:
        rig.standin.hooks.offers_requisitions = True
        assert "Requisitions/delete" in register(rig)
        (step,) = [one for one in rig.open().check() if one.key == "procore.webhook"]
        assert step.facts["resources"] == ""

    def test_direct_costs_of_a_whole_company_are_told_of_because_no_list_has_them(
        self, rig: ProcoreRig
    ) -> None:
        register(rig)
        (step,) = [one for one in rig.open().check() if one.key == "procore.webhook"]
        assert step.facts["company_costs"] == "Company Direct Cost Line Items"
        for language in ("de", "en"):
            assert "Company Direct Cost Line Items" in step_cause(step.cause, step.facts, language)

    def test_every_project_has_a_hook_with_our_key(self, rig: ProcoreRig) -> None:
        register(rig)
        hooks = rig.standin.deliveries.hooks
        assert {hook["owned_by_project_id"] for hook in hooks} == set(rig.standin.projects)
        key = f"Bearer {rig.secrets['webhook_key']}"
        assert {hook["destination_headers"]["Authorization"] for hook in hooks} == {key}

    def test_what_is_there_already_is_kept_with_the_key_of_now(self, rig: ProcoreRig) -> None:
        events = register(rig)
        hooks, triggers = len(rig.standin.deliveries.hooks), len(rig.standin.deliveries.triggers)
        assert register(rig, webhook_key="another-key") == events
        assert len(rig.standin.deliveries.hooks) == hooks
        assert len(rig.standin.deliveries.triggers) == triggers
        headers = [hook["destination_headers"] for hook in rig.standin.deliveries.hooks]
        assert {one["Authorization"] for one in headers} == {"Bearer another-key"}

    def test_what_was_registered_is_taken_away_again_and_nothing_of_others(self, rig: ProcoreRig) -> None:
        events = register(rig)
        others = dict(rig.standin.deliveries.hooks[0], id=1, destination_url="https://others.example/hook")
        rig.standin.deliveries.hooks.append(others)
        assert rig.system.unregister_webhook is not None
        assert list(rig.system.unregister_webhook(context(rig), ADDRESS)) == events
        assert rig.standin.deliveries.hooks == [others]


class TestMissed:
    def discard(self, rig: ProcoreRig) -> None:
        """Let Procore give up what it could not deliver."""
        rig.outside.time.pass_by(GIVEN_UP_AFTER + 1)
        rig.standin.deliveries.retry()

    def test_a_deletion_that_procore_gave_up_telling_is_asked_for(self, rig: ProcoreRig) -> None:
        register(rig)
        source, cursor = read_once(rig)
        _, cursor = whole_pass(source, cursor)
        record = plain(rig.standin)
        rig.standin.delete_direct_cost(record["id"])
        assert name_of(record) not in ids(whole_pass(source, cursor)[0])
        self.discard(rig)
        assert name_of(record) in ids(whole_pass(source, cursor)[0])

    def test_more_than_a_page_of_them_is_read_to_its_end(self, rig: ProcoreRig) -> None:
        register(rig)
        source, cursor = read_once(rig)
        _, cursor = whole_pass(source, cursor)
        record, last = plain(rig.standin), of_case(rig.standin, "credit_direct_cost")
        rig.standin.update_direct_cost(record["id"], lambda row: None)
        deliveries = rig.standin.deliveries
        first = deliveries.all[-1]
        for place in range(2, 107):
            event = replace(first.event, place=place)
            deliveries.all.append(replace(first, event=event, outcome="discarded"))
        rig.standin.telling.told = 200
        rig.standin.delete_direct_cost(last["id"])
        self.discard(rig)
        assert name_of(last) in ids(whole_pass(source, cursor)[0])

    def test_they_are_looked_at_a_few_times_a_day_alone(self, rig: ProcoreRig) -> None:
        register(rig)
        source, cursor = read_once(rig)
        _, cursor = whole_pass(source, cursor)

        def looks() -> int:
            return sum("/deliveries" in one.url for one in rig.outside.log.exchanges)

        before = looks()
        assert before
        for _ in range(6):
            rig.outside.time.pass_by(3_540)
            _, cursor = whole_pass(source, cursor)
        assert looks() == before
        rig.outside.time.pass_by(3_600)
        whole_pass(source, cursor)
        assert looks() == 2 * before

    def test_a_hook_that_somebody_removed_stops_no_pass(self, rig: ProcoreRig) -> None:
        register(rig)
        source, cursor = read_once(rig)
        rig.standin.deliveries.hooks.clear()
        status(rig, r"/deliveries$", 403, times=1)
        rig.outside.time.pass_by(A_DAY)
        _, after = whole_pass(source, cursor)
        assert after is not None
