"""`audit head`, `verify` and `seal`: heads kept elsewhere, in both languages, and a trail that goes on."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mlconnector.cli import app
from mlconnector.store.seals import generate_master_key

DATABASE = Path("ml-connector-data/ml-connector.sqlite")
KEY = Path("ml-connector-data/master.key")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an installation whose trail has one row."""
    monkeypatch.chdir(tmp_path)
    give("init")
    give("audit", "verify")
    break_seal()
    give("audit", "seal", "--reason", "drill", "--by", "A. Admin")
    return tmp_path


def give(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def run(statement: str) -> None:
    with sqlite3.connect(DATABASE) as db:
        db.execute(statement)


def break_seal() -> None:
    run("UPDATE audit_head SET seal = 'nobody''s'")


def test_a_head_that_was_printed_is_found_again() -> None:
    line = give("audit", "head").output.strip()
    moment, rows, head = line.split()
    assert (rows, len(head), moment[4]) == ("1", 64, "-")
    Path("heads.txt").write_text(f"# kept by hand\n\n{line}\n")
    for given in (head, f"1 {head}", "heads.txt"):
        answer = give("audit", "verify", "--head", given)
        assert answer.exit_code == 0, answer.output
        assert "heads kept elsewhere that are in it: 1" in answer.output
    told = json.loads(give("audit", "verify", "--head", head, "--json").output)
    assert (told["ok"], told["heads"], [one["by"] for one in told["sealed_anew"]]) == (
        True,
        1,
        ["A. Admin"],
    )


@pytest.mark.parametrize(
    ("language", "said"), [("en", "was written down elsewhere"), ("de", "anderswo notiert ist")]
)
def test_a_head_that_is_not_in_the_trail_breaks_it(
    language: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", language)
    answer = give("audit", "verify", "--head", "a" * 64)
    assert answer.exit_code == 1
    assert said in " ".join(answer.stderr.split())


def test_the_file_of_the_settings_is_looked_into_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCONNECTOR_AUDIT_HEADS_FILE", "heads.txt")
    assert give("audit", "verify").exit_code == 0, "it is written with the first head"
    Path("heads.txt").write_text(f"2026-11-29T03:17:00+00:00 7 {'b' * 64}\n")
    told = json.loads(give("audit", "verify", "--json").output)
    assert (told["ok"], told["cause"]) == (False, "anchor_missing")


def test_a_file_that_holds_no_heads_is_told_with_its_line() -> None:
    Path("heads.txt").write_text("first\n")
    answer = give("audit", "verify", "--head", "heads.txt")
    assert answer.exit_code == 2
    assert "heads.txt, line 1" in answer.stderr
    assert give("audit", "verify", "--head", "nowhere.txt").exit_code == 2


def test_a_trail_with_a_seal_that_is_not_ours_says_what_to_do() -> None:
    break_seal()
    answer = give("audit", "verify")
    assert answer.exit_code == 1
    assert "the seal on the head is not ours" in " ".join(answer.stderr.split())
    refused = give("audit", "head")
    assert refused.exit_code == 1
    assert "audit seal" in refused.stderr
    assert give("audit", "seal", "--reason", " ", "--by", "A. Admin").exit_code == 2
    assert give("audit", "seal", "--reason", "looked into", "--by", "A. Admin").exit_code == 0
    assert give("audit", "verify").exit_code == 0
    assert "nothing to do" in give("audit", "seal", "--reason", "again", "--by", "A. Admin").output


def test_a_lost_master_key_is_named_and_the_trail_goes_on_with_another() -> None:
    lost = KEY.read_text().partition(":")[0]
    KEY.write_text(generate_master_key())
    answer = give("audit", "verify")
    assert answer.exit_code == 1
    assert lost in answer.stderr
    assert give("audit", "seal", "--reason", "key lost", "--by", "A. Admin").exit_code == 0
    assert "key lost" in give("audit", "verify").output


def test_a_changed_master_key_keeps_the_trail_verifiable() -> None:
    old = KEY.read_text()
    KEY.write_text(f"{generate_master_key()}\n{old}")
    assert give("vault", "rotate").exit_code == 0
    KEY.write_text(KEY.read_text().splitlines()[0])
    assert give("audit", "verify").exit_code == 0


def test_nothing_works_while_the_trail_could_not_tell_of_it() -> None:
    break_seal()
    answer = give("worker")
    assert answer.exit_code == 1
    assert "audit seal" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_export_proves_itself_on_any_machine(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = give("audit", "head").stdout.split()[-1]
    assert "rows: 1" in give("audit", "export", "trail.jsonl").stdout
    exported = (here / "trail.jsonl").read_text(encoding="utf-8")
    monkeypatch.chdir(here.parent)
    file = here / "trail.jsonl"
    assert "unbroken" in give("audit", "verify", "--file", str(file)).stdout
    assert give("audit", "verify", "--file", str(file), "--head", head).exit_code == 0
    assert give("audit", "verify", "--file", str(file), "--head", "0" * 64).exit_code == 1
    file.write_text(exported.replace("drill", "drilL"), encoding="utf-8")
    assert "broken at row 1" in give("audit", "verify", "--file", str(file)).stderr
    file.write_text(exported.splitlines(keepends=True)[0], encoding="utf-8")
    assert give("audit", "verify", "--file", str(file)).exit_code == 1
    file.write_text("no trail\n", encoding="utf-8")
    assert give("audit", "verify", "--file", str(file)).exit_code == 2


def test_a_broken_trail_is_exported_as_it_is_and_says_so(here: Path) -> None:
    break_seal()
    assert give("audit", "export", "trail.jsonl").exit_code == 1
    about, *rows = map(json.loads, (here / "trail.jsonl").read_text(encoding="utf-8").splitlines())
    assert (about["whole"], len(rows)) == (False, 1)
