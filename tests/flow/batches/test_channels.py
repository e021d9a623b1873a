"""Channels: every invoice reaches DATEV in one format, also when the format is changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.errors import NeedsHuman
from mlconnector.flow.connect import setup
from mlconnector.flow.context.settings import read_connection
from mlconnector.flow.engine.outcomes import outcome_of
from mlconnector.flow.report import overview
from mlconnector.settings import UnreadableSettings
from mlconnector.standins.datev import SECRET
from mlconnector.standins.faults import Fault
from mlconnector.store import connections
from tests.flow.conftest import MakeRig
from tests.flow.rig import (
    DOMESTIC,
    EU_BUSINESS,
    MIXED_RATES,
    MUSTERHOLZ,
    Rig,
    bookings_only,
    counted,
    log_in,
    second_connection,
)
from tests.flow.suggestions_rig import FINISH, PARTIAL, from_month, processed, suggestions, sums
from tests.flow.suggestions_rig import counted as counted_suggestions

SEPTEMBER = "2026-09-01"
NUMBER = "RE-2026-00001"


def channel(kind: str = "sales", format_: str = "dxso", day: str = "2020-01-01") -> str:
    """A row of the channel table."""
    return f'\n[[channels]]\nkind = "{kind}"\nformat = "{format_}"\nfrom = {day}\n'


def both(scene: Scene) -> str:
    """The connection's text with every service, in which sales go as suggestions."""
    return from_month(scene, "2020-01-01")


def extf_only(rig: Rig) -> str:
    """The connection's text after a change to EXTF, as the words about the new Belege online ask for it."""
    return bookings_only(Scene(rig.outside.urls))


def arrived(rig: Rig) -> dict[str, set[str]]:
    """The formats in which DATEV has each invoice number."""
    found: dict[str, set[str]] = {}
    for extf in rig.outside.rows():
        found.setdefault(extf.number, set()).add("extf")
    for dxso in processed(rig.outside):
        found.setdefault(dxso.number, set()).add("dxso")
    return found


def refused(work: Callable[[], object]) -> tuple[str, dict[str, str]]:
    with pytest.raises(NeedsHuman) as error:
        work()
    return error.value.problem.key, dict(error.value.problem.facts)


def unreadable(text: str) -> str:
    with pytest.raises(UnreadableSettings) as error:
        read_connection(text, "test")
    assert error.value.line is not None
    return error.value.expected


class TestSettingUp:
    @pytest.fixture
    def text(self) -> str:
        urls = {"pipedrive": "http://localhost:1", "datev": "http://localhost:2"}
        return connection_text("pipedrive", Scene(urls))

    def test_a_format_is_changed_at_the_beginning_of_a_month(self, text: str) -> None:
        told = unreadable(text + channel(day="2026-09-15"))
        assert "beginning of a month" in told
        assert "15.09.2026" in told

    def test_dxso_cannot_carry_payments(self, text: str) -> None:
        assert "cannot carry payments" in unreadable(text + channel("payments"))

    def test_a_format_needs_its_service(self, text: str) -> None:
        assert "“dxso” needs its data service" in unreadable(text + channel())

    def test_debtors_and_creditors_need_extf(self, text: str) -> None:
        only = text.replace("[datev]\n", '[datev]\nservices = ["dxso"]\n') + channel()
        assert read_connection(only, "test").sends_master_data == "off"
        assert "only EXTF files carry" in unreadable(only + '\n[master_data]\nsend = "new"\n')

    def test_what_has_no_row_goes_as_extf(self, text: str) -> None:
        assert read_connection(text, "test").channels == ()


