"""One bad record, file or hint costs itself, never the connection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.flow.report import counts
from mlconnector.standins.faults import Fault
from tests.conformance.odd_values import ODD_VALUES, altered
from tests.databases import copied_sqlite
from tests.flow.rig import EU_BUSINESS, MIXED_RATES, Rig, rig

RECORDS = 3
LISTING = r"^/api/v2/deals$"


@pytest.fixture
def made(tmp_path: Path, sqlite_template: Path) -> Iterator[Rig]:
    with rig(tmp_path, copied_sqlite(sqlite_template, tmp_path), RECORDS) as rig_:
        yield rig_


def always(made: Rig, kind: str, path: str, **more: object) -> None:
    made.pipedrive.faults.add(Fault(kind, path=path, times=10_000, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["status", "truncate", "lose_answer"])
def test_a_deal_whose_list_of_files_is_not_given_waits_and_is_tried_again(made: Rig, kind: str) -> None:
    always(made, kind, rf"/deals/{EU_BUSINESS}/files$", status=500)
    made.work()
    assert made.states() == {"settled": RECORDS - 1, "needs_human": 1}
    assert made.causes() == ["record_unavailable"]
    made.work()
    assert made.states() == {"settled": RECORDS - 1, "needs_human": 1}
    made.pipedrive.faults.clear()
    made.work()
    assert made.states() == {"settled": RECORDS}
    assert made.verdict().ok


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_the_list_of_one_deal_alone_does_not_stop_the_connection(made: Rig, status: int) -> None:
    made.work()
    always(made, "status", rf"/deals/{EU_BUSINESS}/files$", status=status)
    made.pipedrive.change_deal(EU_BUSINESS, title="Anders")
    made.work()
    assert made.states() == {"settled": RECORDS}


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=list(ODD_VALUES))
def test_an_amount_that_cannot_be_one_holds_its_deal(made: Rig, value: str) -> None:
    made.pipedrive.faults.add(
        Fault("alter", path=LISTING, alter=lambda body: altered(body, ("value",), value))
    )
    made.work()
    assert made.states() == {"settled": RECORDS - 1, "needs_human": 1}


@pytest.mark.parametrize("odd", ["9" * 5000, "9" * 30])
def test_a_hint_that_cannot_be_followed_is_put_aside(made: Rig, odd: str) -> None:
    made.work()
    made.hint(odd)
    made.hint(EU_BUSINESS)
    made.work()
    assert counts.hints(made.context) == 0


def test_a_hint_that_its_system_refuses_costs_no_other(made: Rig) -> None:
    made.work()
    made.hint(MIXED_RATES)
    made.hint(EU_BUSINESS)
    # Asked for both, then for the first of them alone.
    made.pipedrive.faults.add(Fault("status", path=LISTING, status=400, times=2))
    made.read_hints(made.begin("webhook"))
    assert counts.hints(made.context) == 0
    (put_aside,) = [one for one in made.story(made.name) if one.event == "hint_useless"]
    assert put_aside.detail["record"] == str(min(MIXED_RATES, EU_BUSINESS))


FILES = {
    "an error": {"kind": "status", "status": 500},
    "a refusal": {"kind": "status", "status": 400},
    "out of order": {"kind": "status", "status": 503},
    "half of it": {"kind": "truncate"},
    "nothing": {"kind": "lose_answer"},
    "a redirect to another protocol": {
        "kind": "status",
        "status": 302,
        "location": "ftp://example.com/a.pdf",
    },
    "a redirect to nonsense": {"kind": "status", "status": 302, "location": "http://[nonsense"},
    "a redirect to nowhere": {"kind": "status", "status": 302, "location": "http://127.0.0.1:1/a.pdf"},
}


@pytest.mark.parametrize("answer", FILES.values(), ids=list(FILES))
def test_a_file_that_is_not_given_holds_its_voucher_alone(made: Rig, answer: dict[str, object]) -> None:
    deal, files = next((deal, files) for deal, files in made.pipedrive.account.files.items() if files)
    assert deal <= RECORDS
    always(made, path=rf"/files/{files[0].id}/download$", **answer)  # type: ignore[arg-type]
    made.work()
    assert made.states() == {"settled": RECORDS - 1, "needs_human": 1}
    assert made.causes() == ["document_unavailable"]
    made.pipedrive.faults.clear()
    made.work()
    assert made.states() == {"settled": RECORDS}
    assert made.verdict().ok
