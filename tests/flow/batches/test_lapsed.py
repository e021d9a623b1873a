"""Certificates of exemption that run out between the decision and the sending."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.flow.batches import entry_batches
from mlconnector.flow.deliver import delivery
from mlconnector.flow.deliver.second_transfer import resend
from mlconnector.flow.engine import progress
from mlconnector.formats.names import voucher_id
from mlconnector.model.vouchers import Kind, Line, Party, Voucher
from mlconnector.texts.zone import day_of
from tests.flow import told
from tests.flow.conftest import MakeRig
from tests.flow.deliver.test_races import meanwhile
from tests.flow.rig import Rig, bookings_only

VENDOR = Party(external_id="vendor/9", name="Betonbau Harz GmbH", country="DE", is_business=True)
OTHER = Party(external_id="vendor/8", name="Baustoffe Harz GmbH", country="DE", is_business=True)
DATED = date(2026, 1, 15)
DAY = 86_400.0
TEN_DAYS = 10


def buying(scene: Scene) -> str:
    return bookings_only(scene).replace("[mapping]\n", "[mapping]\ndefault_expense = true\n", 1)


def as_suggestions(scene: Scene) -> str:
    text = connection_text("pipedrive", scene, "dxso") + '\n[master_data]\nsend = "off"\n'
    purchases = '\n[[channels]]\nkind = "purchases"\nformat = "dxso"\nfrom = 2020-01-01\n'
    return text.replace("[mapping]\n", "[mapping]\ndefault_expense = true\n", 1) + purchases


def certificate(first: date, days: int) -> str:
    """A row for a certificate that is valid for so many days after its first one."""
    return f"""
