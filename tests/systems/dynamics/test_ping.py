from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.standins.dynamics import DynamicsStandIn
from mlconnector.standins.faults import Fault
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.source import Source
from tests.conformance.source_suite import whole_pass
from tests.systems.dynamics.rig import COLUMNS, DynamicsRig, dynamics_rig


@pytest.fixture
def rig() -> Iterator[DynamicsRig]:
    with dynamics_rig(records=3) as rig:
        yield rig


def steps_of(source: Source) -> dict[str, CheckStep]:
    return {step.key.removeprefix("dynamics."): step for step in source.check()}


def outcomes(source: Source) -> dict[str, str]:
    return {key: step.cause or step.outcome for key, step in steps_of(source).items()}


def test_all_is_well(rig: DynamicsRig) -> None:
    assert outcomes(rig.open()) == {
        "login": "ok",
        "reach": "ok",
        "right": "ok",
        "tracking": "ok",
        "links": "ok",
        "columns": "ok",
        "days": "ok",
        "organization": "ok",
        "webhook": "ok",
    }


@pytest.mark.parametrize(
    ("settings", "secrets", "cause", "who"),
    [
        ({}, {"client_secret": "wrong~secret"}, "entra_secret_wrong", "it"),
        ({"client_id": "00000000-1111-2222-3333-444444444444"}, {}, "entra_app_unknown", "it"),
        ({"tenant": "nobody.onmicrosoft.com"}, {}, "entra_tenant_unknown", "you"),
        ({"environment": "http://127.0.0.1:9"}, {}, "entra_environment_unknown", "you"),
        ({"authority": "http://127.0.0.1:9"}, {}, "connection_refused", "it"),
    ],
)
def test_a_login_that_fails_says_why(
    settings: dict[str, Any], secrets: dict[str, str], cause: str, who: str
) -> None:
    with dynamics_rig(records=3, settings=settings, secrets=secrets) as rig:
        steps = steps_of(rig.open())
        assert (steps["login"].cause, steps["login"].who) == (cause, who)
        assert {steps[key].outcome for key in ("reach", "right", "tracking", "columns")} == {"skipped"}


def test_an_expired_secret_is_a_matter_for_it(rig: DynamicsRig) -> None:
    rig.standin.entra.secret_expired = True
    step = steps_of(rig.open())["login"]
    assert (step.cause, step.who) == ("entra_secret_expired", "it")


@pytest.mark.parametrize(
    ("change", "key", "cause", "facts"),
    [
        (lambda it: it.set_member(is_member=False), "reach", "dynamics_user_missing", None),
        (
            lambda it: it.set_privilege("account", "none"),
            "right",
            "dynamics_rights_missing",
            {"privileges": "prvReadAccount"},
        ),
        (
            lambda it: it.set_privilege("invoice", "basic"),
            "right",
            "dynamics_rights_missing",
            {"privileges": "prvReadInvoice"},
        ),
        (
            lambda it: it.set_tracking("invoicedetail", enabled=False),
            "tracking",
            "dynamics_tracking_missing",
            {"tables": "invoicedetail"},
        ),
    ],
)
def test_what_administrators_have_not_done_is_said(
    rig: DynamicsRig,
    change: Callable[[DynamicsStandIn], None],
    key: str,
    cause: str,
    facts: dict[str, str] | None,
) -> None:
    change(rig.standin)
    step = steps_of(rig.open())[key]
    assert (step.outcome, step.cause, step.who) == ("failed", cause, "it")
    assert facts is None or step.facts == facts


def test_a_missing_license_is_no_missing_right(rig: DynamicsRig) -> None:
    body = b'{"error":{"code":"0x8004D24B","message":"The user has not been assigned any License"}}'
    rig.faults.add(Fault("status", path="WhoAmI", status=403, body=body))
    step = steps_of(rig.open())["reach"]
    assert (step.cause, step.who) == ("dynamics_license_missing", "it")


def test_every_missing_right_is_named_at_once(rig: DynamicsRig) -> None:
    for table in ("contact", "product", "annotation", "salesorder"):
        rig.standin.set_privilege(table, "none")
    named = steps_of(rig.open())["right"].facts["privileges"]
    assert named == "prvReadContact, prvReadProduct, prvReadOrder, prvReadNote"


def test_templates_have_to_be_readable_where_they_are_used(rig: DynamicsRig) -> None:
    rig.standin.set_privilege("documenttemplate", "none")
    assert outcomes(rig.open())["right"] == "ok"
    rule = {"sources": ["export"], "template": rig.standin.template_id}
    rig.settings = {**rig.settings, "documents": rule}
    assert outcomes(rig.open())["right"] == "dynamics_rights_missing"


def test_columns_that_do_not_exist_are_named(rig: DynamicsRig) -> None:
    columns = {**COLUMNS, "vat_id": "account.new_uid", "cost_centre": "_new_centreid_value"}
    documents = {"sources": ["file"], "file_column": "new_pdf"}
    rig.settings = {**rig.settings, "columns": columns, "documents": documents}
    step = steps_of(rig.open())["columns"]
    assert step.cause == "dynamics_columns_missing"
    assert step.facts == {"columns": "invoice._new_centreid_value, invoice.new_pdf, account.new_uid"}


def test_a_lookup_is_found_by_its_other_name(rig: DynamicsRig) -> None:
    rig.settings = {**rig.settings, "columns": {**COLUMNS, "cost_centre": "_salesorderid_value"}}
    assert outcomes(rig.open())["columns"] == "ok"


