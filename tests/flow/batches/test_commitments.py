"""Commitments (Obligo) on their way: in files of their own, without documents, persons or open items."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.errors import Broken
from mlconnector.flow.agree.release import would_go
from mlconnector.flow.batches import notes
from mlconnector.flow.context.settings import read_connection
from mlconnector.flow.deliver.second_transfer import resend
from mlconnector.flow.preview.files import preview_files
from mlconnector.flow.preview.preview import preview
from mlconnector.flow.preview.sums import Sums
from mlconnector.flow.report.completeness_report import completeness_of
from mlconnector.flow.report.ledger_reports import balances_of, open_items_of
from mlconnector.formats.extf import read as read_extf
from mlconnector.formats.names import voucher_id
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment, Kind, Line, Party, Voucher
from mlconnector.settings import UnreadableSettings
from mlconnector.store import accounts, entries
from mlconnector.store.batches import BatchRow
from tests.flow import told
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MUSTERHOLZ, Rig, bookings_only
from tests.flow.suggestions_rig import from_month

OPEN, AGAINST = "9955", "9956"
AGREED = f'\n[mapping.commitments]\naccount = "{OPEN}"\ncontra_account = "{AGAINST}"\n'
SITES = '\n[mapping.cost_centre_2]\nattribute = "site"\ntable = { A = "100", B = "200" }\n'
PAPER = Attachment(external_id="not/there", file_name="Vertrag.pdf", media_type="application/pdf")
VENDOR = Party(external_id="vendor/9", name="Betonbau Harz GmbH", country="DE", is_business=True)


def agreed(scene: Scene) -> str:
    return bookings_only(scene) + AGREED + SITES


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    return told.telling(make_rig(3, text=agreed))


def tell(rig: Rig, said: Voucher | Problem, external_id: str = "C7") -> None:
    told.tell(rig, said, external_id)


def contract(*amounts: str, **facts: Any) -> Voucher:
    """A contract with so much open on site A, then on B."""
    values: dict[str, Any] = {"number": "SC-0007", "external_id": "C7", "currency": "EUR", **facts}
    return Voucher(
        kind=Kind.COMMITMENT,
        direction="purchase",
        document_date=date(2026, 7, 15),
        party=VENDOR,
        lines=tuple(
            Line(
                text="Rohbau",
                amount=Decimal(amount),
                tax_method="none",
                tax_rate=Decimal(0),
                attributes={"site": site},
            )
            for amount, site in zip(amounts or ("1000",), "AB", strict=False)
        ),
        **values,
    )


def state(rig: Rig, external_id: str = "C7") -> tuple[str, str]:
    return told.told(rig, external_id, "commitment")


def is_obligo(rig: Rig, batch: BatchRow) -> bool:
    """Whether the rows of a file are statistical; a file in which they meet others is refused here."""
    found = {
        {row["Konto"], row["Gegenkonto (ohne BU-Schlüssel)"]} == {OPEN, AGAINST}
        for row in read_extf(rig.content(batch.id)).rows
    }
    assert len(found) == 1, f"{batch.file_name} is mixed"
    return found.pop()


def obligo(rig: Rig) -> list[BatchRow]:
    """The files of statistical bookings, after a look that none is mixed."""
    return [one for one in rig.batches() if one.format == "extf" and is_obligo(rig, one)]


def moved(rig: Rig, batch: str) -> list[tuple[str, str, str]]:
    """Side, amount and cost centre of each row."""
    return [
        (row["Soll/Haben-Kennzeichen"], row["Umsatz (ohne Soll/Haben-Kz)"], row["KOST2 - Kostenstelle"])
        for row in read_extf(rig.content(batch)).rows
    ]


class TestFiles:
    def test_of_commitments_are_their_own_though_the_month_is_the_same(self, make_any_rig: MakeRig) -> None:
        rig = told.telling(make_any_rig(3, text=agreed))
        tell(rig, contract("1000", "250"))
        rig.prepare()
        (batch,) = obligo(rig)
        assert moved(rig, batch.id) == [("S", "1000,00", "100"), ("S", "250,00", "200")]
        assert {one.period for one in rig.batches()} == {"2026-07"}
        assert len(rig.batches()) == 2

    def test_say_so_in_name_and_bezeichnung(self, rig: Rig) -> None:
        tell(rig, contract())
        rig.prepare()
        (batch,) = obligo(rig)
        assert batch.file_name.startswith("EXTF_pipedrive-Obligo_2026-07_")
        assert read_extf(rig.content(batch.id)).preamble.header().label == "pipedrive Obligo 2026-07"
        (other,) = [one for one in rig.batches() if one != batch]
        assert other.file_name.startswith("EXTF_pipedrive_2026-07_")
        assert read_extf(rig.content(other.id)).preamble.header().label == "pipedrive 2026-07"

    def test_are_taken_by_datev(self, rig: Rig) -> None:
        tell(rig, contract())
        rig.work()
        assert [one.state for one in obligo(rig)] == ["succeeded"]
        assert state(rig) == ("settled", "")

    def test_of_corrections_are_their_own_too(self, rig: Rig) -> None:
        tell(rig, contract("1000"))
        rig.work()
        tell(rig, contract("400"))
        rig.date(DOMESTIC, day="2026-07-16")
        rig.work()
        _, second = obligo(rig)
        assert moved(rig, second.id) == [("H", "1000,00", "100"), ("S", "400,00", "100")]
        assert len(rig.batches()) == 4

    def test_stay_their_own_when_a_batch_was_taken_apart(self, rig: Rig) -> None:
        tell(rig, contract())
        rig.prepare()
        for row in rig.batches("frozen"):
            with rig.app.database.write() as db:
                notes.dissolve(rig.context, db, row, {})
        again = rig.freeze()
        assert sorted(is_obligo(rig, rig.batch(one)) for one in again) == [False, True]
        rig.transfer()
        assert state(rig) == ("settled", "")

    def test_stay_their_own_when_a_document_beside_them_is_refused(self, rig: Rig) -> None:
        tell(rig, contract())
        rig.refuse_next_document()
        rig.work()
        assert [one.state for one in obligo(rig)] == ["succeeded"]
        assert rig.states() == {"settled": 3, "needs_human": 1}

    def test_go_a_second_time_as_they_were(self, rig: Rig) -> None:
        tell(rig, contract())
        rig.work()
        (batch,) = obligo(rig)
        resend(rig.services, batch.id, "the adviser deleted it", "somebody", again=True)
        rig.transfer()
        sent = [one for one in rig.datev.jobs if one.reference_id == batch.id]
        assert len({one.sha256 for one in sent}) == 1
        assert len(sent) == 2
        assert len(obligo(rig)) == 1

    def test_stay_their_own_when_a_job_beside_them_failed(self, rig: Rig) -> None:
        tell(rig, contract())
        rig.prepare()
        rig.datev.fail_next_job(MUSTERHOLZ, 1008834)
        rig.transfer()
        rig.replay()
        tell(rig, contract("900"))
        rig.work()
        assert len(obligo(rig)) == 2
        assert rig.states() == {"settled": 4}

    def test_do_not_depend_on_the_kind_under_which_a_record_was_seen_first(self, rig: Rig) -> None:
        tell(rig, Problem("record_unreadable", {}))
        rig.prepare()
        tell(rig, contract())
        rig.prepare()
        assert len(obligo(rig)) == 1

    def test_are_not_made_of_entries_that_are_mixed(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        tell(rig, contract())
        monkeypatch.setattr(entries.Group, "together", ("receivable", "payable", "statistical"))
        with pytest.raises(Broken, match="statistical"):
            rig.prepare()


class TestARevision:
    def test_takes_the_rest_before_back_and_books_the_new_one(self, rig: Rig) -> None:
        tell(rig, contract("1000", "250"))
        rig.work()
        tell(rig, contract("800", "250"))
        rig.work()
        assert moved(rig, obligo(rig)[-1].id) == [
            ("H", "1000,00", "100"),
            ("H", "250,00", "200"),
            ("S", "800,00", "100"),
            ("S", "250,00", "200"),
        ]

    def test_that_changes_nothing_of_the_rest_books_nothing(self, rig: Rig) -> None:
        tell(rig, contract("1000"))
        rig.work()
        tell(rig, contract("1000", title="Rohbau, 2. Abschnitt"))
        rig.work()
        assert len(obligo(rig)) == 1
        assert state(rig) == ("settled", "")

    @pytest.mark.parametrize(
        ("ended", "reason"),
        [
            (contract("1000", standing="withdrawn"), "withdrawn"),
            (contract("0"), "zero_value"),
        ],
    )
    def test_that_leaves_nothing_takes_it_back(self, rig: Rig, ended: Voucher, reason: str) -> None:
        tell(rig, contract("1000"))
        rig.work()
        tell(rig, ended)
        rig.work()
        assert moved(rig, obligo(rig)[-1].id) == [("H", "1000,00", "100")]
        with rig.app.database.read() as db:
            key = voucher_id(rig.name, "commitment/C7")
            assert entries.standing(db, [key]) == {}

    def test_that_was_never_sent_replaces_the_one_before(self, rig: Rig) -> None:
        tell(rig, contract("1000"))
        run = rig.begin()
        rig.read(run)
        rig.book(run)
        tell(rig, contract("900"))
        rig.work()
        assert [moved(rig, one.id) for one in obligo(rig)] == [[("S", "900,00", "100")]]


class TestWhatItNeedsNot:
    def test_no_document_is_fetched_or_filed_for_it(self, rig: Rig) -> None:
        tell(rig, contract(attachments=(PAPER,)))
        rig.work()
        assert state(rig) == ("settled", "")
        assert len(rig.outside.documents()) == 3

    def test_its_supplier_gets_no_number_and_is_not_sent(self, make_rig: MakeRig) -> None:
        rig = told.telling(make_rig(3, text=lambda scene: connection_text("pipedrive", scene) + AGREED))
        tell(rig, contract())
        rig.work()
        with rig.app.database.read() as db:
            names = {one.name for one in accounts.every(db, rig.context.client).values()}
        assert names
        assert VENDOR.name not in names
        masters = [rig.content(one.id).decode("utf-8-sig") for one in rig.batches() if one.format == "master"]
        assert masters
        assert not any(VENDOR.name in one for one in masters)

    def test_its_number_is_free_for_others(self, rig: Rig) -> None:
        tell(rig, contract(number="RE-2026-00001"))
        tell(rig, contract(number="RE-2026-00001", external_id="C8"), "C8")
        rig.work()
        assert rig.states() == {"settled": 5}


class TestWithoutTheSetting:
    def test_it_is_left_out_as_a_commitment(self, make_rig: MakeRig) -> None:
        rig = told.telling(make_rig(3))
        tell(rig, contract())
        rig.work()
        assert state(rig) == ("ignored", "commitment")
        assert obligo(rig) == []

    def test_what_stands_is_taken_back_when_it_is_read_again(self, rig: Rig) -> None:
        tell(rig, contract("1000"))
        rig.work()
        rig.connect(rig.text.replace(AGREED, ""))
        tell(rig, contract("900"))
        rig.work()
        assert moved(rig, obligo(rig)[-1].id) == [("H", "1000,00", "100")]


class TestBookingSuggestions:
    def test_commitments_go_as_extf_beside_them(self, make_rig: MakeRig) -> None:
        def text(scene: Scene) -> str:
            purchases = '\n[[channels]]\nkind = "purchases"\nformat = "dxso"\nfrom = 2020-01-01\n'
            return from_month(scene, "2020-01-01") + purchases + AGREED

        rig = told.telling(make_rig(3, text=text))
        tell(rig, contract())
        rig.work()
        assert sorted((one.format, one.state) for one in rig.batches()) == [
            ("dxso", "succeeded"),
            ("extf", "succeeded"),
        ]
        assert len(obligo(rig)) == 1
        rig.connect()
        tell(rig, contract("900"))
        rig.work()
        assert len(obligo(rig)) == 2

    def test_alone_take_no_commitments(self) -> None:
        scene = Scene({"pipedrive": "http://localhost:1", "datev": "http://localhost:2"})
        with pytest.raises(UnreadableSettings) as error:
            read_connection(connection_text("pipedrive", scene, "dxso") + AGREED, "test")
        assert error.value.expected == (
            "mapping.commitments: only EXTF files carry statistical bookings; add extf to datev.services"
        )


class TestReports:
    @pytest.fixture
    def worked(self, rig: Rig) -> Rig:
        tell(rig, contract("1000", "250"))
        rig.work()
        return rig

    def test_balances_have_it_apart(self, worked: Rig) -> None:
        made = balances_of(worked.services, worked.name).balances
        apart = [(one.number, one.euro.balance) for one in made.accounts if one.which == "statistical"]
        assert apart == [(OPEN, Decimal("1250.00")), (AGAINST, Decimal("-1250.00"))]
        others = [one.euro.debit for one in made.accounts if one.which != "statistical"]
        assert made.total().debit == sum(others)
        assert made.rows == len(worked.outside.rows()) - 2

    def test_open_items_have_nothing_of_it(self, worked: Rig) -> None:
        report = open_items_of(worked.services, worked.name, planned=True)
        assert {one.ledger for one in report.persons} == {"receivable"}

    def test_completeness_finds_it_complete(self, worked: Rig) -> None:
        report = completeness_of(worked.services, worked.name)
        (found,) = [one for one in report.compared if one.group.kind == "commitment"]
        assert found.read == found.sent == found.accepted
        assert found.read.gross == Decimal("1250.00")
        assert report.differing == ()
        assert report.filed == (3, 3)


class TestBeforeItGoes:
    def test_the_release_names_it(self, make_rig: MakeRig) -> None:
        rig = told.telling(make_rig(3, text=agreed, released=False))
        tell(rig, contract("1000", "250"))
        rig.prepare()
        found = {one.kind: (one.vouchers, one.rows, one.gross) for one in would_go(rig.context).parts}
        assert found["commitments"] == (1, 2, Decimal("1250.00"))
        assert found["sales"][0] == 3

    def test_the_preview_shows_it_apart(self, rig: Rig) -> None:
        tell(rig, contract("1000", attachments=(PAPER,)))
        shown = list(preview(rig.context, 10))
        sums = Sums(rig.context.rules)
        for one in shown:
            sums.add(one)
        (found,) = [one for one in shown if one.external_id == "C7"]
        assert (found.document, found.files, found.new_person, found.problems) == ("", "none", "", ())
        real = sum(abs(row.line.amount) for one in shown if one != found for row in one.listed)
        assert sum(sums.debit.values()) + sum(sums.credit.values()) == real
        assert {key.tax_case: one.net for key, one in sums.cases.items()}["statistical"] == Decimal(1000)

    def test_and_in_a_file_of_its_own(self, rig: Rig) -> None:
        tell(rig, contract("1000"))
        found = list(preview_files(rig.context, list(preview(rig.context, 10))))
        assert [one.name.rpartition("_")[0] for one in found] == [
            "EXTF_Vorschau-pipedrive_2026-07",
            "EXTF_Vorschau-pipedrive-Obligo_2026-07",
        ]
        accounts_of = [{row["Konto"] for row in read_extf(one.content).rows} for one in found]
        assert OPEN not in accounts_of[0]
        assert accounts_of[1] == {OPEN}

    def test_what_would_be_taken_back_is_shown(self, rig: Rig) -> None:
        tell(rig, contract("1000"))
        rig.work()
        tell(rig, contract("400"))
        (found,) = preview(rig.context, 10, ["SC-0007"])
        assert [one.line.amount for one in found.listed] == [Decimal(-1000), Decimal(400)]
