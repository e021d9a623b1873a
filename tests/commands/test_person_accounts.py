"""Debtors and creditors as a bookkeeper reads them: what would change, and who let it go."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, update

from mlconnector.commands import person_accounts
from mlconnector.commands.output import application
from mlconnector.store.tables import person_records
from tests.commands.desk import FILE, NAME, Desk, desk

BUYER = 100001
CHANGED, BROUGHT, FAILED, SENT = "40000", "10007", "40001", "40002"
OURS = {"Name (Adressattyp Unternehmen)": "Holz AG", "Straße": "Alter Weg 1"}


@pytest.fixture
def sat_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desk]]:
    """Sits down at a desk whose connection sends changes, and asks before."""
    with desk(tmp_path, 1, monkeypatch) as made:

        def sit(*, language: str = "en", send: str = "changes") -> Desk:
            monkeypatch.setenv("MLCONNECTOR_LANGUAGE", language)
            made.says(0, "init")
            made.fill_in()
            FILE.write_text(FILE.read_text() + f'\n[master_data]\nsend = "{send}"\n')
            made.connect()
            return made

        yield sit


@pytest.fixture
def with_four(sat_down: Callable[..., Desk]) -> Callable[..., Desk]:
    """Sits down where four accounts are known: a changed, a brought, a rejected and a sent one."""

    def sit(**options: str) -> Desk:
        mine = sat_down(**options)
        keep(CHANGED, "waiting", {**OURS, "Straße": "Neuer Weg 2"}, sent=OURS)
        keep(BROUGHT, "waiting", OURS)
        keep(FAILED, "failed", {"Name (Adressattyp Unternehmen)": "=Bau GmbH"}, is_new=True)
        keep(SENT, "sent", OURS, sent=OURS)
        return mine

    return sit


def keep(number: str, state: str, wanted: dict[str, str], **known: Any) -> None:
    """Put a record into the database as a run would have left it."""
    sent = {"Konto": number, **known["sent"]} if "sent" in known else {}
    row = {
        "client": "29098-55003",
        "number": number,
        "connection": NAME,
        "wanted": json.dumps({"Konto": number, **wanted}),
        "changes": "[]",
        "sent": json.dumps(sent) if sent else "",
        "state": state,
        "is_new": known.get("is_new", False),
    }
    with application() as app, app.database.write() as db:
        db.execute(insert(person_records), {**row, "changed_at": app.services.now()})


def test_what_changed_is_shown_let_go_and_sent(sat_down: Callable[..., Desk]) -> None:
    mine = sat_down()
    mine.log_in()
    assert "no debtors and creditors yet" in mine.says(0, "persons", NAME)
    mine.says(0, "run", NAME)
    address = dict(mine.pipedrive.account.organization(BUYER).address or {})
    mine.pipedrive.change_organization(BUYER, address=address | {"route": "Neuer Weg", "street_number": "2"})
    mine.pipedrive.change_line(1, 0, item_price=100)
    assert "wait for approval: 1; `ml-connector persons" in mine.says(1, "run", NAME)
    before = f"{address['route']} {address['street_number']}"
    let_go = mine.says(0, "persons", NAME, "--approve", CHANGED, "--by", "Frau Beispiel", "--yes")
    assert f"Straße: {before} → Neuer Weg 2" in let_go
    mine.says(0, "run", NAME)
    assert mine.data(0, "status", NAME)[NAME]["persons"] == {"sent": 1}
    files = sorted(Path("received").glob("*/extf/EXTF_pipedrive-persons_*.csv"))
    assert sum("Neuer Weg 2" in file.read_text("utf-8-sig") for file in files) == 1


def test_all_are_listed_with_what_sending_them_would_change(with_four: Callable[..., Desk]) -> None:
    mine = with_four()
    shown = mine.says(0, "persons", NAME)
    for words in (
        f"{CHANGED} waits for approval Holz AG",
        f"{SENT} sent Holz AG",
        "Straße: Alter Weg 1 → Neuer Weg 2",
        "Straße: ? → Alter Weg 1",
        "Name (Adressattyp Unternehmen): – → =Bau GmbH",
        "?: These numbers were not given by ml-connector",
        f"`ml-connector persons {NAME} --approve {BROUGHT}`",
    ):
        assert words in shown
    assert shown.count("Straße") == 2


def test_the_status_says_how_many_wait_and_ends_with_1(with_four: Callable[..., Desk]) -> None:
    mine = with_four()
    mine.log_in()
    shown = mine.says(1, "status", NAME)
    assert "Debtors and creditors that wait for approval: 2;" in shown
    assert "whose file DATEV has rejected: 1;" in shown
    assert mine.data(1, "status", NAME)[NAME]["persons"] == {"failed": 1, "sent": 1, "waiting": 2}


def test_only_what_waits_is_shown_where_that_is_wanted(with_four: Callable[..., Desk]) -> None:
    mine = with_four()
    waiting = mine.data(0, "persons", NAME, "--waiting")
    assert [(one["number"], one["state"]) for one in waiting] == [
        (BROUGHT, "waiting"),
        (CHANGED, "waiting"),
        (FAILED, "failed"),
    ]
    assert waiting[1]["difference"] == [{"field": "Straße", "before": "Alter Weg 1", "after": "Neuer Weg 2"}]


def test_it_is_said_in_german_too(with_four: Callable[..., Desk]) -> None:
    mine = with_four(language="de")
    assert f"{CHANGED} wartet auf Freigabe Holz AG" in mine.says(0, "persons", NAME)
    assert "freigegeben: 3;" in mine.says(0, "persons", NAME, "--approve-all", "--yes")
    assert "geht mit dem nächsten Lauf" in mine.says(0, "persons", NAME)
    assert "keine Debitoren und Kreditoren warten auf Freigabe" in mine.says(
        0, "persons", NAME, "--approve-all", "--yes"
    )


def test_nothing_goes_unless_somebody_agrees(
    with_four: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = with_four()
    refused = mine.says(1, "persons", NAME, "--approve", CHANGED, stdin="no\n")
    assert "Straße: Alter Weg 1 → Neuer Weg 2" in refused
    assert "Nothing was applied" in refused
    assert len(mine.data(0, "persons", NAME, "--waiting")) == 3
    monkeypatch.setattr(person_accounts, "agreed_to", lambda *, yes: not yes)
    agreed = mine.says(0, "persons", NAME, "--approve", CHANGED, "--approve", FAILED)
    assert f"approved: 2; they go with the next `ml-connector run {NAME}`" in agreed
    assert [one["number"] for one in mine.data(0, "persons", NAME, "--waiting")] == [BROUGHT]


def test_machines_let_go_with_yes_only(with_four: Callable[..., Desk]) -> None:
    mine = with_four()
    shown = mine.data(1, "persons", NAME, "--approve-all")
    assert (shown["approved"], len(shown["persons"])) == ([], 3)
    assert mine.data(0, "persons", NAME, "--approve-all", "--yes")["approved"] == [BROUGHT, CHANGED, FAILED]
    assert mine.data(0, "persons", NAME, "--approve-all", "--yes")["approved"] == []


def test_what_changes_between_showing_and_agreeing_waits_on(
    with_four: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = with_four()

    def meanwhile(*, yes: bool) -> bool:
        other = json.dumps({"Konto": CHANGED, **OURS, "Straße": "Dritter Weg 3"})
        changed = update(person_records).where(person_records.c.number == CHANGED).values(wanted=other)
        with application() as app, app.database.write() as db:
            db.execute(changed)
        return not yes

    monkeypatch.setattr(person_accounts, "agreed_to", meanwhile)
    said = mine.says(1, "persons", NAME, "--approve", CHANGED, "--approve", FAILED)
    assert "approved: 1;" in said
    assert "other than shown, and so not approved: 1" in said
    assert [one["number"] for one in mine.data(0, "persons", NAME, "--waiting")] == [BROUGHT, CHANGED]


def test_a_number_that_waits_for_nobody_is_refused(with_four: Callable[..., Desk]) -> None:
    mine = with_four()
    answer = mine.give("persons", NAME, "--approve", SENT, "--approve", "40999", "--yes")
    assert answer.exit_code == 2
    assert f"{SENT}, 40999" in answer.output
    assert len(mine.data(0, "persons", NAME, "--waiting")) == 3


def test_nothing_is_let_go_where_nothing_is_sent(with_four: Callable[..., Desk]) -> None:
    mine = with_four(send="off")
    assert "sends no debtors and creditors" in mine.says(1, "persons", NAME, "--approve-all", "--yes")


def test_who_let_it_go_stays_in_the_trail(with_four: Callable[..., Desk]) -> None:
    mine = with_four()
    mine.says(0, "persons", NAME, "--approve", CHANGED, "--by", "Frau Beispiel", "--yes")
    with application() as app, app.database.read() as db:
        rows = db.exec_driver_sql("SELECT detail FROM audit WHERE event = 'master_data_approved'").scalars()
        (detail,) = [json.loads(row) for row in rows]
    assert (detail["by"], detail["numbers"]) == ("Frau Beispiel", {CHANGED: ["Straße"]})
    assert detail["noted_by"]


def test_tables_have_a_row_for_each_column_that_differs(with_four: Callable[..., Desk]) -> None:
    mine = with_four(language="de")
    mine.says(0, "persons", NAME, "--csv", "p.csv", "--xlsx", "p.xlsx")
    with Path("p.csv").open(encoding="utf-8-sig", newline="") as file:
        titles, *rows = list(csv.reader(file, delimiter=";"))
    assert titles == ["Konto", "Bezeichnung", "Stand", "Feld", "bisher", "neu"]
    assert [(row[0], row[3], row[4]) for row in rows] == [
        (BROUGHT, "Name (Adressattyp Unternehmen)", "?"),
        (BROUGHT, "Straße", "?"),
        (CHANGED, "Straße", "Alter Weg 1"),
        (FAILED, "Name (Adressattyp Unternehmen)", ""),
        (SENT, "", ""),
    ]
    assert rows[3][1] == "'=Bau GmbH", "no spreadsheet takes a name for a formula"
    sheet = load_workbook("p.xlsx").active
    assert sheet is not None
    assert [cell.value for cell in sheet[4]] == rows[2]
