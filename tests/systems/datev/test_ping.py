from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from mlconnector.standins.faults import Fault
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.texts.catalogue import found
from tests.systems.datev.rig import MUSTERHOLZ, Rig

ALL = [
    "datev.login",
    "datev.client",
    "datev.service.documents",
    "datev.service.dxso",
    "datev.service.extf",
    "datev.right",
    "datev.fiscal_year",
    "datev.account_length",
    "datev.ledgers",
    "datev.document_type",
]
OF_DXSO = {"datev.service.dxso", "datev.ledgers"}


def ping(rig: Rig) -> dict[str, CheckStep]:
    steps = list(rig.sink.check())
    assert [step.key for step in steps] == [key for key in ALL if key in {step.key for step in steps}]
    return {step.key: step for step in steps}


def outcomes(steps: dict[str, CheckStep]) -> list[str]:
    return [step.outcome for step in steps.values()]


def failed(steps: dict[str, CheckStep]) -> list[tuple[str, str, str]]:
    return [
        (step.key.removeprefix("datev."), step.cause, step.who)
        for step in steps.values()
        if step.outcome in {"failed", "warning"}
    ]


@pytest.mark.parametrize(
    ("client", "found"),
    [
        (MUSTERHOLZ, []),
        ("455148-1", []),
        ("29098-55004", [("service.extf", "service_not_ordered", "adviser")]),
        ("29098-55005", [("fiscal_year", "no_fiscal_year", "adviser")]),
        ("29098-55006", [("account_length", "account_length_differs", "you")]),
        ("29098-55007", [("client", "datev_right_missing", "adviser")]),
        ("29098-55999", [("client", "datev_client_unknown", "adviser")]),
        ("455148-2", [("service.documents", "service_not_ordered", "adviser")]),
        ("455148-3", [("service.extf", "service_not_ordered", "adviser")]),
    ],
)
def test_every_client_of_the_stand_in_says_what_is_wrong_and_who_can_cure_it(
    rig: Rig, client: str, found: list[tuple[str, str, str]]
) -> None:
    steps = ping(rig.with_settings(client=client))
    assert list(steps) == [key for key in ALL if key not in OF_DXSO]
    assert failed(steps) == found


@pytest.mark.parametrize(
    ("client", "found"),
    [
        (MUSTERHOLZ, []),
        ("455148-1", []),
        ("29098-55004", [("service.dxso", "service_not_ordered", "adviser")]),
        (
            "29098-55005",
            [("fiscal_year", "no_fiscal_year", "adviser"), ("ledgers", "ledgers_missing", "adviser")],
        ),
        ("29098-55006", [("account_length", "account_length_differs", "you")]),
    ],
)
def test_booking_suggestions_need_their_service_and_both_ledgers(
    rig: Rig, client: str, found: list[tuple[str, str, str]]
) -> None:
    steps = ping(rig.with_settings(client=client, services=["documents", "dxso"]))
    assert failed(steps) == found
    assert steps["datev.service.dxso"].facts["service"] == "Rechnungsdatenservice 1.0"


def test_the_rechnungsdatenservice_alone_tells_of_the_books_too(rig: Rig) -> None:
    own = rig.with_settings(services=["dxso"])
    steps = ping(own)
    assert failed(steps) == []
    assert (steps["datev.fiscal_year"].outcome, steps["datev.account_length"].outcome) == ("ok", "ok")
    assert steps["datev.document_type"].cause == "documents_not_used"
    assert own.sink.client_facts().fiscal_years == rig.sink.client_facts().fiscal_years


