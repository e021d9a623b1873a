"""The last sentences of the demo are true, whatever it has done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlconnector.commands.demo_ending import endings
from mlconnector.texts.catalogue import sentence


def summary(
    sent: int, *, settled: int = 0, waiting: int = 0, ignored: int = 0, open_: int = 0
) -> dict[str, Any]:
    vouchers = settled + waiting + ignored + open_
    counts = {"read": vouchers, "vouchers": vouchers, "settled": settled}
    return {
        "sources": {"pipedrive": counts | {"needs_human": waiting, "ignored": ignored}},
        "batches": [{"job_id": "1"}] if settled else [],
        "documents": settled,
        "not_ready": [],
        "sent_now": sent,
    }


def said(told: dict[str, Any], out: Path) -> list[str]:
    return [
        sentence(key, {name: str(value) for name, value in facts.items()}, "en")
        for key, facts in endings(told, out)
    ]


@pytest.fixture
def received(tmp_path: Path) -> Path:
    (tmp_path / "received/29098-55003").mkdir(parents=True)
    (tmp_path / "received/29098-55003/EXTF.csv").touch()
    return tmp_path


def test_a_demo_that_sent_something_says_where_it_is(received: Path) -> None:
    (only,) = said(summary(9, settled=4, waiting=1), received)
    assert "received" in only


def test_a_second_demo_says_that_datev_has_everything(received: Path) -> None:
    assert said(summary(0, settled=5, ignored=1), received)[0].endswith("DATEV has everything already.")


def test_not_everything_is_there_while_something_waits(received: Path) -> None:
    first = said(summary(0, settled=4, waiting=3), received)[0]
    assert "everything" not in first
    assert "still waiting: 3." in first


@pytest.mark.parametrize(
    ("told", "first"),
    [
        (summary(0, waiting=5), "Nothing was sent: everything waits for a decision, vouchers: 5."),
        (summary(0, ignored=2), "Nothing was sent: there was nothing to book."),
        (summary(0), "Nothing was sent: there was nothing to book."),
        (
            summary(0, open_=2),
            "Nothing was sent, for the run did not come to its end; the reason stands above.",
        ),
        (
            summary(0) | {"not_ready": ["pipedrive"]},
            "Nothing was sent, for the run did not come to its end; the reason stands above.",
        ),
    ],
)
def test_where_nothing_was_ever_sent_nothing_is_said_to_be_there(
    tmp_path: Path, told: dict[str, Any], first: str
) -> None:
    lines = said(told, tmp_path)
    assert lines[0] == first
    assert (
        lines[1] == f"The DATEV stand-in has accepted nothing; see {tmp_path}/summary.json for the numbers."
    )
