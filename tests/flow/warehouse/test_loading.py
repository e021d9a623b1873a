"""What passed is in the tables once, to the cent as DATEV has it, whatever is cut off or comes again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconnector.flow.report.counts import sent_requests
from mlconnector.flow.warehouse import sources
from mlconnector.flow.warehouse.loading import replay
from mlconnector.flow.warehouse.portions import key_of
from mlconnector.flow.warehouse.record_rows import voucher_rows
from mlconnector.flow.warehouse.target import Target
from mlconnector.model.problems import Problem
from mlconnector.model.voucher_facts import facts_of
from mlconnector.store import audit, batches, chart_accounts, connections, loads
from mlconnector.store.chart_accounts import ChartAccount
from mlconnector.store.loads import LoadRow
from mlconnector.systems.databricks.tables import tables
from tests.flow import suggestions_rig
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, MUSTERHOLZ, Rig
from tests.flow.suggestions_rig import suggestions
from tests.flow.warehouse.rig import LOAD_POINTS, folder, lines, load, sums, with_tables
from tests.systems.databricks.tables import queried, rows_of


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    made = make_rig(3)
    with_tables(made)
    return made


def loads_of(rig: Rig, kind: str) -> list[LoadRow]:
    """The loads of a kind, the latest first."""
    with rig.app.database.read() as db:
        return [row for row in loads.recent(db, "databricks", 100) if row.kind == kind]


@pytest.mark.parametrize("table", ["clients", "accounts", "vouchers", "documents"])
def test_what_tells_records_apart_is_the_key_of_their_table(table: str) -> None:
    row = {column.name: column.name for column in tables()[table].columns}
    assert key_of(table, row) == tables()[table].key


def test_rows_and_sums_are_what_datev_got(rig: Rig) -> None:
    rig.work()
    report = load(rig)
    assert (report.failed, report.later) == (0, 0)
    booked = rig.outside.rows()
    assert len(lines(rig)) == len(booked)
    assert sums(rig) == rig.outside.sums()
    ((total,),) = queried(folder(rig), "SELECT sum(amount) FROM booking_lines")
    assert total == sum((row.amount for row in booked), Decimal(0))
    assert {row["document_id"] for row in rows_of(folder(rig), "documents")} == {
        row.document for row in booked
    }
    assert {row["job_id"] for row in rows_of(folder(rig), "jobs")} == {job.id for job in rig.outside.jobs()}
    assert {row["status"] for row in rows_of(folder(rig), "vouchers")} == {"settled"}
    assert queried(
        folder(rig), "SELECT count(*) FROM v_batch_reconciliation WHERE line_count <> loaded_lines"
    ) == [(0,)]


def test_a_voucher_that_waits_says_what_for(rig: Rig) -> None:
    rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsnummer": None})
    rig.work()
    load(rig)
    waits = [row["reason"] for row in rows_of(folder(rig), "vouchers") if row["status"] == "needs_human"]
    assert waits == ["number_missing"]


def test_booking_suggestions_have_the_same_sums(make_rig: MakeRig) -> None:
    rig = make_rig(3, text=suggestions)
    with_tables(rig)
    rig.work()
    load(rig)
    assert len(lines(rig)) == len(suggestions_rig.processed(rig.outside))
    assert sums(rig) == suggestions_rig.sums(rig.outside)
    assert {row["account_kind"] for row in lines(rig)} == {"debtor"}
    assert {row["contra_kind"] for row in lines(rig)} == {"sale"}
    assert {row["voucher_kind"] for row in lines(rig)} == {"invoice"}


def test_the_client_has_the_name_and_the_services_that_datev_says(rig: Rig) -> None:
    rig.work()
    load(rig)
    (client,) = rows_of(folder(rig), "clients")
    assert (client["client_id"], client["consultant_number"]) == (MUSTERHOLZ, "29098")
    assert client["name"] == "Musterholz GmbH"
    assert "Buchungsdatenservice" in client["services"]


def test_what_is_there_already_is_not_loaded_again(rig: Rig) -> None:
    rig.work()
    load(rig)
    asked = sent_requests(rig.context)
    report = load(rig)
    assert report.verified == 0
    assert report.unchanged > 0
    assert sent_requests(rig.context) == asked


@pytest.mark.parametrize("point", LOAD_POINTS)
def test_a_load_that_was_killed_at_any_point_is_made_up_for(rig: Rig, point: str) -> None:
    rig.date(DOMESTIC, MIXED_RATES)
    rig.work()
    for times in (1, 2, 3):
        with rig.dying_at(point, times):
            load(rig)
    for _ in range(2):
        report = load(rig)
    assert (report.verified, report.failed, report.later) == (0, 0, 0)
    assert sums(rig) == rig.outside.sums()
    assert len(lines(rig)) == len(rig.outside.rows())
    assert audit.verify(rig.app.database).ok


def test_a_correction_comes_to_what_datev_has(rig: Rig) -> None:
    rig.work()
    load(rig)
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    rig.work()
    load(rig)
    assert sums(rig) == rig.outside.sums()
    assert len(lines(rig)) == len(rig.outside.rows()) > 3


def test_lines_of_a_batch_that_datev_refused_do_not_count(rig: Rig) -> None:
    rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
    rig.work()
    load(rig)
    failed = {row.id for row in rig.batches("failed")}
    assert failed
    gone = [row for row in rows_of(folder(rig), "booking_lines") if row["is_deleted"]]
    assert {row["batch_id"] for row in gone} == failed
    assert sums(rig) == rig.outside.sums()
    assert "failed" in {row["result"] for row in rows_of(folder(rig), "jobs")}


def test_nothing_of_a_batch_counts_before_datev_has_it(rig: Rig) -> None:
    (batch, *_) = rig.prepare()
    load(rig)
    assert lines(rig) == []
    assert {row["status"] for row in rows_of(folder(rig), "batches")} == {"frozen"}
    rig.transfer()
    load(rig)
    assert batch in {row["batch_id"] for row in lines(rig)}


def test_content_that_comes_back_is_loaded_again_under_its_old_id(rig: Rig) -> None:
    rig.work()
    target = with_tables(rig, entities={MUSTERHOLZ: "Holz"})
    load(rig)
    with_tables(rig)
    load(rig)
    with_tables(rig, entities={MUSTERHOLZ: "Holz"})
    load(rig)
    assert {row["entity_id"] for row in lines(rig)} == {"Holz"}
    assert target.entity(MUSTERHOLZ) == "Holz"
    assert {row.attempt for row in loads_of(rig, "batch")} == {1, 2}


def test_a_batch_that_the_table_refuses_says_so_and_the_others_go_on(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.work()
    target = with_tables(rig)
    (batch, *_) = rig.batches("succeeded")
    monkeypatch.setattr(Target, "entity", lambda _self, _client: "E\0")
    monkeypatch.setattr(Target, "refusal", lambda _self, _table, _row: None)
    report = load(rig)
    assert report.failed > 0
    assert {problem.key for problem in report.failures} == {"warehouse_row_refused"}
    failed = next(row for row in loads_of(rig, "batch") if row.source == batch.id)
    assert (failed.state, failed.problem.facts["column"]) == ("failed", "entity_id")
    assert [event.event for event in rig.story(failed.id)] == ["load_planned", "load_failed"]
    monkeypatch.undo()
    assert load(rig).failed == 0
    with rig.app.database.read() as db:
        assert loads.failed(db, target.name) == []
    assert sums(rig) == rig.outside.sums()


def test_a_voucher_that_the_table_cannot_take_costs_itself_alone(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dinars have three places; the voucher of before does not stand for what it says now."""
    rig.work()
    load(rig)
    loaded = rows_of(folder(rig), "vouchers")
    plain = facts_of
    dinars = {loaded[0]["gross_amount"]: Decimal("1.005")}

    def in_dinars(content: str | None) -> Any:
        facts = plain(content)
        return replace(facts, amount=dinars.get(facts.amount, facts.amount))

    monkeypatch.setattr(sources, "facts_of", in_dinars)
    report = load(rig)
    assert (report.failed, len(report.left_out)) == (0, 1)
    (problem,) = report.left_out
    assert (problem.key, problem.facts["fault"]) == ("warehouse_record_left_out", "places")
    assert loaded[0]["voucher_id"] in problem.facts["record"]
    held = [row["voucher_id"] for row in rows_of(folder(rig), "vouchers") if not row["is_deleted"]]
    assert held == [row["voucher_id"] for row in loaded[1:]]
    query = "SELECT kind, left_out_rows, rows_off FROM v_load_reconciliation WHERE left_out_rows > 0"
    assert queried(folder(rig), query) == [("vouchers", 1, 0)]
    assert len(load(rig).left_out) == 1
    with rig.app.database.read() as db:
        assert [row.left_out for row in loads.incomplete(db, "databricks")] == [[problem_of(problem)]]
    monkeypatch.undo()
    assert load(rig).left_out == []
    assert not any(row["is_deleted"] for row in rows_of(folder(rig), "vouchers"))
    with rig.app.database.read() as db:
        assert loads.incomplete(db, "databricks") == []