class TestCutOver:
    def test_before_its_day_documents_go_as_extf_and_from_then_on_as_suggestions(
        self, make_any_rig: MakeRig
    ) -> None:
        rig = make_any_rig(12, text=lambda scene: from_month(scene, SEPTEMBER))
        rig.work()
        assert rig.states() == {"needs_human": 4, "settled": 8}
        assert set(counted(rig.outside.rows()).values()) == {1}
        assert set(counted_suggestions(processed(rig.outside)).values()) == {1}
        assert all(len(formats) == 1 for formats in arrived(rig).values())
        assert {row.values["date"][:7] for row in processed(rig.outside)} == {"2026-09", "2026-10"}
        assert {row.day[2:] for row in rig.outside.rows()} == {"07", "08"}
        filed = {row.document for row in rig.outside.rows()} | {row.guid for row in processed(rig.outside)}
        assert filed == {document.guid for document in rig.outside.documents()}
        rig.work()
        assert all(len(formats) == 1 for formats in arrived(rig).values())

    def test_a_correction_goes_the_way_of_its_original(self, make_any_rig: MakeRig) -> None:
        rig = make_any_rig(1, text=lambda scene: from_month(scene, SEPTEMBER))
        rig.date(DOMESTIC, day="2026-08-10")
        rig.work()
        rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsdatum": "2026-09-02"})
        rig.work()
        gross = rig.outside.gross(DOMESTIC)
        assert [row.amount for row in rig.outside.rows()] == [gross, -gross]
        assert [row.amount for row in processed(rig.outside)] == [gross]
        rig.pipedrive.change_deal(DOMESTIC, custom_fields={"Rechnungsdatum": "2026-08-20"})
        rig.work()
        assert rig.outside.sums() == {NUMBER: gross}
        assert sums(rig.outside) == {NUMBER: 0}
        assert rig.states() == {"settled": 1}

    def test_a_later_cut_over_can_be_added(self, make_rig: MakeRig) -> None:
        rig = make_rig(12, text=both)
        rig.work()
        rig.connect(rig.text + channel("sales", "extf", "2026-12-01"))
        rig.date(DOMESTIC, day="2026-12-24")
        rig.work()
        assert NUMBER in rig.outside.sums()

    def test_a_month_that_datev_has_cannot_be_changed(self, make_any_rig: MakeRig) -> None:
        rig = make_any_rig(12, text=lambda scene: from_month(scene, SEPTEMBER))
        rig.work()
        before = rig.text
        key, facts = refused(lambda: rig.connect(before.replace(SEPTEMBER, "2026-08-01")))
        assert key == "channel_already_used"
        assert facts == {
            "client": MUSTERHOLZ,
            "kind": "sales",
            "month": "2026-08",
            "format": "EXTF",
            "wanted": "DXSO",
        }
        key, facts = refused(lambda: rig.connect(before.replace(SEPTEMBER, "2026-10-01")))
        assert (key, facts["month"], facts["wanted"]) == ("channel_already_used", "2026-09", "EXTF")
        with rig.app.database.read() as db:
            assert connections.read(db, rig.name).settings == before

    def test_a_month_of_which_nobody_knows_what_arrived_cannot_be_changed_either(
        self, make_rig: MakeRig
    ) -> None:
        rig = make_rig(1, text=both)
        rig.datev.fail_next_job(MUSTERHOLZ, PARTIAL)
        rig.work()
        assert rig.entries(DOMESTIC) == []
        key, _ = refused(lambda: rig.connect(rig.text.replace("2020-01-01", "2027-01-01")))
        assert key == "channel_already_used"


