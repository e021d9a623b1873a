"""Charts, numbers and confirmations as somebody at a terminal deals with them."""

from __future__ import annotations

import csv
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.commands.desk import FILE, NAME, Desk, desk

CHART = """Konto;Bezeichnung;Funktion;Steuerfall
420;Büroeinrichtung;-;
8123;Erlöse Sonderfall;AM;domestic_19
10000;Kunde;;
"""
ROW = """
[[mapping.revenue]]
category = "Sonderfall"
account = "8123"
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose connection is set up, with nothing confirmed."""
    with desk(tmp_path, 2, monkeypatch) as made:
        made.says(0, "init")
        made.fill_in()
        lines = FILE.read_text().splitlines(keepends=True)
        FILE.write_text("".join(line for line in lines if not line.startswith("confirmed_")))
        made.connect()
        yield made


@pytest.fixture
def chart(mine: Desk) -> Path:
    file = Path("konten.csv")
    file.write_bytes(CHART.encode("windows-1252"))
    return file


class TestChart:
    def test_is_shown_first_and_applied_only_when_told_to(self, mine: Desk, chart: Path) -> None:
        shown = mine.says(1, "chart", "import", NAME, str(chart))
        assert "New accounts: 2" in shown
        assert "0420 Büroeinrichtung none" in shown
        assert "left out): 1 Account Name 10000 Kunde" in shown
        assert "Nothing was applied" in shown
        assert "it has 2 accounts now" in mine.says(0, "chart", "import", NAME, str(chart), "--yes")
        assert "No difference." in mine.says(0, "chart", "import", NAME, str(chart))

    def test_is_data_for_machines(self, mine: Desk, chart: Path) -> None:
        offered = mine.data(1, "chart", "import", NAME, str(chart))
        assert (offered["applied"], [one["number"] for one in offered["new"]]) == (False, ["0420", "8123"])
        assert mine.data(0, "chart", "import", NAME, str(chart), "--yes")["applied"]
        assert not mine.data(0, "chart", "import", NAME, str(chart), "--yes")["applied"]

    def test_with_faults_names_the_lines_and_applies_nothing(self, mine: Desk, chart: Path) -> None:
        chart.write_text(CHART + "84x;y;;\n8400;;AX;\n", encoding="utf-8")
        told = mine.says(2, "chart", "import", NAME, str(chart), "--yes")
        assert f"{chart}, line 5: “84x” is no account number" in told
        assert f"{chart}, line 6: 8400: the function “AX” is unknown" in told
        assert "Faults: 2. Nothing was applied." in told
        faults = mine.data(2, "chart", "import", NAME, str(chart), "--yes")["faults"]
        assert [(one["line"], one["fault"]) for one in faults] == [
            (5, "number_invalid"),
            (6, "function_unknown"),
        ]
        assert mine.data(0, "rules", NAME)["own_chart"]["accounts"] == 0

    def test_makes_a_file_that_names_its_accounts_readable(self, mine: Desk, chart: Path) -> None:
        FILE.write_text(FILE.read_text() + ROW)
        told = mine.says(2, "connect", str(FILE))
        assert "account 8123 is not in the seeded chart SKR03" in told
        assert "`ml-connector chart import`" in told
        mine.says(0, "chart", "import", str(FILE), str(chart), "--yes", "--by", "Erika")
        assert "changed" in mine.says(0, "connect", str(FILE))
        found = mine.data(0, "rules", NAME)
        assert (found["own_chart"]["accounts"], found["own_chart"]["changed_by"]) == (2, "Erika")
        assert found["accounts"][-1] | {"own": True} == found["accounts"][-1]

    def test_is_exported_as_a_form_and_comes_back_unchanged(self, mine: Desk) -> None:
        mine.says(0, "chart", "export", NAME, "--csv", "form.csv", "--xlsx", "form.xlsx")
        with Path("form.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["Account", "Name", "Function", "Tax case"]
        assert ["8400", "Erlöse 19 % USt", "automatic", "domestic_19"] in rows
        mine.says(0, "chart", "import", NAME, "form.xlsx", "--yes")
        assert "No difference." in mine.says(0, "chart", "import", NAME, "form.csv")
        assert len(mine.data(0, "chart", "export", NAME)) == len(rows) - 1

    def test_is_german_for_germans(self, mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
        mine.says(0, "chart", "export", NAME, "--csv", "konten.csv")
        assert "Konto;Bezeichnung;Funktion;Steuerfall" in Path("konten.csv").read_text(encoding="utf-8-sig")
        assert "Neue Konten" in mine.says(0, "chart", "import", NAME, "konten.csv", "--yes")
        assert "Kein Unterschied" in mine.says(0, "chart", "import", NAME, "konten.csv")

    def test_is_asked_for_at_a_terminal(self, mine: Desk, chart: Path) -> None:
        assert b"Nothing was applied" in typed("no", "chart", "import", NAME, str(chart))
        assert b"accounts now" in typed("yes", "chart", "import", NAME, str(chart))
        assert "No difference." in mine.says(0, "chart", "import", NAME, str(chart))

    def test_is_a_file_that_exists(self, mine: Desk) -> None:
        assert "nothing.csv" in mine.says(2, "chart", "import", NAME, "nothing.csv")
        assert "There is no connection “other”" in mine.says(1, "chart", "export", "other")


def typed(answer: str, *words: str) -> bytes:
    """What a command says at a terminal at which this is typed when it asks."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "mlconnector", *words]
    shown = b""
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True):
        os.close(theirs)
        while part := _read(ours):
            shown += part
            if part.endswith(b": ") and b"Type yes" in shown:
                os.write(ours, f"{answer}\n".encode())
    os.close(ours)
    return shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the way in which Linux says that the other side has ended
        return b""


class TestNumbers:
    def test_of_a_list_are_taken_over_and_matched(self, mine: Desk) -> None:
        Path("d.csv").write_text(
            "Konto;Name;Kennung\n10001;Muster GmbH;\n10002;=SUM(A1);organization/2\n70001;L;\n"
        )
        words = ("numbers", "import", NAME, "d.csv", "--ledger", "debtors")
        shown = mine.says(1, *words)
        assert "Numbers that are reserved: 1" in shown
        assert "Numbers of the other kind (left out): 1" in shown
        done = mine.says(0, *words, "--yes")
        assert f"`ml-connector numbers bind {NAME} PARTY NUMBER`" in done
        assert "has not named" in mine.says(1, "numbers", "bind", NAME, "organization/7", "10001")
        assert "debtor 10002 organization/2 from a list" in mine.says(0, "numbers", "list", NAME)
        listed = mine.data(0, "numbers", "list", NAME)
        assert [(one["number"], one["party"]) for one in listed] == [
            ("10001", None),
            ("10002", "organization/2"),
        ]

    def test_are_exported_without_formulas(self, mine: Desk) -> None:
        Path("d.csv").write_text("Konto;Name\n10001;=cmd|'/c calc'!A0\n")
        mine.says(0, "numbers", "import", NAME, "d.csv", "--ledger", "debtors", "--yes")
        mine.says(0, "numbers", "list", NAME, "--csv", "n.csv", "--xlsx", "n.xlsx")
        assert "10001,'=cmd|'/c calc'!A0," in Path("n.csv").read_text(encoding="utf-8-sig")
        page = load_workbook("n.xlsx").worksheets[0]
        assert (page["B2"].value, page["B2"].data_type) == ("=cmd|'/c calc'!A0", "s")
        again = mine.data(0, "numbers", "import", NAME, "n.csv", "--ledger", "debtors")
        assert again["unchanged"] == 1
        assert mine.says(0, "numbers", "list", NAME, "--csv", "-").startswith("Account,Name,Party id")

    def test_that_are_taken_are_faults_of_their_line(self, mine: Desk) -> None:
        Path("c.csv").write_text("Konto;Name;Kennung\n10001;Muster;organization/7\n")
        mine.says(0, "numbers", "import", NAME, "c.csv", "--ledger", "debtors", "--yes")
        Path("d.csv").write_text("Konto;Name;Kennung\n10001;Andere;organization/8\n")
        told = mine.says(2, "numbers", "import", NAME, "d.csv", "--ledger", "debtors", "--yes")
        assert "d.csv, line 2: the number 10001 of Andere is taken already, by organization/7" in told

    def test_are_none_before_the_first(self, mine: Desk) -> None:
        assert mine.says(0, "numbers", "list", NAME) == "No number has been given yet."
        assert mine.data(0, "numbers", "list", NAME) == []


class TestConfirmation:
    def test_is_seen_wherever_somebody_looks(self, mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "160")
        count = len(mine.data(3, "status", NAME)[NAME]["unconfirmed"])
        assert f"not confirmed yet: {count}; `ml-connector rules {NAME}`" in mine.says(3, "status", NAME)
        assert f"Still to be confirmed: {count}" in mine.says(0, "rules", NAME)
        steps = {one["step"]: one for one in mine.data(3, "ping", NAME)["steps"]}
        assert f"ml-connector confirm {NAME} --by" in steps["connection.mapping"]["words"]
        some = mine.says(0, "confirm", NAME, "--by", "Kanzlei Muster", "tax_case:domestic_19")
        assert "Confirmed by Kanzlei Muster: 1" in some
        assert f"Still to be confirmed: {count - 1}" in some
        assert "domestic_19 8400 Kanzlei Muster, 20" in mine.says(0, "rules", NAME)
        rest = mine.data(0, "confirm", NAME, "--by", "Kanzlei Muster")
        assert (len(rest["confirmed"]), rest["unconfirmed"]) == (count - 1, 0)
        assert "confirmed already" in mine.says(0, "confirm", NAME, "--by", "Kanzlei Muster")
        assert "Everything in use is confirmed." in mine.says(0, "rules", NAME)
        assert mine.data(3, "status", NAME)[NAME]["unconfirmed"] == []

    def test_needs_somebody_who_confirms(self, mine: Desk) -> None:
        assert mine.give("confirm", NAME).exit_code == 2
        assert mine.give("confirm", NAME, "--by", " ").exit_code == 2
        assert "cannot be confirmed" in mine.says(1, "confirm", NAME, "--by", "Kanzlei", "account:1")

    def test_in_the_file_is_enough(self, mine: Desk) -> None:
        text = FILE.read_text().replace("[mapping]\n", '[mapping]\nconfirmed_by = "Kanzlei"\n', 1)
        FILE.write_text(text)
        mine.says(0, "connect", str(FILE))
        assert "Everything in use is confirmed." in mine.says(0, "rules", NAME)

    def test_rules_show_every_tax_case_on_request(self, mine: Desk) -> None:
        assert "oss_goods" not in mine.says(0, "rules", NAME)
        assert "oss_goods 8320 10 not in use" in mine.says(0, "rules", NAME, "--all")
        assert "Steuerfälle" not in mine.says(0, "rules", NAME)


BUILDING = """
[[mapping.tax_case]]
attributes = { vendor = "9", cost_type = "L" }
case = "construction_received_19"
reason = "Bauleistung"

[[mapping.contractor]]
party_id = "vendor/9"
withholding = "certificate"
certificate = "4711"
valid_from = 2026-01-01
valid_to = 2026-12-31

[[mapping.contractor]]
party_id = "vendor/9"
number = "RE-7"
withholding = "none"
reason = "nur Material"

[mapping.retainage]
payable = "1701"

[mapping.commitments]
account = "9955"
contra_account = "9956"

[mapping.cost_centre_2]
attribute = "project"
unlisted = "as_given"
"""


class TestRulesOfBuilding:
    @pytest.fixture
    def building(self, mine: Desk) -> Desk:
        FILE.write_text(FILE.read_text() + BUILDING)
        mine.says(0, "connect", str(FILE))
        return mine

    def test_are_shown_with_all_others(self, building: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "160")
        shown = building.says(0, "rules", NAME)
        assert "1 vendor = 9, cost_type = L construction_received_19 Bauleistung" in shown
        assert "1 party_id = vendor/9 exempt by certificate 2026-01-01 2026-12-31 4711" in shown
        assert "2 party_id = vendor/9, number = RE-7 nothing to withhold nur Material" in shown
        assert "Retainage of suppliers (Sicherheitseinbehalt) 1701" in shown
        assert "Tax withheld (Bauabzugsteuer) 1749" in shown
        assert "Commitments (Obligo), Soll 9955 Commitments (Obligo), Haben 9956" in shown
        assert "(KOST2) Where Cost centre vouchers anything else as the source writes it" in shown

    def test_are_shown_in_german(self, building: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
        monkeypatch.setenv("COLUMNS", "160")
        shown = building.says(0, "rules", NAME)
        assert "party_id = vendor/9 freigestellt 01.01.2026 31.12.2026 4711" in shown
        assert "alles Übrige wie die Quelle es schreibt" in shown

    def test_are_data_for_machines(self, building: Desk) -> None:
        found = building.data(0, "rules", NAME)
        assert [one["withholding"] for one in found["contractors"]] == ["certificate", "none"]
        assert found["retainage"] == {"payable": "1701", "receivable": None}
        assert found["withholding"] == {"account": "1749"}
        assert found["commitments"] == {"account": "9955", "contra_account": "9956"}
        assert found["cost_centres"]["2"]["unlisted"] == "as_given"


def test_rules_say_how_many_vouchers_each_row_has_decided(
    mine: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert "unused" in mine.says(0, "rules", NAME)
    found = mine.data(0, "rules", NAME)
    assert {one["used"] for one in found["accounts"]} == {0}
    mine.log_in()
    mine.says(0, "run", NAME)
    found = mine.data(0, "rules", NAME)
    used = [one["used"] for one in found["accounts"]]
    assert sum(used) > 0
    assert 0 in used
    assert found["cost_centres"]["1"]["used"].keys() == found["cost_centres"]["1"]["table"].keys()
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    assert "unbenutzt" in mine.says(0, "rules", NAME)


def test_rules_say_from_when_a_row_holds(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert "holds from" not in mine.says(0, "rules", NAME)
    rows = """
[[mapping.revenue]]
category = "Holz"
account = "8200"
valid_from = 2027-01-01

[[mapping.tax_case]]
tax_code = "frei"
case = "tax_free"
valid_from = 2027-02-01
"""
    FILE.write_text(FILE.read_text() + rows)
    mine.says(0, "connect", str(FILE))
    told = mine.says(0, "rules", NAME)
    assert "category = Holz 8200 none Erlöse 2027-01-01" in told
    assert "1 tax_code = frei tax_free 2027-02-01" in told
    found = mine.data(0, "rules", NAME)
    assert [one["valid_from"] for one in found["accounts"] if one["valid_from"]] == ["2027-01-01"]
    assert found["tax_case_rows"][0]["valid_from"] == "2027-02-01"


def test_rules_without_building_say_nothing_of_it(mine: Desk) -> None:
    assert "Retainage" not in mine.says(0, "rules", NAME)
    found = mine.data(0, "rules", NAME)
    assert (found["contractors"], found["withholding"]) == ([], {"account": None})
    assert found["commitments"] is None


def test_rules_are_told_in_german_too(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    told = mine.says(0, "rules", NAME)
    assert "domestic_19 8400 zu bestätigen Inland 19 %" in told
    assert "8401 Automatik domestic_19" in told
    assert "Bestätigt von Kanzlei: 1" in mine.says(0, "confirm", NAME, "--by", "Kanzlei", "account:8400")