@pytest.mark.parametrize(
    ("payable", "receivable", "missing"),
    [
        ("false", "true", "Rechnungseingangsbuch"),
        ("true", "false", "Rechnungsausgangsbuch"),
        ("false", "false", "Rechnungseingangsbuch, Rechnungsausgangsbuch"),
    ],
)
def test_a_missing_ledger_of_the_current_year_is_named(
    rig: Rig, payable: str, receivable: str, missing: str
) -> None:
    def year(number: int, **ledgers: str) -> dict[str, Any]:
        days = {"fiscal_year_start": f"{number}-01-01", "fiscal_year_end": f"{number}-12-31"}
        return {**days, "account_length": "4", "ledgers": ledgers}

    names = ("is_accounts_payable_ledger_available", "is_accounts_receivable_ledger_available")
    years = [
        year(2027, **dict.fromkeys(names, "true")),
        year(2026, **dict(zip(names, (payable, receivable), strict=True))),
        year(2025, **dict.fromkeys(names, "true")),
    ]
    body = json.dumps({"is_document_management_available": "true", "basic_accounting_information": years})
    path = "/accounting-dxso-jobs/platform/v2/clients/[^/]+$"
    rig.standin.faults.add(Fault("status", path=path, status=200, body=body.encode()))
    steps = ping(rig.with_settings(services=["dxso"]))
    assert failed(steps) == [("ledgers", "ledgers_missing", "adviser")]
    assert steps["datev.ledgers"].facts["ledgers"] == missing


def test_a_ready_client_passes_every_step_and_is_shown_by_name(rig: Rig) -> None:
    steps = ping(rig.with_settings(document_type="Rechnungsausgang"))
    assert outcomes(steps) == ["ok"] * 8
    assert steps["datev.client"].facts["name"] == "Musterholz GmbH"
    assert steps["datev.login"].facts["valid_until"].startswith("20")
    years = steps["datev.fiscal_year"]
    assert "01.01.2026–31.12.2026" in found(years.key, years.facts, "de")
    assert "2026-01-01–2026-12-31" in found(years.key, years.facts, "en")
    assert steps["datev.service.extf"].facts["service"] == "Buchungsdatenservice"


def test_nothing_is_written_by_a_ping(rig: Rig) -> None:
    ping(rig)
    assert (rig.standin.statistics.posts, rig.standin.statistics.puts) == (0, 0)


def test_a_wrong_account_length_shows_both(rig: Rig) -> None:
    steps = ping(rig.with_settings(client="29098-55006"))
    facts = steps["datev.account_length"].facts
    assert (facts["expected"], facts["found"]) == ("4", "5")


def test_a_fiscal_year_that_is_not_open_yet_is_a_warning(rig: Rig) -> None:
    rig.standin.client(MUSTERHOLZ).fiscal_years = [2024, 2025]
    steps = ping(rig)
    assert failed(steps) == [("fiscal_year", "fiscal_year_not_current", "adviser")]
    assert steps["datev.fiscal_year"].outcome == "warning"
    assert steps["datev.account_length"].outcome == "ok"


@pytest.mark.parametrize(
    ("given", "types", "found"),
    [
        ({"document_type": "Sonstiges"}, None, [("document_type", "document_type_unknown", "you")]),
        ({"document_type": "Sonstiges"}, (), [("document_type", "no_document_types", "adviser")]),
        ({}, (), []),
    ],
)
def test_the_document_type_has_to_be_one_of_the_client(
    rig: Rig, given: dict[str, Any], types: tuple[Any, ...] | None, found: list[tuple[str, str, str]]
) -> None:
    if types is not None:
        rig.standin.client(MUSTERHOLZ).document_types = types
    steps = ping(rig.with_settings(**given))
    assert failed(steps) == found
    if types is None:
        assert "Rechnungsausgang" in steps["datev.document_type"].facts["known"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"document_type": "Rechnungsausgang"}, [("document_type", "document_type_outgoing", "you")]),
        (
            {"incoming": {"document_type": "Ausgang Projekte"}},
            [("document_type", "document_type_outgoing", "you")],
        ),
        ({"document_type": "Rechnungsausgang", "incoming": {"document_type": "Eingang Baustellen"}}, []),
        ({"document_type": "Kasse"}, []),
        ({}, []),
    ],
)
def test_purchases_want_a_document_type_that_is_not_for_outgoing_invoices(
    rig: Rig, given: dict[str, Any], found: list[tuple[str, str, str]]
) -> None:
    steps = ping(rig.booking("receivable", "payable").with_settings(**given))
    assert failed(steps) == found
    assert failed(ping(rig.booking("receivable").with_settings(**given))) == []
    if found:
        step = steps["datev.document_type"]
        assert step.outcome == "warning"
        assert "Rechnungseingang" in step.facts["known"]
        assert "Rechnungsausgang" not in step.facts["known"]


