"""What a connection says of itself: a login that is needed, a right that is missing, a pause, a mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mlconnector.errors import NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.connect import oauth_login, setup, standing
from mlconnector.flow.context.settings import read_connection
from mlconnector.flow.decide import book
from mlconnector.flow.deliver import delivery, jobs
from mlconnector.flow.engine import progress
from mlconnector.flow.engine.outcomes import Outcome, outcome_in, outcome_of
from mlconnector.flow.intake import records
from mlconnector.standins.datev import CONFIDENTIAL_APP, SECRET
from mlconnector.standins.faults import Fault
from mlconnector.standins.pipedrive import API_TOKEN, CLIENT_ID
from mlconnector.standins.pipedrive import CLIENT_SECRET as PIPEDRIVE_SECRET
from mlconnector.store import documents
from mlconnector.systems.kit.oauth import app_refused
from tests.flow.conftest import MakeRig
from tests.flow.dynamics_rig import DynamicsRig
from tests.flow.rig import DOMESTIC, MUSTERHOLZ, REDIRECT, Rig


def attempt(rig: Rig, work: Callable[[], object]) -> Outcome:
    """A step as the workflows do it."""
    return outcome_in(outcome_of(rig.context, work))


def run(rig: Rig) -> Outcome:
    """A run as the workflow does it, in short."""
    run_id = rig.begin()
    ended = attempt(rig, lambda: steps(rig, run_id))
    progress.end(rig.context, run_id, ended)
    return ended


def steps(rig: Rig, run_id: str) -> None:
    cursor = records.since(rig.context)
    position: str | None = ""
    while position is not None:
        position = records.take_page(rig.context, run_id, cursor, position or None).position
    book.book_set(rig.context, run_id, "")
    rig.freeze()


def log_out(rig: Rig) -> None:
    """Let DATEV know none of our tokens any more."""
    for session in rig.datev.sessions:
        rig.datev.tokens.end(session)


def test_a_needed_login_pauses_delivery_and_loses_nothing(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    log_out(rig)
    assert attempt(rig, lambda: delivery.file_set(rig.context, batch)).outcome == "needs_login"
    state, reason = rig.connection()
    assert (state, reason.partition(":")[0]) == ("needs_login", "datev")
    assert progress.unfinished(rig.context, parked=False) == []
    assert rig.states() == {"batched": 1}
    rig.log_in()
    assert rig.connection() == ("ready", "")
    assert [plan.batch for plan in progress.unfinished(rig.context, parked=False)] == [batch]
    rig.transfer()
    assert rig.states() == {"settled": 1}
    assert "logged_in" in rig.events(rig.name)


def test_a_job_whose_login_ended_is_followed_after_the_next_one(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    (batch,) = rig.prepare()
    rig.deliver(batch)
    log_out(rig)
    assert attempt(rig, lambda: jobs.look(rig.context, batch, 0.0)).outcome == "needs_login"
    rig.log_in()
    rig.transfer()
    assert rig.states() == {"settled": 1}


def test_a_run_that_had_nothing_to_do_with_datev_does_not_claim_that_the_login_is_fine(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    log_out(rig)
    attempt(rig, lambda: delivery.file_set(rig.context, batch))
    assert run(rig).outcome == "done"
    assert rig.connection()[0] == "needs_login"


def test_a_run_that_was_answered_by_datev_takes_back_that_a_login_is_needed(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.faults.add(Fault("status", "GET", "/accounting-clients/", status=401, times=2))
    assert run(rig).outcome == "needs_login"
    assert rig.connection()[0] == "needs_login"
    assert run(rig).outcome == "done"
    assert rig.connection() == ("ready", "")


def rotate_the_secret(rig: Rig, secret: str = "the new one") -> None:
    """Let DATEV know another secret of our app, which authenticates when it refreshes."""
    rig.datev.rotate_secret(secret, CONFIDENTIAL_APP)
    rig.outside.clock.advance(900)


@pytest.fixture
def rotated(make_any_rig: MakeRig) -> Rig:
    """A connection with a batch that waits, whose app got another secret at DATEV."""
    rig = make_any_rig(1)
    text = rig.text.replace('client_id = "ml-connector-standin"', f'client_id = "{CONFIDENTIAL_APP}"')
    setup.disconnect(rig.context)
    rig.connect(text.replace("[datev]\n", "[datev]\nconfidential_refresh = true\n"))
    rig.log_in()
    rig.release()
    rig.prepare()
    rotate_the_secret(rig)
    return rig


REFUSED = "app_secret_refused:system=datev"


def test_a_rotated_secret_of_the_app_pauses_delivery_and_loses_nothing(rotated: Rig) -> None:
    (batch,) = rotated.batches()
    progress.note_attempt(rotated.context, batch.id, "deliveries", 1)
    assert attempt(rotated, lambda: delivery.file_set(rotated.context, batch.id)) == Outcome(
        outcome="needs_human", reason=REFUSED
    )
    assert rotated.connection() == ("degraded", REFUSED)
    assert progress.unfinished(rotated.context, parked=False) == []
    assert (rotated.states(), rotated.causes()) == ({"batched": 1}, [])
    with rotated.app.database.read() as db:
        assert documents.counts(db) == {"stored": 1}, (
            "no document was sent, so none may be thought to be there"
        )
    assert not any(one.needed for one in standing.logins_of(rotated.context))


def test_after_new_credentials_all_goes_on_without_another_login(rotated: Rig) -> None:
    (batch,) = rotated.batches()
    progress.note_attempt(rotated.context, batch.id, "deliveries", 1)
    attempt(rotated, lambda: delivery.file_set(rotated.context, batch.id))
    sessions = rotated.datev.sessions
    setup.connect(rotated.services, rotated.context.settings, {"datev.client_secret": "the new one"})
    assert rotated.connection() == ("ready", "")
    assert [plan.batch for plan in progress.unfinished(rotated.context, parked=False)] == [batch.id]
    rotated.transfer()
    assert (rotated.states(), rotated.datev.sessions) == ({"settled": 1}, sessions)


def test_a_file_that_could_not_be_sent_for_a_rotated_secret_was_not_sent(rotated: Rig) -> None:
    rotate_the_secret(rotated, SECRET)
    (batch,) = rotated.batches()
    while delivery.file_set(rotated.context, batch.id).more:
        pass
    rotate_the_secret(rotated)
    assert attempt(rotated, lambda: delivery.submit(rotated.context, batch.id)).reason == REFUSED
    assert rotated.batch(batch.id).state == "frozen"
    assert rotated.datev.jobs == []
    setup.connect(rotated.services, rotated.context.settings, {"datev.client_secret": "the new one"})
    rotated.transfer()
    assert len(rotated.outside.rows()) == 1


def test_a_rotated_secret_of_the_source_s_app_pauses_reading_until_there_are_new_credentials(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(1)
    oauth = f'auth = "oauth"\nclient_id = "{CLIENT_ID}"\noauth_url = "{rig.outside.urls["pipedrive"]}"'
    text = rig.text.replace('auth = "api_token"', oauth)
    old = {"pipedrive.client_secret": PIPEDRIVE_SECRET}
    setup.connect(rig.services, read_connection(text, "test"), old)
    rig.log_in()
    rig.pipedrive.login.secret = "the new one"
    rig.outside.clock.advance(4000)
    assert run(rig) == Outcome(outcome="needs_human", reason="app_secret_refused:system=pipedrive")
    assert rig.connection() == ("degraded", "app_secret_refused:system=pipedrive")
    setup.connect(rig.services, rig.context.settings, {"pipedrive.client_secret": "the new one"})
    assert rig.connection() == ("ready", "")
    rig.work()
    assert rig.states() == {"settled": 1}


def test_a_refused_app_of_the_source_holds_no_voucher_whose_file_it_cannot_get(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    run_id = rig.begin()
    rig.read(run_id)
    refused = app_refused("pipedrive", "invalid_client", "401")
    refused.unsent = True
    rig.pipedrive.add_file(DOMESTIC, "Rechnung.pdf", b"%PDF-1.7")
    source = rig.context.source

    def download(_attachment: str, _limit: int) -> bytes:
        raise refused

    monkeypatch.setattr(source, "download", download)
    assert attempt(rig, lambda: book.book_set(rig.context, run_id, "")).reason.startswith(
        "app_secret_refused"
    )
    assert (rig.states(), rig.causes()) == ({"received": 1}, [])


def test_a_rotated_secret_in_entra_pauses_reading_until_there_are_new_credentials(
    make_dynamics_rig: Callable[..., DynamicsRig],
) -> None:
    rig = make_dynamics_rig("", 'send = "off"')
    rig.dynamics.entra.secret = "the new one"
    assert run(rig) == Outcome(outcome="needs_human", reason="entra_secret_wrong:system=dynamics")
    setup.connect(rig.services, rig.context.settings, {"dynamics.client_secret": "the new one"})
    assert rig.connection() == ("ready", "")
    assert run(rig).outcome == "done"


def test_credentials_of_another_system_do_not_let_a_refused_app_go_on(rotated: Rig) -> None:
    attempt(rotated, lambda: rotated.services.client_facts(rotated.name))
    setup.connect(rotated.services, rotated.context.settings, {"pipedrive.api_token": API_TOKEN})
    assert rotated.connection() == ("degraded", REFUSED)


def test_a_run_that_did_not_ask_datev_does_not_claim_that_the_app_is_fine(rotated: Rig) -> None:
    attempt(rotated, lambda: rotated.services.client_facts(rotated.name))
    assert run(rotated).outcome == "done"
    assert rotated.connection() == ("degraded", REFUSED)
    rotate_the_secret(rotated, SECRET)
    assert run(rotated).outcome == "done"
    assert rotated.connection() == ("ready", "")


def test_a_login_of_a_refused_app_does_not_even_begin(rotated: Rig) -> None:
    with pytest.raises(NeedsHuman) as error:
        oauth_login.begin(rotated.context, "datev", REDIRECT)
    assert error.value.problem.cause == REFUSED


def test_new_records_are_kept_while_nobody_is_logged_in(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    log_out(rig)
    assert run(rig).outcome == "needs_login"
    assert rig.states() == {"received": 1}
    rig.log_in()
    rig.work()
    assert rig.states() == {"settled": 1}


def test_new_credentials_of_the_source_take_effect_while_we_run(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.services.vault.put(rig.name, "pipedrive.api_token", "0" * 40)
    rig.services.forget(rig.name)
    assert run(rig).outcome == "needs_login"
    assert rig.connection()[1].startswith("pipedrive:")
    rig.services.vault.put(rig.name, "pipedrive.api_token", API_TOKEN)
    assert run(rig).outcome == "done"
    assert rig.connection() == ("ready", "")


def test_a_withdrawn_right_is_said_and_work_goes_on_when_it_is_back(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    rig.datev.withdraw_service(MUSTERHOLZ, "Buchungsdatenservice")
    rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsnummer": "RE-2026-90001"})
    assert attempt(rig, lambda: delivery.file_set(rig.context, batch)).outcome == "done"
    assert attempt(rig, lambda: delivery.submit(rig.context, batch)).outcome == "needs_human"
    state, reason = rig.connection()
    assert (state, reason) == ("degraded", f"datev_right_missing:client={MUSTERHOLZ}")
    assert rig.states() == {"batched": 1}
    rig.datev.order_service(MUSTERHOLZ, "Buchungsdatenservice")
    assert run(rig).outcome == "done"
    assert rig.connection() == ("ready", "")
    rig.outside.clock.advance(60)
    rig.transfer()
    rig.work()
    assert rig.states() == {"settled": 1}
    assert rig.outside.sums()["RE-2026-90001"] == rig.outside.gross(DOMESTIC)


def test_a_service_that_was_never_ordered_is_said_before_anything_is_sent(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.withdraw_service(MUSTERHOLZ, "Belegbilderservice")
    outcome = run(rig)
    assert outcome.reason.startswith("datev_service_missing:")
    assert (rig.connection()[0], rig.states()) == ("degraded", {"received": 1})
    rig.datev.order_service(MUSTERHOLZ, "Belegbilderservice")
    rig.work()
    assert rig.states() == {"settled": 1}


def test_a_degraded_connection_tries_its_batches_no_more_than_now_and_then(make_rig: MakeRig) -> None:
    """Between runs somebody looks every half minute; DATEV would hear the same refused question each time."""
    rig = make_rig(1)
    (batch,) = rig.prepare()
    rig.datev.withdraw_service(MUSTERHOLZ, "Belegbilderservice")
    progress.note_attempt(rig.context, batch, "deliveries", 1)
    assert attempt(rig, lambda: delivery.file_set(rig.context, batch)).outcome == "needs_human"
    assert progress.unfinished(rig.context, parked=False) == []
    rig.outside.clock.advance(900)
    assert [plan.batch for plan in progress.unfinished(rig.context, parked=False)] == [batch]


def test_books_of_another_account_length_hold_the_connection(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.client(MUSTERHOLZ).account_length = 5
    outcome = run(rig)
    assert outcome.reason == f"account_length_differs:client={MUSTERHOLZ}"
    assert rig.states() == {"received": 1}
    rig.datev.client(MUSTERHOLZ).account_length = 4
    rig.work()
    assert rig.states() == {"settled": 1}


def test_an_earlier_year_of_another_account_length_holds_nothing(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    asked = rig.services.client_facts(rig.name)
    assert asked.fiscal_years is not None
    earlier, *others = asked.fiscal_years
    years = (replace(earlier, account_length=5), *others)
    monkeypatch.setattr(rig.services, "client_facts", lambda _: replace(asked, fiscal_years=years))
    rig.work()
    assert rig.states() == {"settled": 1}


def test_a_voucher_of_a_year_that_datev_does_not_have_waits_for_it(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.client(MUSTERHOLZ).fiscal_years = [2025]
    rig.work()
    assert rig.causes() == [f"fiscal_year_missing:year=2026,client={MUSTERHOLZ}"]
    rig.datev.client(MUSTERHOLZ).fiscal_years = [2025, 2026]
    rig.replay()
    rig.work()
    assert rig.states() == {"settled": 1}


def test_a_mistake_of_ours_stops_the_connection_visibly_and_not_the_process(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)

    def mistaken() -> None:
        raise ZeroDivisionError("in step 7")

    broken = attempt(rig, mistaken)
    assert (broken.outcome, broken.reason) == ("broken", "ZeroDivisionError: in step 7")
    assert rig.connection() == ("degraded", "broken: ZeroDivisionError: in step 7")
    assert run(rig).outcome == "done"
    assert rig.connection() == ("ready", "")


def test_a_pause_ends_only_with_a_login(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    run_id = rig.begin()
    assert setup.disconnect(rig.context) == []
    assert attempt(rig, lambda: rig.services.client_facts(rig.name)).outcome == "needs_human"
    progress.end(rig.context, run_id, Outcome(outcome="done"))
    assert rig.connection() == ("paused", "disconnected")
    rig.connect()
    rig.log_in()
    assert rig.connection() == ("ready", "")


def test_a_connection_keeps_its_client_and_its_source(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with pytest.raises(NeedsHuman) as error:
        rig.connect(rig.text.replace(MUSTERHOLZ, "29098-55006"))
    assert error.value.problem.key == "connection_identity"


def test_what_cannot_be_asked_now_is_asked_later(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.faults.add(
        Fault("status", "GET", "/accounting-clients/", status=503, retry_after="61", times=9)
    )
    outcome = run(rig)
    assert (outcome.outcome, outcome.wait) == ("later", 61.0)
    assert rig.connection() == ("ready", "")


def test_a_login_is_needed_after_an_answer_to_a_refresh_got_lost(make_any_rig: MakeRig) -> None:
    """The one remaining possibility: the refresh token was used up, and nobody has the new one."""
    rig = make_any_rig(1)
    rig.outside.clock.advance(900)
    rig.datev.faults.add(Fault("lose_answer", "POST", "/token"))
    with pytest.raises(NeedsLogin):
        rig.services.client_facts(rig.name)
    rig.log_in()
    rig.work()
    assert rig.states() == {"settled": 1}


def test_a_refresh_that_was_not_answered_in_time_is_tried_again_when_it_was_not_carried_out(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(1)
    rig.outside.clock.advance(900)
    rig.datev.faults.add(Fault("status", "POST", "/token", status=503))
    with pytest.raises(RetryLater):
        rig.services.client_facts(rig.name)
    rig.services.client_facts(rig.name)
    assert (rig.datev.tokens.refreshes, rig.datev.tokens.replays) == (1, 0)
