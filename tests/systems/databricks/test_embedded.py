"""The folder of Delta tables: a load changes them once, whatever is repeated, cut off or done at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from deltalake import DeltaTable, Field
from deltalake.schema import PrimitiveType

from mlconnector.errors import NeedsHuman
from mlconnector.systems.databricks import delta, tables
from mlconnector.systems.databricks.embedded import EmbeddedWarehouse
from mlconnector.systems.warehouse import Reached
from tests.systems.databricks.tables import carry, line, load_of, queried, rows_of

LINES = "booking_lines"


class Killed(BaseException):
    """The end of the process."""


def sums(folder: Path) -> tuple[int, Decimal]:
    """Rows and their sum as DuckDB and Polars agree on them."""
    ((count, total),) = queried(folder, f"SELECT count(*), sum(amount) FROM {LINES} WHERE NOT is_deleted")
    rows = [row for row in rows_of(folder, LINES) if not row["is_deleted"]]
    assert (len(rows), sum((row["amount"] for row in rows), Decimal(0))) == (count, total or 0)
    return count, total


def test_a_load_is_read_back_before_it_counts(tmp_path: Path) -> None:
    (carried,) = carry(tmp_path, load_of(line(1), line(2, "-19.00")))
    assert carried.agrees
    assert (carried.target_rows, carried.target_amount) == (2, Decimal("100.00"))
    (audit,) = rows_of(tmp_path, "load_audit")
    assert (audit["source_rows"], audit["target_amount"], audit["status"]) == (
        2,
        Decimal("100.00"),
        "verified",
    )


def test_ten_times_the_same_load_is_the_same_table(tmp_path: Path) -> None:
    load = load_of(line(1), line(2, "-19.00"))
    carry(tmp_path, load)
    before = rows_of(tmp_path, LINES), DeltaTable(str(tmp_path / LINES)).file_uris()
    carry(tmp_path, *[load] * 9)
    assert (rows_of(tmp_path, LINES), DeltaTable(str(tmp_path / LINES)).file_uris()) == before
    assert len(rows_of(tmp_path, "load_audit")) == 1


@pytest.mark.parametrize("point", ["staged", "applied"])
def test_a_load_that_was_killed_is_carried_to_its_end_by_the_next_one(tmp_path: Path, point: str) -> None:
    load = load_of(line(1), line(2, "-19.00"))

    def dies(reached: Reached) -> None:
        if reached == point:
            raise Killed

    for _ in range(3):
        with pytest.raises(Killed):
            EmbeddedWarehouse(tmp_path).load(load, dies)
    assert rows_of(tmp_path, "load_audit") == []
    (carried,) = carry(tmp_path, load)
    assert carried.agrees
    assert sums(tmp_path) == (2, Decimal("100.00"))


def test_a_newer_load_replaces_what_changed_and_an_older_one_does_not(tmp_path: Path) -> None:
    newer, older = load_of(line(1, "2.00"), after=5), load_of(line(1, "1.00"), line(2, "7.00"), after=1)
    carried = carry(tmp_path, newer, older)
    assert all(one.agrees for one in carried)
    assert [row["amount"] for row in rows_of(tmp_path, LINES)] == [Decimal(2), Decimal(7)]


def test_a_corrected_batch_comes_to_what_the_books_have(tmp_path: Path) -> None:
    first = [line(1, batch_id="b1")]
    correction = [line(1, "-119.00", batch_id="b2", is_reversal=True), line(2, "59.50", batch_id="b2")]
    carry(tmp_path, load_of(*first), load_of(*correction, after=1))
    assert sums(tmp_path) == (3, Decimal("59.50"))


def test_a_withdrawn_row_stays_and_does_not_count(tmp_path: Path) -> None:
    carry(tmp_path, load_of(line(1), line(2)), load_of(line(2, is_deleted=True), after=1))
    assert sums(tmp_path) == (1, Decimal("119.00"))
    assert {one.name: one.deleted for one in EmbeddedWarehouse(tmp_path).status()}[LINES] == 1


def test_loads_at_the_same_time_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    loads = [load_of(*(line(n, batch_id=f"b{batch}") for n in (1, 2, 3))) for batch in range(3)]
    with ThreadPoolExecutor(4) as pool:
        carried = list(pool.map(lambda load: carry(tmp_path, load)[0], [*loads, loads[0]]))
    assert all(one.agrees for one in carried)
    assert sums(tmp_path) == (9, 9 * Decimal("119.00"))


def test_an_old_loader_goes_on_when_there_are_new_columns(tmp_path: Path) -> None:
    carry(tmp_path, load_of(line(1)))
    table = DeltaTable(str(tmp_path / LINES))
    table.alter.add_columns([Field("invented_later", PrimitiveType("string"))])
    carry(tmp_path, load_of(line(2), after=1))
    assert [row["invented_later"] for row in rows_of(tmp_path, LINES)] == [None, None]


def test_a_new_loader_adds_its_columns_and_changes_no_row(tmp_path: Path) -> None:
    carry(tmp_path, load_of(line(1)))
    before = rows_of(tmp_path, LINES)
    described = tables.tables()[LINES]
    later = tables.Column("invented_later", "string", False, "A later idea", 2)
    delta.ensure(tmp_path, tables.Table(LINES, "", described.key, "amount", (*described.columns, later)))
    assert rows_of(tmp_path, LINES) == [{**row, "invented_later": None} for row in before]


def test_a_column_of_another_type_is_named_and_nothing_is_forced_into_it(tmp_path: Path) -> None:
    carry(tmp_path, load_of(line(1)))
    described = tables.tables()[LINES]
    odd = tuple(
        tables.Column(one.name.upper(), "string", False, "", 1) if one.name == "line_no" else one
        for one in described.columns
    )
    with pytest.raises(NeedsHuman) as refused:
        delta.ensure(tmp_path, tables.Table(LINES, "", described.key, "amount", odd))
    assert refused.value.problem.facts == {"table": LINES, "column": "LINE_NO", "type": "integer"}


def test_a_feature_that_would_make_others_read_wrong_numbers_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry(tmp_path, load_of(line(1)))

    class Protocol:
        reader_features = ("deletionVectors", "timestampNtz")

    monkeypatch.setattr(DeltaTable, "protocol", lambda _table: Protocol())
    with pytest.raises(NeedsHuman) as refused:
        carry(tmp_path, load_of(line(2)))
    assert refused.value.problem.key == "warehouse_feature_unknown"
    assert refused.value.problem.facts["features"] == "deletionVectors"


def test_many_small_files_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "_MANY_FILES", 4)
    carry(tmp_path, *(load_of(line(n), after=n) for n in range(6)))
    assert len(DeltaTable(str(tmp_path / LINES)).file_uris()) < 4
    assert sums(tmp_path) == (6, 6 * Decimal("119.00"))


def test_rows_that_somebody_removed_are_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = load_of(line(1), line(2))
    monkeypatch.setattr(delta, "merge", _loses_a_row(delta.merge))
    (carried,) = carry(tmp_path, load)
    assert not carried.agrees
    assert (carried.source_rows, carried.target_rows) == (2, 1)
    assert [row["status"] for row in rows_of(tmp_path, "load_audit")] == ["differs"]


def _loses_a_row(merge: object) -> object:
    def lossy(folder: Path, table: tables.Table, staged: Path) -> None:
        merge(folder, table, staged)  # type: ignore[operator]
        if table.name == LINES:
            DeltaTable(str(folder / LINES)).delete("line_no = 2")

    return lossy


def test_the_check_names_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    steps = list(EmbeddedWarehouse(tmp_path / "file" / "delta").check())
    assert [(step.key, step.outcome, step.cause) for step in steps] == [
        ("databricks.folder", "failed", "databricks_folder_refused"),
        ("databricks.tables", "skipped", ""),
    ]
    assert [step.outcome for step in EmbeddedWarehouse(tmp_path / "delta").check()] == ["ok", "ok"]


def test_a_table_says_what_its_columns_are(tmp_path: Path) -> None:
    carry(tmp_path, load_of(line(1)))
    fields = {one.name: one for one in DeltaTable(str(tmp_path / LINES)).schema().fields}
    assert "signed" in str(fields["amount"].metadata["comment"])
    assert not fields["booking_date"].nullable
    assert all(column.comment for table in tables.tables().values() for column in table.columns)


def test_the_stage_is_empty_when_all_is_done(tmp_path: Path) -> None:
    carry(tmp_path, load_of(line(1)))
    assert list((tmp_path / "stage").iterdir()) == []