def test_the_document_type_of_purchases_has_to_be_one_of_the_client(rig: Rig) -> None:
    steps = ping(rig.with_settings(incoming={"document_type": "Einkauf"}))
    assert failed(steps) == [("document_type", "document_type_unknown", "you")]
    assert steps["datev.document_type"].facts["document_type"] == "Einkauf"


def test_document_types_that_cannot_be_read_fail_that_step_only(rig: Rig) -> None:
    rig.standin.faults.add(Fault("status", path="document-types", times=9))
    steps = ping(rig.with_settings(document_type="Sonstige"))
    assert failed(steps) == [("document_type", "out_of_order", "vendor")]


def test_without_documents_the_steps_of_documents_are_skipped(rig: Rig) -> None:
    steps = ping(rig.with_settings(client="455148-2", services=["extf"]))
    assert failed(steps) == []
    assert "datev.service.documents" not in steps
    assert steps["datev.right"].outcome == "ok"
    for key in ("datev.fiscal_year", "datev.account_length", "datev.document_type"):
        assert (steps[key].outcome, steps[key].cause) == ("skipped", "documents_not_used")


def test_without_the_login_nothing_else_is_tried(rig: Rig) -> None:
    assert rig.keeper.tokens
    for session in rig.standin.sessions:
        rig.standin.tokens.end(session)
    steps = ping(rig)
    assert failed(steps) == [("login", "login_needed", "you")]
    assert outcomes(steps) == ["failed"] + ["skipped"] * 7


def test_a_missing_app_secret_is_a_warning_because_the_next_login_needs_it(rig: Rig) -> None:
    rig.secrets = {}
    steps = ping(rig)
    assert failed(steps) == [("login", "client_secret_missing", "it")]
    assert steps["datev.login"].outcome == "warning"


def test_a_scope_that_the_login_was_not_granted_needs_another_login(rig: Rig) -> None:
    wide = rig.with_settings()
    wide.keeper.tokens = rig.with_settings(services=["documents"]).keeper.tokens
    assert failed(ping(wide)) == [("service.extf", "scope_not_granted", "you")]


def test_a_login_that_does_not_say_what_it_granted_is_taken_at_its_word(rig: Rig) -> None:
    rig.keeper.tokens = msgspec.structs.replace(rig.keeper.tokens, scopes=())
    assert failed(ping(rig)) == []


def test_datev_out_of_order_is_datev_s_to_cure_and_silence_begins_at_home(rig: Rig) -> None:
    rig.standin.faults.add(Fault("status", path="/accounting-clients"))
    assert failed(ping(rig)) == [("client", "out_of_order", "vendor")]
    silent = rig.with_keeper(clients_url="http://127.0.0.1:1/v2")
    assert failed(ping(silent)) == [("client", "connection_refused", "it")]


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/accounting-documents/platform/v2/clients/[^/]+$", "Belegbilderservice"),
        ("/accounting-dxso-jobs/platform/v2/clients/[^/]+$", "Rechnungsdatenservice 1.0"),
        ("/extf-files/jobs", "Buchungsdatenservice"),
    ],
)
def test_a_missing_right_names_the_service(rig: Rig, path: str, service: str) -> None:
    rig.standin.faults.add(Fault("status", path=path, status=403, body=b'{"request_id":"r-1"}'))
    steps = ping(rig.with_settings(services=["documents", "dxso", "extf"]))
    assert failed(steps) == [("right", "datev_right_missing", "adviser")]
    assert steps["datev.right"].facts["service"] == service
    assert steps["datev.right"].facts["request_id"] == "r-1"


def test_a_client_without_belege_online_needs_the_adviser(rig: Rig) -> None:
    body = b'{"is_document_management_available":"false","basic_accounting_information":[]}'
    path = "/accounting-documents/platform/v2/clients/[^/]+$"
    rig.standin.faults.add(Fault("status", path=path, status=200, body=body))
    steps = ping(rig)
    assert failed(steps)[0] == ("right", "document_store_missing", "adviser")


def test_an_answer_that_breaks_the_contract_is_said_to_be_broken(rig: Rig) -> None:
    rig.standin.faults.add(Fault("status", path="/accounting-clients", status=200, body=b"<html>"))
    assert failed(ping(rig)) == [("client", "unexpected_answer", "it")]
