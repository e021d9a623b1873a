"""The command check: what it prints in which form, what it knows of the client, and how it ends."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from mlconnector.cli import app
from mlconnector.commands.demonstration import Scene, connection_text, secrets_text

VALID = Path(__file__).parents[1] / "formats/extf/valid"
BOOKINGS = VALID / "EXTF_Buchungsstapel.csv"
NOTHING = "rejected online: 0, rejected on import: 0, changed: 0, doubtful: 0"
NOBODY = {"pipedrive": "http://localhost:9", "datev": "http://localhost:9"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str | Path, given: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)


def changed(folder: Path, old: str, new: str) -> Path:
    """The valid file with something else in it."""
    file = folder / "EXTF_x.csv"
    text = BOOKINGS.read_bytes().decode("utf-8-sig").replace(old, new, 1)
    file.write_bytes(text.encode("utf-8-sig"))
    return file


def found(*arguments: str | Path, code: int = 0) -> list[dict[str, Any]]:
    answer = call("check", *arguments, "--json")
    assert answer.exit_code == code, answer.output
    listed = json.loads(answer.output)["findings"]
    assert isinstance(listed, list)
    return listed


def test_valid_files_of_every_category_end_with_0_and_say_so(here: Path) -> None:
    files = sorted(VALID.glob("*.csv"))
    answer = call("check", *files)
    assert answer.exit_code == 0
    assert " ".join(answer.output.split()) == f"Files: {len(files)}, {NOTHING}"


def test_a_finding_is_told_with_place_value_expectation_reason_and_cure(here: Path) -> None:
    file = changed(here, ";0807;", ";807;")
    answer = call("check", file)
    assert answer.exit_code == 1
    text = " ".join(answer.output.split())
    assert f"{file}:9, column 10 Belegdatum: rejected on import EXTF-B-210" in text
    assert "'807' (expected: TTMM): Leading zero of the Belegdatum is missing." in text
    assert "Write four digits" in text
    assert "Holds for: import at the adviser's" in text
    assert "rejected online: 0, rejected on import: 1, changed: 0, doubtful: 0" in text
    german = " ".join(call("check", file, "--language", "de").output.split())
    assert "beim Import abgelehnt EXTF-B-210" in german
    assert "Führende Null" in german


def test_what_is_only_doubtful_does_not_fail(here: Path) -> None:
    (finding,) = found(changed(here, '"R-78"', '"R_78"'))
    assert (finding["rule"], finding["severity"]) == ("EXTF-B-213", "doubtful")


def test_seeded_accounts_of_the_header_s_chart_are_known_without_any_option(here: Path) -> None:
    file = changed(here, ';10001;8400;"";', ';10001;8400;"3";')
    assert [one["rule"] for one in found(file, code=1)] == ["EXTF-B-301"]


def test_options_state_the_client_that_the_file_is_for(here: Path) -> None:
    rules = {one["rule"] for one in found(BOOKINGS, "--chart", "skr04", code=1)}
    assert {"EXTF-H-41", "EXTF-B-304", "EXTF-B-314"} <= rules
    assert found(BOOKINGS, "--account-length", "5", code=1)[0]["rule"] == "EXTF-H-40"
    assert found(BOOKINGS, "--fiscal-year-start", "7", code=1)[0]["rule"] == "EXTF-H-42"


@pytest.mark.parametrize(
    "options",
    [
        [],
        [BOOKINGS, "--chart", "SKR99"],
        [BOOKINGS, "--account-length", "3"],
        [BOOKINGS, "--fiscal-year-start", "13"],
        [BOOKINGS, "--format", "xml"],
        [BOOKINGS, "--language", "fr"],
        [BOOKINGS, "--connection", "mine", "--chart", "SKR03"],
    ],
)
def test_wrong_use_is_said_and_ends_with_2(here: Path, options: list[str | Path]) -> None:
    answer = call("check", *options)
    assert answer.exit_code == 2
    assert answer.output or answer.stderr


def test_the_books_of_a_connection_are_taken_where_it_is_named(here: Path) -> None:
    call("init")
    text = connection_text("pipedrive", Scene(NOBODY)).replace('name = "demo-pipedrive"', 'name = "mine"')
    chart = 'chart = "SKR03"'
    assert chart in text
    Path("mine.toml").write_text(text.replace(chart, f"{chart}\nfiscal_year_start = 7"))
    connected = call("connect", "mine.toml", "--secrets-file", "-", given=secrets_text("pipedrive"))
    assert connected.exit_code == 0, connected.output
    assert [one["rule"] for one in found(BOOKINGS, "--connection", "mine", code=1)] == ["EXTF-H-42"]


def test_a_connection_that_there_is_not_is_named(here: Path) -> None:
    call("init")
    answer = call("check", BOOKINGS, "--connection", "nobody")
    assert answer.exit_code == 1
    assert "nobody" in answer.stderr


def test_sarif_goes_to_standard_output_and_ends_like_text(here: Path) -> None:
    file = changed(here, ";0807;", ";807;")
    answer = call("check", file.name, BOOKINGS, "--format", "sarif")
    assert answer.exit_code == 1
    (run,) = json.loads(answer.output)["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "EXTF_x.csv"
    assert place["region"]["startLine"] == 9
    assert result["level"] == "error"


def test_json_counts_by_severity(here: Path) -> None:
    file = changed(here, '"R-78"', '"R_78"')
    told = json.loads(call("check", file, "--format", "json").output)
    assert (told["errors"], told["changed"], told["doubtful"]) == (0, 0, 1)
    assert told["findings"][0]["routes"] == ["import"]


def test_json_names_who_refuses_it(here: Path) -> None:
    both = changed(here, '"EXTF";700', '"DTVF";700')
    both.write_bytes(both.read_bytes().replace(b";0807;", b";807;"))
    answer = call("check", both, "--json")
    told = json.loads(answer.output)
    assert answer.exit_code == 1
    assert (told["rejected_online"], told["rejected_import"], told["errors"]) == (1, 1, 2)
    assert [(one["rule"], one["severity"], one["routes"]) for one in told["findings"]] == [
        ("EXTF-H-01", "rejected_online", ["online"]),
        ("EXTF-B-210", "rejected_import", ["import"]),
    ]


def test_a_file_that_is_missing_leaves_the_others_checked(here: Path) -> None:
    wrong = changed(here, '"R-78"', '"R_78"')
    answer = call("check", "EXTF_nowhere.csv", wrong, here, "--json")
    told = json.loads(answer.stdout)
    assert answer.exit_code == 1
    assert [one["rule"] for one in told["findings"]] == ["EXTF-B-213"]
    assert set(told["unread"]) == {"EXTF_nowhere.csv", str(here)}
    assert "EXTF_nowhere.csv: No such file" in " ".join(answer.stderr.split())


def test_a_missing_file_is_not_counted_as_checked(here: Path) -> None:
    answer = call("check", BOOKINGS, "EXTF_nowhere.csv")
    assert answer.exit_code == 1
    assert " ".join(answer.stdout.split()) == f"Files: 1, {NOTHING}"


def workbook(file: Path) -> None:
    book = openpyxl.Workbook()
    book.save(file)


def archive(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as made:
        made.write(BOOKINGS, BOOKINGS.name)


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("Excel (XLSX)", workbook),
        ("ZIP", archive),
        ("PDF", lambda file: file.write_bytes(b"%PDF-1.7\n1 0 obj\n")),
        ("XML", lambda file: file.write_bytes(b'\xef\xbb\xbf<?xml version="1.0"?><Invoice/>')),
        ("XML", lambda file: file.write_bytes('<?xml version="1.0"?><Invoice/>'.encode("utf-16"))),
        ("HTML", lambda file: file.write_bytes(b"<!DOCTYPE html><html>")),
        ("Office (XLS, DOC)", lambda file: file.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 50)),
        ("JSON", lambda file: file.write_bytes(b'[{"Konto": 1}]')),
    ],
)
def test_a_file_of_another_kind_is_named_as_such_and_nothing_else_is_said_of_it(
    here: Path, kind: str, make: Callable[[Path], object]
) -> None:
    file = here / "Rechnungen.csv"
    make(file)
    (finding,) = found(file, code=1)
    assert (finding["rule"], finding["value"], finding["severity"]) == ("EXTF-F-20", kind, "rejected_online")


def test_a_rule_is_described_by_its_id_in_any_case(here: Path) -> None:
    answer = call("check", "--explain", "extf-b-201", "--language", "de")
    assert answer.exit_code == 0
    assert "Umsatz ist 0,00" in answer.output
    assert "Zeile weglassen." in answer.output
    assert call("check", "--explain", "EXTF-X-1").exit_code == 2
