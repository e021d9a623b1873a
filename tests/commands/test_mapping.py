"""The commands mapping suggest and mapping take: a form for the adviser, and the rows that follow from it."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from openpyxl import load_workbook

from mlconnector.commands.demonstration import Scene, connection_text, secrets_text
from mlconnector.standins.base import Options
from mlconnector.standins.cin7 import Cin7StandIn
from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn
from tests.commands.desk import Desk, desk
from tests.conformance.doors import served
from tests.flow.cin7_rig import without_mapping

NAME = "my-cin7"
FILE = Path(f"{NAME}.toml")
FORM = Path("form.csv")


@pytest.fixture
def at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with a connection to Cin7 in which nothing is mapped yet."""
    monkeypatch.chdir(tmp_path)
    cin7, datev = Cin7StandIn(Options(records=1)), DatevStandIn(Options(received=tmp_path / "received"))
    with ExitStack() as running:
        urls = {one.name: running.enter_context(served(one.app)) for one in (cin7, datev)}
        mine = Desk(PipedriveStandIn(Options(records=0)), datev, Scene(urls))
        mine.says(0, "init")
        text = without_mapping(connection_text("cin7", mine.scene))
        FILE.write_text(text.replace('name = "demo-cin7"', f'name = "{NAME}"'), encoding="utf-8")
        given = secrets_text("cin7")
        mine.says(0, "connect", str(FILE), "--secrets-file", "-", stdin=given)
        yield mine


def lines() -> list[list[str]]:
    with FORM.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def choose(word: str, **cells: str) -> None:
    """Write into the form what somebody chooses for a word, by the heading of the column."""
    headings, *rows = lines()
    for row in rows:
        if row[1] == word:
            for heading, cell in cells.items():
                row[headings.index(heading.replace("_", " "))] = cell
    with FORM.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([headings, *rows])


def test_the_list_is_shown_with_what_is_open(at_work: Desk) -> None:
    said = at_work.says(0, "mapping", "suggest", NAME)
    assert "Tax rule (sales) 19% USt 19 %, sale State open" in said
    assert "Revenue account 200 Sales State open" in said
    assert "Possible tax cases" not in said, "there is no room for them"
    assert f"Still open: 23. Fill in the right side; then `ml-connector mapping take {NAME} FILE`" in said


def test_a_form_is_written_filled_in_and_taken(at_work: Desk) -> None:
    at_work.says(0, "mapping", "suggest", NAME, "--csv", str(FORM))
    choose("19% USt", Tax_case="domestic_19")
    choose("200", Account="8400")
    choose("090", Account="1200")
    answer = at_work.give("mapping", "take", NAME, str(FORM))
    assert answer.exit_code == 0
    assert "Nothing is changed yet" in " ".join(answer.stderr.split())
    rows = tomllib.loads(answer.stdout)["mapping"]
    assert rows["revenue"] == [{"attributes": {"account": "200"}, "account": "8400"}]
    before = FILE.read_text(encoding="utf-8")
    FILE.write_text(f"{before}\n{answer.stdout}", encoding="utf-8")
    at_work.says(0, "connect", str(FILE))
    assert at_work.data(0, "mapping", "take", NAME, str(FORM))["same"] == 3
    said = at_work.says(0, "mapping", "take", NAME, str(FORM))
    assert "nothing new; unchanged: 3" in said


def test_what_takes_the_place_of_something_says_so_in_the_toml(at_work: Desk) -> None:
    with FILE.open("a", encoding="utf-8") as file:
        file.write('\n[[mapping.tax_case]]\ntax_code = "19% USt"\ncase = "eu_taxed_19"\n')
        file.write('\n[mapping.payments]\ntable = { "090" = "1200" }\n')
    at_work.says(0, "connect", str(FILE))
    at_work.says(0, "mapping", "suggest", NAME, "--csv", str(FORM))
    choose("19% USt", Tax_case="domestic_19")
    choose("091", Account="1361")
    shown = at_work.give("mapping", "take", NAME, str(FORM)).stdout
    assert "# in place of row 1 of [[mapping.tax_case]]\n[[mapping.tax_case]]\n" in shown
    assert "# in place of the same entries of [mapping.payments]\n[mapping.payments]\n" in shown
    assert tomllib.loads(shown)["mapping"]["payments"]["table"] == {"090": "1200", "091": "1361"}


