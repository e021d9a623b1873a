"""The trail tells a voucher's whole story, from the source field to DATEV's answer, and can be proven."""

from __future__ import annotations

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.report import counts, overview, voucher_story
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MUSTERHOLZ


def test_the_story_of_a_voucher_says_what_happened_and_why(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.work()
    told = voucher_story.of_voucher(rig.services, "RE-2026-00001")
    assert [event["event"] for event in told["events"]] == [
        "received",
        "booked",
        "frozen",
        "document_filed",
        "sent",
        "succeeded",
    ]
    booked = told["events"][1]["detail"]
    (row,) = rig.outside.rows()
    assert booked["lines"] == [f"{row.amount} EUR {row.account} / {row.contra_account}"]
    assert {because["field"] for because in booked["because"]} >= {"account", "debtor", "cost_centre_1"}
    answer = told["events"][-1]["detail"]["answer"]
    assert (answer["result"], answer["reference_id"]) == ("succeeded", rig.batches()[0].id)
    assert told["content"]["number"] == "RE-2026-00001"
    assert told["batches"] == [rig.batches()[0].id]


def test_the_story_goes_on_through_rejection_replay_and_correction(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    rig.work()
    rig.replay()
    rig.work()
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    rig.work()
    told = [event["event"] for event in voucher_story.of_voucher(rig.services, rig.key(DOMESTIC))["events"]]
    assert told == [
        *("received", "booked", "frozen", "document_filed", "sent", "failed"),
        *("replayed", "booked", "frozen", "sent", "succeeded"),
        *("changed", "reversed", "booked", "frozen", "sent", "succeeded"),
    ]
    assert rig.verdict().ok
    assert [entry["kind"] for entry in voucher_story.of_voucher(rig.services, str(DOMESTIC))["entries"]] == [
        "original",
        "original",
        "reversal",
        "original",
    ]


def test_who_asks_for_an_unknown_voucher_is_told_so(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with pytest.raises(NeedsHuman) as error:
        voucher_story.of_voucher(rig.services, "RE-4711")
    assert error.value.problem.key == "voucher_unknown"


def test_no_secret_reaches_the_trail_or_the_technical_log(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.work()
    tokens = rig.services.tokens(rig.name, "datev").current()
    rig.services.http_log.flush()
    with rig.app.database.read() as db:
        kept = "".join(
            str(row)
            for table in ("audit", "http_log", "connections")
            for row in db.exec_driver_sql(f"SELECT * FROM {table}")
        )
    for secret in (tokens.access_token, tokens.refresh_token, rig.pipedrive.api_token, "standin-secret"):
        assert secret not in kept


def test_the_overview_counts_what_became_of_everything(make_rig: MakeRig) -> None:
    rig = make_rig(12)
    rig.work()
    seen = overview.connection(rig.context)
    assert (seen["state"], seen["vouchers"]) == ("ready", {"needs_human": 4, "settled": 8})
    assert {batch["state"] for batch in seen["batches"]} == {"succeeded"}
    assert sum(problem["count"] for problem in seen["problems"]) == 4
    assert all(problem["what"] and problem["do"] for problem in seen["problems"])
    assert counts.filed_documents(rig.services) == 8
    statistics = rig.datev.statistics
    assert counts.sent_requests(rig.context)["puts"] == statistics.puts