class TestUnsentOnes:
    @pytest.mark.parametrize("how_far", ["booked", "frozen", "transfer noted"])
    def test_what_was_not_sent_goes_in_the_new_format(self, make_any_rig: MakeRig, how_far: str) -> None:
        rig = make_any_rig(2, text=both)
        rig.date(DOMESTIC, MIXED_RATES)
        run = rig.begin()
        rig.read(run)
        rig.book(run)
        if how_far != "booked":
            (batch,) = rig.freeze()
        if how_far == "transfer noted":
            with rig.dying_at("transfer_noted"):
                rig.deliver(batch)
        rig.connect(rig.text.replace("2020-01-01", "2027-01-01"))
        rig.work()
        assert arrived(rig) == {number: {"extf"} for number in rig.numbers((DOMESTIC, MIXED_RATES))}
        assert set(counted(rig.outside.rows()).values()) == {1}
        assert rig.states() == {"settled": 2}
        if how_far != "booked":
            assert rig.batch(batch).state == "dissolved"
        assert rig.verdict().ok

    def test_the_other_way_round(self, make_any_rig: MakeRig) -> None:
        rig = make_any_rig(2, text=lambda scene: from_month(scene, "2027-01-01"))
        rig.date(DOMESTIC, MIXED_RATES)
        rig.prepare()
        rig.connect(rig.text.replace("2027-01-01", "2020-01-01"))
        rig.work()
        assert arrived(rig) == {number: {"dxso"} for number in rig.numbers((DOMESTIC, MIXED_RATES))}
        assert rig.states() == {"settled": 2}

    def test_also_when_their_documents_were_filed_already(self, make_rig: MakeRig) -> None:
        """Belege online has the document's GUID then, and would skip a booking under it."""
        rig = make_rig(2, text=lambda scene: from_month(scene, "2027-01-01"))
        rig.date(DOMESTIC, MIXED_RATES)
        (batch,) = rig.prepare()
        rig.datev.faults.add(Fault("status", "POST", "/extf-files/import", status=503, retry_after="0"))
        outcome_of(rig.context, lambda: rig.deliver(batch))
        assert len(rig.outside.documents()) == 2
        assert rig.batch(batch).state == "frozen"
        rig.connect(rig.text.replace("2027-01-01", "2020-01-01"))
        rig.work()
        assert set(counted_suggestions(processed(rig.outside)).values()) == {1}
        assert rig.states() == {"settled": 2}

    def test_what_stays_in_its_format_is_not_touched(self, make_rig: MakeRig) -> None:
        rig = make_rig(2, text=both)
        frozen = rig.prepare()
        rig.connect(rig.text + channel("sales", "extf", "2027-01-01"))
        assert [rig.batch(batch).state for batch in frozen] == ["frozen"] * len(frozen)

    def test_what_may_have_arrived_is_not_taken_back(self, make_rig: MakeRig) -> None:
        rig = make_rig(1, text=both)
        (batch,) = rig.prepare()
        rig.datev.faults.add(Fault("lose_answer", "PUT", FINISH))
        outcome_of(rig.context, lambda: rig.deliver(batch))
        assert rig.batch(batch).state == "unknown"
        key, _ = refused(lambda: rig.connect(rig.text.replace("2020-01-01", "2027-01-01")))
        assert key == "channel_already_used"
        rig.transfer()
        assert arrived(rig) == {NUMBER: {"dxso"}}


class TestTheNewBelegeOnline:
    def test_after_the_change_to_extf_everything_goes_once(self, make_any_rig: MakeRig) -> None:
        rig = make_any_rig(2, text=suggestions)
        rig.date(DOMESTIC, MIXED_RATES)
        (batch,) = rig.prepare()
        rig.datev.client(MUSTERHOLZ).belege_online_next = True
        outcome_of(rig.context, lambda: rig.deliver(batch))
        assert rig.connection()[0] == "degraded"
        rig.connect(extf_only(rig))
        rig.log_in()
        rig.work()
        assert rig.batch(batch).state == "dissolved"
        assert arrived(rig) == {number: {"extf"} for number in rig.numbers((DOMESTIC, MIXED_RATES))}
        assert set(counted(rig.outside.rows()).values()) == {1}
        assert rig.states() == {"settled": 2}
        rig.work()
        assert set(counted(rig.outside.rows()).values()) == {1}

    def test_it_may_begin_when_a_transfer_is_half_filled(self, make_rig: MakeRig) -> None:
        rig = make_rig(1, text=suggestions)
        (batch,) = rig.prepare()
        with rig.dying_at("documents_sent"):
            rig.deliver(batch)
        rig.datev.client(MUSTERHOLZ).belege_online_next = True
        outcome_of(rig.context, lambda: rig.deliver(batch))
        rig.connect(extf_only(rig))
        rig.log_in()
        rig.work()
        assert arrived(rig) == {NUMBER: {"extf"}}
        assert processed(rig.outside) == []

    def test_it_may_begin_when_a_transfer_is_about_to_be_finished(self, make_rig: MakeRig) -> None:
        rig = make_rig(1, text=suggestions)
        (batch,) = rig.prepare()
        body = b'{"error": "#DCO01301", "error_description": "restapi.RDS1UploadNotSupportedFault"}'
        rig.datev.faults.add(Fault("status", "PUT", FINISH, status=400, body=body))
        outcome_of(rig.context, lambda: rig.deliver(batch))
        rig.connect(extf_only(rig))
        rig.log_in()
        rig.work()
        assert arrived(rig) == {NUMBER: {"extf"}}

    def test_in_the_middle_of_a_month_the_rest_of_it_goes_as_extf(self, make_any_rig: MakeRig) -> None:
        rig = make_any_rig(3, text=suggestions)
        rig.date(DOMESTIC, MIXED_RATES)
        rig.date(EU_BUSINESS, day="2026-07-16")
        run = rig.begin()
        rig.read(run)
        rig.book(run)
        rig.freeze()
        rig.transfer()
        rig.datev.client(MUSTERHOLZ).belege_online_next = True
        rig.connect(extf_only(rig))
        rig.log_in()
        rig.work()
        assert all(len(formats) == 1 for formats in arrived(rig).values())
        assert rig.states() == {"settled": 3}
        key, _ = refused(lambda: rig.connect(from_month(Scene(rig.outside.urls), "2026-09-01")))
        assert key == "channel_already_used", "the way back needs the months as they went"

    def test_a_correction_of_what_went_the_closed_way_waits_for_a_human(self, make_rig: MakeRig) -> None:
        rig = make_rig(2, text=suggestions)
        rig.work()
        rig.datev.client(MUSTERHOLZ).belege_online_next = True
        rig.connect(extf_only(rig))
        rig.log_in()
        rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
        rig.pipedrive.lose(MIXED_RATES)
        rig.work()
        assert rig.states() == {"needs_human": 2}
        assert rig.causes() == ["channel_not_used:kind=sales,format=DXSO"]
        assert rig.outside.rows() == []
        assert rig.connection() == ("ready", "")
        (shown,) = overview.problems(rig.services)
        assert "are to go to DATEV as DXSO" in shown["what"]

    def test_a_service_that_a_transfer_still_needs_cannot_be_dropped(self, make_rig: MakeRig) -> None:
        rig = make_rig(1, text=suggestions, delay=60.0)
        (batch,) = rig.prepare()
        rig.deliver(batch)
        key, facts = refused(lambda: rig.connect(extf_only(rig)))
        assert (key, facts["format"]) == ("channel_in_flight", "DXSO")
        assert facts["file"] == rig.batch(batch).file_name
        rig.transfer()
        rig.connect(extf_only(rig))