[[mapping.contractor]]
party_id = "{VENDOR.external_id}"
withholding = "certificate"
valid_from = {first}
valid_to = {first + timedelta(days=days)}
"""


def certified(rig: Rig) -> Rig:
    """The rig with a contractor whose certificate is valid for ten more days."""
    rig.connect(rig.text + certificate(today(rig), TEN_DAYS))
    return rig


def building(made: Rig) -> Rig:
    """A rig that buys building work of a contractor with a certificate."""
    rig = told.telling(certified(made))
    rig.date(1, 2, 3, day=f"{DATED}")
    return rig


def today(rig: Rig) -> date:
    return day_of(rig.context.now())


def work(external_id: str = "B1", *, amount: str = "1000", **facts: Any) -> Voucher:
    """A bill of the contractor for work on a building."""
    values: dict[str, Any] = {"document_date": DATED, "building_work": True, "party": VENDOR, **facts}
    return Voucher(
        kind=Kind.INVOICE,
        direction="purchase",
        external_id=external_id,
        number=f"RE-{external_id}",
        currency="EUR",
        lines=(Line(text="Rohbau", amount=Decimal(amount), tax_method="exclusive", tax_rate=Decimal(19)),),
        **values,
    )


def book(rig: Rig, *bills: Voucher) -> None:
    """Read and book bills, and freeze nothing."""
    for one in bills:
        told.tell(rig, one, one.external_id)
    run = rig.begin()
    rig.read(run)
    rig.book(run)


def wait(rig: Rig, days: int) -> None:
    """Let days go by, and log in again: no login lasts that long."""
    rig.outside.clock.advance(days * DAY)
    rig.log_in()


def state(rig: Rig, external_id: str = "B1") -> str:
    return told.told(rig, external_id, "invoice")[0]


def events(rig: Rig, external_id: str) -> list[str]:
    return rig.events(voucher_id(rig.name, f"invoice/{external_id}"))


def sent(rig: Rig, external_id: str = "B1") -> list[Decimal]:
    return [row.amount for row in rig.outside.rows() if row.number == f"RE-{external_id}"]


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    return building(make_rig(3, text=buying))


class TestWhatWaitsToBeFrozen:
    def test_is_held_when_the_certificate_has_run_out(self, rig: Rig) -> None:
        book(rig, work())
        wait(rig, TEN_DAYS + 1)
        rig.work()
        assert state(rig) == "needs_human"
        assert rig.causes() == [f"certificate_not_valid:party_id={VENDOR.external_id}"]
        assert sent(rig) == []

    def test_goes_out_while_the_certificate_is_valid(self, rig: Rig) -> None:
        book(rig, work())
        wait(rig, TEN_DAYS)
        rig.work()
        assert (state(rig), sent(rig)) == ("settled", [Decimal("-1190.00")])
        assert "recalled" not in events(rig, "B1")

    def test_goes_out_with_a_certificate_that_follows(self, rig: Rig) -> None:
        rig.connect(rig.text + certificate(today(rig) + timedelta(days=TEN_DAYS + 1), days=TEN_DAYS))
        book(rig, work())
        wait(rig, TEN_DAYS + 1)
        rig.work()
        assert events(rig, "B1").count("recalled") == 1
        assert (state(rig), sent(rig)) == ("settled", [Decimal("-1190.00")])

    def test_is_decided_anew_alone(self, rig: Rig) -> None:
        book(rig, work(), work("B2", building_work=False, party=OTHER))
        wait(rig, TEN_DAYS + 1)
        rig.work()
        assert (state(rig), state(rig, "B2")) == ("needs_human", "settled")
        assert rig.states() == {"needs_human": 1, "settled": 4}
        assert [events(rig, one).count("recalled") for one in ("B1", "B2")] == [1, 0]

    def test_is_not_frozen_when_its_day_passes_after_the_run_has_begun(self, rig: Rig) -> None:
        book(rig, work())
        wait(rig, TEN_DAYS + 1)
        rig.freeze()
        assert state(rig) == "received"
        assert progress.waits(rig.context)
        rig.book(rig.begin())
        assert state(rig) == "needs_human"

    def test_is_held_before_somebody_releases_the_connection(self, make_rig: MakeRig) -> None:
        rig = building(make_rig(3, text=buying, released=False))
        book(rig, work())
        wait(rig, TEN_DAYS + 1)
        rig.work()
        assert state(rig) == "needs_human"

    def test_is_held_as_a_suggestion_too(self, make_rig: MakeRig) -> None:
        rig = building(make_rig(3, text=as_suggestions))
        book(rig, work())
        wait(rig, TEN_DAYS + 1)
        rig.work()
        assert state(rig) == "needs_human"

    def test_stays_in_the_batch_into_which_another_process_has_put_it(
        self, make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rig = building(make_any_rig(3, text=buying))
        book(rig, work())
        wait(rig, TEN_DAYS + 1)

        def others() -> None:
            with monkeypatch.context() as clock_behind:
                clock_behind.setattr(entry_batches, "lapsed", lambda *_: [])
                rig.freeze()

        meanwhile(monkeypatch, entry_batches, "recall", others)
        assert rig.freeze() == []
        assert (state(rig), [one.state for one in rig.batches()]) == ("batched", ["frozen"])


class TestABatchThatIsNotSentYet:
    def test_is_taken_apart_before_its_documents_are_filed(self, rig: Rig) -> None:
        told.tell(rig, work(), "B1")
        (batch,) = rig.prepare()
        wait(rig, TEN_DAYS + 1)
        rig.deliver(batch)
        assert (rig.batch(batch).state, state(rig)) == ("dissolved", "received")
        assert rig.outside.documents() == []
        rig.work()
        assert rig.states() == {"needs_human": 1, "settled": 3}
        assert sent(rig) == []

    def test_is_taken_apart_when_its_documents_took_that_long(self, rig: Rig) -> None:
        told.tell(rig, work(), "B1")
        (batch,) = rig.prepare()
        while delivery.file_set(rig.context, batch).more:
            pass
        wait(rig, TEN_DAYS + 1)
        assert delivery.submit(rig.context, batch) is None
        rig.work()
        assert rig.states() == {"needs_human": 1, "settled": 3}
        assert sent(rig) == []

    def test_goes_out_again_with_a_renewed_certificate(self, rig: Rig) -> None:
        told.tell(rig, work(), "B1")
        (batch,) = rig.prepare()
        wait(rig, TEN_DAYS + 1)
        rig.deliver(batch)
        rig.work()
        certified(rig)
        rig.replay()
        rig.work()
        assert (state(rig), sent(rig)) == ("settled", [Decimal("-1190.00")])

    def test_goes_as_it_is_where_nothing_of_it_has_lapsed(self, rig: Rig) -> None:
        told.tell(rig, work(), "B1")
        (batch,) = rig.prepare()
        wait(rig, TEN_DAYS)
        rig.transfer()
        assert (rig.batch(batch).state, state(rig)) == ("succeeded", "settled")


class TestWhatWasSent:
    def test_goes_a_second_time_as_it_was(self, rig: Rig) -> None:
        told.tell(rig, work(), "B1")
        rig.work()
        (batch,) = rig.batches()
        wait(rig, TEN_DAYS + 1)
        resend(rig.services, batch.id, "the adviser deleted it", "somebody", again=True)
        rig.transfer()
        assert rig.batch(batch.id).state == "succeeded"
        assert sent(rig) == [Decimal("-1190.00")] * 2

    def test_keeps_the_day_of_its_booking_when_it_is_corrected(self, rig: Rig) -> None:
        told.tell(rig, work(), "B1")
        rig.work()
        book(rig, work(amount="900"))
        wait(rig, TEN_DAYS + 1)
        rig.work()
        assert state(rig) == "settled"
        assert sorted(sent(rig)) == [Decimal("-1190.00"), Decimal("-1071.00"), Decimal("1190.00")]