def test_faults_are_told_with_line_column_and_what_is_possible(at_work: Desk) -> None:
    at_work.says(0, "mapping", "suggest", NAME, "--csv", str(FORM))
    choose("19% USt", Tax_case="nineteen")
    choose("200", Account="eight")
    said = at_work.says(2, "mapping", "take", NAME, str(FORM))
    assert f"{FORM}, line 2: column Tax case: “nineteen” will not do; possible: domestic_19" in said
    assert "column Account: “eight” is no account number; possible: 4 digits" in said
    assert "Faults: 2" in said
    told = at_work.data(2, "mapping", "take", NAME, str(FORM))
    assert [(one["line"], one["fault"]) for one in told["faults"]] == [
        (2, "choice_unsuitable"),
        (13, "choice_no_account"),
    ]
    assert "Fill" not in at_work.says(2, "mapping", "take", NAME, "nowhere.csv")


def test_machines_are_told_the_same(at_work: Desk) -> None:
    found = at_work.data(0, "mapping", "suggest", NAME)
    first = found["words"][0]
    assert {name: first[name] for name in ("kind", "table", "word", "rate", "direction", "standing")} == {
        "kind": "sale_tax_rule",
        "table": "tax_case",
        "word": "19% USt",
        "rate": "19",
        "direction": "sale",
        "standing": "open",
    }
    assert "domestic_19" in first["possible"]
    at_work.says(0, "mapping", "suggest", NAME, "--csv", str(FORM))
    choose("200", Account="8400")
    taken = at_work.data(0, "mapping", "take", NAME, str(FORM))
    assert taken["parts"] == [
        {
            "table": "mapping.revenue",
            "content": {"attributes": {"account": "200"}, "account": "8400"},
            "replaces": None,
            "lines": [13],
        }
    ]
    assert tomllib.loads(taken["toml"])["mapping"]["revenue"][0]["account"] == "8400"


def test_machines_are_told_from_when_a_row_holds_and_how_often_it_was_used(at_work: Desk) -> None:
    at_work.says(0, "mapping", "suggest", NAME, "--csv", str(FORM))
    choose("200", **{"Account": "8400", "Holds from": "2026-07-01"})
    taken = at_work.data(0, "mapping", "take", NAME, str(FORM))
    (part,) = taken["parts"]
    assert part["content"]["valid_from"] == "2026-07-01"
    FILE.write_text(f"{FILE.read_text(encoding='utf-8')}\n{taken['toml']}\n", encoding="utf-8")
    at_work.says(0, "connect", str(FILE))
    words = at_work.data(0, "mapping", "suggest", NAME)["words"]
    ((row,),) = [one["rows"] for one in words if one["word"] == "200"]
    assert (row["account"], row["valid_from"], row["used"]) == ("8400", "2026-07-01", 0)


def test_bookkeepers_get_a_german_workbook_and_give_it_back(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    said = at_work.says(0, "mapping", "suggest", NAME, "--xlsx", "zuordnung.xlsx")
    assert "Noch offen: 23" in said
    book = load_workbook("zuordnung.xlsx")
    sheet = book.worksheets[0]
    headings = [str(cell.value) for cell in sheet[1]]
    assert headings[:4] == ["Art", "In der Quelle", "Bezeichnung", "Angaben"]
    for row in sheet.iter_rows(min_row=2):
        if row[1].value == "200":
            # As typed into a spreadsheet program: a number.
            row[headings.index("Konto")].value = 8400
        if row[1].value == "090":
            row[1].value, row[headings.index("Konto")].value = 90, 1200
    book.save("zuordnung.xlsx")
    taken = at_work.data(0, "mapping", "take", NAME, "zuordnung.xlsx")
    assert [part["table"] for part in taken["parts"]] == ["mapping.revenue", "mapping.payments"]
    assert taken["parts"][1]["content"]["table"] == {"090": "1200"}


def test_the_release_names_what_no_row_names(at_work: Desk) -> None:
    said = at_work.says(0, "release", NAME)
    assert "Not mapped yet; documents that name these wait. Tax rules: 19% USt, 7% USt" in said
    assert f"`ml-connector mapping suggest {NAME} --xlsx mapping.xlsx`" in said
    told = json.loads(at_work.give("release", NAME, "--yes", "--json").stdout)
    assert {"kind": "sale_tax_rule", "word": "19% USt"} in told["unmapped"]


def test_a_source_without_lists_says_what_to_do_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path, 1, monkeypatch) as mine:
        mine.says(0, "init")
        mine.fill_in()
        mine.connect(release=False)
        said = mine.says(1, "mapping", "suggest", "my-pipedrive")
        assert "Pipedrive has no lists of tax rules or accounts" in said
        assert "`ml-connector preview" in said
        assert mine.data(0, "release", "my-pipedrive", "--yes")["unmapped"] == []