class TestSeveralConnectionsOfAClient:
    def test_their_tables_have_to_be_equal(self, make_rig: MakeRig) -> None:
        rig = make_rig(1, text=both)
        other = rig.text.replace(f'name = "{rig.name}"', 'name = "second"').replace("2020", "2021")
        secrets = {"pipedrive.api_token": rig.pipedrive.api_token, "datev.client_secret": SECRET}
        key, facts = refused(lambda: setup.connect(rig.services, read_connection(other, "second"), secrets))
        assert (key, facts) == (
            "channel_differs",
            {"client": MUSTERHOLZ, "name": "second", "other": rig.name},
        )

    def test_both_are_changed_while_one_is_stopped(self, make_rig: MakeRig) -> None:
        rig = make_rig(1, text=both)
        second = second_connection(rig)
        changed = rig.text + channel("sales", "extf", "2027-01-01")
        key, _ = refused(lambda: rig.connect(changed))
        assert key == "channel_differs"
        setup.disconnect(rig.app.context(second.name))
        rig.connect(changed)
        key, _ = refused(lambda: setup.connect(rig.services, read_connection(second.text, "second"), {}))
        assert key == "channel_differs", "it must not work with another table"
        text = second.text + channel("sales", "extf", "2027-01-01")
        secrets = {"pipedrive.api_token": rig.pipedrive.api_token, "datev.client_secret": SECRET}
        setup.connect(rig.services, read_connection(text, "second"), secrets)
        log_in(rig.services, second.name)
        assert second.connection() == ("ready", "")

    def test_the_same_table_in_another_order_is_the_same(self, make_rig: MakeRig) -> None:
        rig = make_rig(1, text=both)
        rows = channel("sales", "extf", "2027-01-01") + channel("purchases")
        rig.connect(rig.text + rows)
        other = rig.text.replace(rows, channel("purchases") + channel("sales", "extf", "2027-01-01"))
        second_connection(Rig(rig.app, rig.outside, other))


def test_without_its_service_a_kind_of_voucher_waits(make_rig: MakeRig) -> None:
    rig = make_rig(1, text=lambda scene: suggestions(scene).replace(channel(), ""))
    rig.work()
    assert rig.causes() == ["channel_not_used:kind=sales,format=EXTF"]
    rig.connect(rig.text + channel())
    rig.replay()
    rig.work()
    assert arrived(rig) == {NUMBER: {"dxso"}}