def test_a_base_currency_other_than_the_euro_is_warned_of(rig: DynamicsRig) -> None:
    dollar = next(
        row
        for row in rig.standin.environment.rows["transactioncurrency"].values()
        if row["isocurrencycode"] == "USD"
    )
    rig.standin.environment.organization()["basecurrencyid"] = (
        "transactioncurrency",
        dollar["transactioncurrencyid"],
    )
    step = steps_of(rig.open())["organization"]
    assert (step.outcome, step.cause, step.facts["currency"]) == ("warning", "dynamics_base_not_euro", "USD")


@pytest.mark.parametrize("table", ["invoicedetail", "invoice"])
def test_changes_that_lead_nowhere_are_named_as_a_run_names_them(rig: DynamicsRig, table: str) -> None:
    rig.faults.add(Fault("status", path=f"/{table}s$", status=200, body=b'{"value":[]}', times=1000))
    steps = steps_of(rig.open())
    assert (steps["right"].outcome, steps["tracking"].outcome) == ("ok", "ok")
    assert (steps["links"].cause, steps["links"].who) == ("dynamics_delta_link_missing", "it")
    assert steps["links"].facts["table"] == table


def test_where_several_lead_nowhere_ping_and_run_name_the_same(rig: DynamicsRig) -> None:
    rig.faults.add(Fault("status", path="/invoice(detail)?s$", status=200, body=b'{"value":[]}', times=1000))
    source = rig.open()
    with pytest.raises(NeedsHuman) as caught:
        whole_pass(source, None)
    step = steps_of(source)["links"]
    assert step.cause == caught.value.problem.key
    assert caught.value.problem.facts.items() <= step.facts.items()


def test_of_a_large_table_ping_says_what_the_latest_run_met(rig: DynamicsRig) -> None:
    """Only the last page would show it, and a ping does not read them all."""
    source = rig.open()
    further = {"value": [], "@odata.nextLink": f"{rig.url}/api/data/v9.2/invoices?$skiptoken=2"}
    ends = Fault("status", path="/invoices$", status=200, body=b'{"value":[]}', times=1000)
    goes_on = Fault("status", path="/invoices$", status=200, body=json.dumps(further).encode(), times=1000)
    rig.faults.add(ends)
    with pytest.raises(NeedsHuman):
        whole_pass(source, None)
    rig.faults.clear()
    rig.faults.add(goes_on)
    assert outcomes(source)["links"] == "dynamics_delta_link_missing"
    rig.faults.clear()
    whole_pass(source, None)
    rig.faults.add(goes_on)
    assert outcomes(source)["links"] == "ok"


def test_how_each_day_is_read_is_said() -> None:
    columns = {
        "invoice_date": ["new_invoicedate", "createdon"],
        "service_date": "invoicedetail.actualdeliveryon",
    }
    with dynamics_rig(records=3, settings={"columns": columns}) as rig:
        step = steps_of(rig.open())["days"]
    assert step.facts["columns"] == (
        "invoice.new_invoicedate (DateOnly), invoice.createdon (UserLocal), invoice.duedate (DateOnly), "
        "invoicedetail.actualdeliveryon (UserLocal)"
    )


def test_days_that_nobody_may_know_of_are_warned_of(rig: DynamicsRig) -> None:
    rig.faults.add(Fault("status", path="DateTimeAttributeMetadata", status=403, body=b"{}", times=1000))
    step = steps_of(rig.open())["days"]
    assert (step.outcome, step.cause, step.who) == ("warning", "dynamics_days_unknown", "it")


def test_few_days_of_change_tracking_are_warned_of(rig: DynamicsRig) -> None:
    rig.standin.environment.organization()["expirechangetrackingindays"] = 1
    step = steps_of(rig.open())["organization"]
    assert (step.outcome, step.cause, step.facts["days"]) == ("warning", "dynamics_few_days", "1")


@pytest.mark.parametrize(
    ("path", "status", "key", "cause"),
    [
        ("WhoAmI", 401, "reach", "dynamics_token_refused"),
        ("WhoAmI", 403, "reach", "dynamics_access_denied"),
        ("WhoAmI", 404, "reach", "dynamics_not_there"),
        ("WhoAmI", 503, "reach", "out_of_order"),
        ("WhoAmI", 429, "reach", "too_many_requests"),
        ("products", 500, "right", "out_of_order"),
        ("EntityDefinitions", 400, "tracking", "unexpected_answer"),
        ("Attributes", 403, "columns", "dynamics_right_missing"),
        ("organizations", 404, "right", "unexpected_answer"),
    ],
)
def test_the_step_that_fails_says_why(rig: DynamicsRig, path: str, status: int, key: str, cause: str) -> None:
    rig.faults.add(Fault("status", path=path, status=status, body=b"{}", times=1000))
    assert outcomes(rig.open())[key] == cause


@pytest.mark.parametrize(
    ("settings", "secrets", "cause"),
    [({"webhook": None}, {}, "not_configured"), ({}, {"webhook_key": ""}, "secret_missing")],
)
def test_webhooks_that_cannot_work_are_named(
    settings: dict[str, Any], secrets: dict[str, str], cause: str
) -> None:
    with dynamics_rig(records=3, settings=settings, secrets=secrets) as rig:
        assert outcomes(rig.open())["webhook"] == cause
