"""Days as the connected environment gives them: the metadata is asked what the columns mean."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from mlconnector.errors import RetryLater
from mlconnector.standins.faults import Fault
from mlconnector.systems.source import Reading, Reference, Source
from tests.systems.dynamics.rig import COLUMNS, DynamicsRig, dynamics_rig

LATE = "2026-07-31T22:30:00Z"
MIDNIGHT = "2026-07-31T22:00:00Z"
JULY, AUGUST = date(2026, 7, 31), date(2026, 8, 1)
METADATA = "DateTimeAttributeMetadata"
SETTINGS: dict[str, Any] = {
    "columns": {
        **COLUMNS,
        "invoice_date": ["new_fixed", "new_local", "new_invoicedate"],
        "service_date": ["invoicedetail.new_done", "datedelivered"],
    }
}


@pytest.fixture
def rig() -> Iterator[DynamicsRig]:
    with dynamics_rig(records=6, settings=SETTINGS) as rig:
        rig.standin.add_column("invoice", "new_fixed", "fixedtime")
        rig.standin.add_column("invoice", "new_local", "datetime")
        rig.standin.add_column("invoicedetail", "new_done", "fixeddate")
        yield rig


@pytest.fixture
def source(rig: DynamicsRig) -> Source:
    return rig.open()


def reading(rig: DynamicsRig, source: Source, **columns: Any) -> Reading:
    invoice = min(rig.first_load())
    rig.standin.change_record("invoice", invoice, **columns)
    return source.fetch([Reference(invoice)])[0]


@pytest.mark.parametrize(
    ("columns", "day"),
    [
        ({"new_fixed": LATE}, JULY),
        ({"new_local": MIDNIGHT}, AUGUST),
        ({"new_invoicedate": "2026-06-01"}, date(2026, 6, 1)),
    ],
)
def test_the_same_wire_form_is_the_day_that_its_column_means(
    rig: DynamicsRig, source: Source, columns: dict[str, str], day: date
) -> None:
    read = reading(rig, source, **columns)
    assert read.voucher is not None
    assert (read.voucher.document_date, read.problems) == (day, ())


def test_days_of_lines_are_read_by_their_own_columns(rig: DynamicsRig, source: Source) -> None:
    invoice = min(rig.first_load())
    rig.standin.change_record("invoice", invoice, datedelivered=None)
    for line in rig.standin.lines(invoice):
        rig.standin.change_record("invoicedetail", line["invoicedetailid"], new_done=LATE)
    read = source.fetch([Reference(invoice)])[0]
    assert read.voucher is not None
    assert read.voucher.service_date == JULY


def test_a_withdrawn_invoice_has_the_same_day(rig: DynamicsRig, source: Source) -> None:
    read = reading(rig, source, new_fixed=LATE, statecode=3, statuscode=100003)
    assert read.voucher is not None
    assert (read.voucher.standing, read.voucher.document_date) == ("withdrawn", JULY)


def test_the_metadata_are_asked_for_once(rig: DynamicsRig, source: Source) -> None:
    for _ in range(2):
        reading(rig, source, new_fixed=LATE)
    asked = {path: times for path, times in rig.standin.statistics.by_path.items() if METADATA in path}
    assert sorted(asked.values()) == [1, 1], "once for invoices, once for lines"


def test_without_the_right_to_read_metadata_what_is_uncertain_waits(rig: DynamicsRig, source: Source) -> None:
    rig.faults.add(Fault("status", path=METADATA, status=403, body=b"{}", times=1000))
    held = reading(rig, source, new_fixed=LATE)
    assert [problem.key for problem in held.problems] == ["dynamics_day_unclear"]
    seen = reading(rig, source, new_fixed=None, new_local=LATE)
    assert seen.voucher is not None
    assert (seen.voucher.document_date, seen.problems) == (AUGUST, ())


def test_metadata_out_of_reach_are_waited_for(rig: DynamicsRig, source: Source) -> None:
    rig.faults.add(Fault("status", path=METADATA, status=503, times=1000))
    with pytest.raises(RetryLater):
        reading(rig, source, new_fixed=LATE)


def test_an_hour_after_midnight_holds_its_invoice_with_both_days(rig: DynamicsRig, source: Source) -> None:
    read = reading(rig, source, new_local=LATE)
    (problem,) = read.problems
    assert problem.key == "dynamics_day_at_night"
    assert (problem.facts["written"], problem.facts["local"]) == (JULY.isoformat(), AUGUST.isoformat())
