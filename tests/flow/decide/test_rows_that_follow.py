"""A row of the mapping is changed: what was sent stays; what comes back is decided by the rows of its day."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from mlconnector.flow.agree import mapping_edit
from mlconnector.flow.agree.row_usage import usage
from mlconnector.model.entries import decode
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, Rig

OTHER = {"account": "8500", "automatic": False, "tax_key": "3"}
Sent = tuple[list[bytes], list[tuple[str, str]], int]


@pytest.fixture
def sent(make_any_rig: MakeRig) -> Rig:
    """A rig that has sent one deal, and whose adviser has closed no month."""
    rig = make_any_rig(1)
    rig.open_from("2026-01-01")
    rig.work()
    return rig


def row_of(rig: Rig) -> int:
    """The number of the row that decided the account of the deal's first line."""
    (entry, *_) = rig.entries(DOMESTIC)
    facts = next(one.facts for one in decode(entry.content).because if one.field == "account")
    assert facts["table"] == "mapping.revenue"
    return int(facts["row"])


def day_of(rig: Rig) -> date:
    day = rig.voucher(DOMESTIC).document_date
    assert day is not None
    return day


def follow(rig: Rig, begins: date) -> None:
    """Let another row follow the one that decided the deal."""
    part = mapping_edit.row_followed(rig.text, "revenue", row_of(rig), OTHER, begins)
    rig.connect(mapping_edit.edited(rig.text, [part]))


def change(rig: Rig) -> None:
    """Change the row itself that decided the deal."""
    part = mapping_edit.row_changed(rig.text, "revenue", row_of(rig), OTHER)
    rig.connect(mapping_edit.edited(rig.text, [part]))


def standing(rig: Rig) -> Sent:
    """All that was sent, and the bookings behind it."""
    files = [rig.content(one.id) for one in rig.batches()]
    return files, [(one.id, one.content) for one in rig.entries(DOMESTIC)], len(rig.outside.jobs())


def touched(rig: Rig) -> None:
    """The deal comes once more, with a change that no booking shows."""
    rig.pipedrive.change_deal(DOMESTIC, title="Anders genannt")


@pytest.mark.parametrize("way", [change, lambda rig: follow(rig, day_of(rig))], ids=["change", "follow"])
def test_what_was_sent_is_changed_by_no_row(sent: Rig, way: Callable[[Rig], None]) -> None:
    before = standing(sent)
    way(sent)
    sent.work()
    assert sent.replay() == 0
    sent.work()
    assert standing(sent) == before
    assert sent.verdict().ok


def test_a_row_counts_the_vouchers_that_it_decided_and_goes_on_when_it_is_changed(sent: Rig) -> None:
    number, rows = row_of(sent), sent.context.rules.mapping.revenue
    used = {at: usage(sent.context).of_row("revenue", row) for at, row in enumerate(rows, start=1)}
    assert used[number] == 1
    assert 0 in used.values()
    follow(sent, day_of(sent))
    change(sent)
    touched(sent)
    sent.work()
    rows = sent.context.rules.mapping.revenue
    assert usage(sent.context).of_row("revenue", rows[number - 1]) == 1
    assert usage(sent.context).of_row("revenue", rows[-1]) == 1, "the correction was decided by the new one"


def test_a_voucher_that_comes_back_is_decided_by_the_rows_of_its_own_day(sent: Rig) -> None:
    before = standing(sent)
    follow(sent, day_of(sent) + timedelta(days=1))
    touched(sent)
    sent.work()
    assert standing(sent) == before
    assert sent.states() == {"settled": 1}


@pytest.mark.parametrize("way", [change, lambda rig: follow(rig, day_of(rig))], ids=["change", "follow"])
def test_one_that_comes_back_after_a_row_of_its_day_was_changed_is_corrected(
    sent: Rig, way: Callable[[Rig], None]
) -> None:
    way(sent)
    touched(sent)
    sent.work()
    assert [(one.kind, one.turn) for one in sent.entries(DOMESTIC)] == [
        ("original", 1), ("reversal", 1), ("original", 1)
    ]  # fmt: skip
    assert "8500" in {line.contra_account for line in decode(sent.entries(DOMESTIC)[-1].content).lines}


def test_a_booking_that_waits_for_its_batch_stays_as_it_was_decided(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    run = rig.begin()
    rig.read(run)
    rig.book(run)
    before = [one.content for one in rig.entries(DOMESTIC)]
    change(rig)
    rig.work()
    assert [one.content for one in rig.entries(DOMESTIC)] == before


def test_what_waits_for_a_row_to_begin_goes_on_once_it_begins_earlier(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    later = re.sub(
        r'(\[\[mapping\.revenue\]\]\ncategory = "[^"]+"\n)', r"\1valid_from = 2099-01-01\n", rig.text
    )
    rig.connect(later)
    rig.work()
    causes = rig.causes()
    assert causes
    assert all(one.startswith("row_not_begun:table=mapping.revenue,row=") for one in causes)
    assert all(one.endswith("valid_from=2099-01-01") for one in causes)
    rig.connect(later.replace("2099-01-01", day_of(rig).isoformat()))
    rig.replay(cause=causes[0])
    rig.work()
    because = json.dumps([one.facts for one in decode(rig.entries(DOMESTIC)[0].content).because])
    assert f'"since": "{day_of(rig)}"' in because