def problem_of(problem: Problem) -> Problem:
    """A problem as the database keeps it: what groups it is known by its key."""
    return Problem(problem.key, problem.facts)


def test_a_voucher_that_goes_to_another_quarter_stays(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.work()
    load(rig)
    before = len(rows_of(folder(rig), "vouchers"))
    rows = voucher_rows
    for day in (date(2027, 1, 5), date(2025, 1, 5)):
        monkeypatch.setattr(
            sources,
            "voucher_rows",
            lambda *given, day=day: ({**row, "document_date": day} for row in rows(*given)),
        )
        assert load(rig).failed == 0
        found = rows_of(folder(rig), "vouchers")
        assert [(row["document_date"], row["is_deleted"]) for row in found] == [(day, False)] * before


def test_what_is_no_more_in_its_source_is_marked_and_comes_back(rig: Rig) -> None:
    own = ChartAccount("8777", "Erlöse Messe", "automatic", "domestic_19")
    with rig.app.database.write() as db:
        chart_accounts.put(db, MUSTERHOLZ, [own], "Test", rig.services.now())
    load(rig)
    for gone in (True, False):
        with rig.app.database.write() as db:
            if gone:
                chart_accounts.remove(db, MUSTERHOLZ, [own.number])
            else:
                chart_accounts.put(db, MUSTERHOLZ, [own], "Test", rig.services.now())
        assert load(rig).failed == 0
        (row,) = (one for one in rows_of(folder(rig), "accounts") if one["account"] == own.number)
        assert (row["is_deleted"], row["name"], row["account_kind"]) == (gone, own.name, "sale")


def test_a_client_whom_no_connection_serves_any_more_is_marked(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(rig)
    monkeypatch.setattr(connections, "every", lambda _db: [])
    load(rig)
    for table in ("clients", "accounts"):
        assert {row["is_deleted"] for row in rows_of(folder(rig), table)} == {True}


def test_a_load_can_be_replayed_from_what_it_was_made_of(rig: Rig) -> None:
    target: Any = with_tables(rig)
    rig.work()
    load(rig)
    before = lines(rig)
    (row, *_) = loads_of(rig, "batch")
    assert replay(target, row).verified == 1
    assert lines(rig) == before
    assert rig.events(row.id) == ["load_planned", "load_verified"] * 2


def test_what_is_newer_holds_although_the_clock_was_set_back(rig: Rig) -> None:
    rig.work()
    load(rig)
    rig.outside.clock.advance(-3600)
    (batch, *_) = rig.batches("succeeded")
    with rig.app.database.write() as db:
        batches.change(db, batch.id, rig.services.now(), state="failed", cause="rejected")
    assert load(rig).failed == 0
    states = {row["batch_id"]: row["status"] for row in rows_of(folder(rig), "batches")}
    assert states[batch.id] == "failed"
    assert batch.id not in {row["batch_id"] for row in lines(rig)}


def test_tables_that_somebody_removed_are_filled_again(rig: Rig) -> None:
    rig.work()
    load(rig)
    before = [(row["line_id"], row["amount"]) for row in lines(rig)]
    shutil.rmtree(folder(rig) / "booking_lines")
    report = load(rig)
    assert (report.failed, report.later) == (0, 0)
    assert report.verified > 0
    assert [(row["line_id"], row["amount"]) for row in lines(rig)] == before
    assert load(rig).verified == 0
    assert rig.events("[databricks]") == ["warehouse_tables_gone"]


def test_that_a_job_is_asked_after_is_no_other_content(rig: Rig) -> None:
    (batch, *_) = rig.prepare()
    load(rig)
    with rig.app.database.write() as db:
        batches.count_up(db, batch, "polls")
    assert load(rig).verified == 0
    assert {row["polls"] for row in rows_of(folder(rig), "jobs")} <= {None}


def test_another_place_is_filled_from_the_beginning(rig: Rig, tmp_path: Path) -> None:
    rig.work()
    load(rig)
    with_tables(rig, folder=tmp_path / "elsewhere")
    report = load(rig)
    assert (report.failed, report.unchanged) == (0, 0)
    assert len(lines(rig)) == len(rig.outside.rows())
    assert load(rig).verified == 0
