"""The page on adding a system is followed word by word: in a copy of the project its files are enough."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import ADD_A_SYSTEM, ROOT, blocks, write_down

RECORDS = 20
FILES = blocks(ADD_A_SYSTEM)
COPIED = ("pyproject.toml", "src", "tests/__init__.py", "tests/conformance", "tests/systems/__init__.py")
NOBODY_LOGGED_IN = 3
WHAT_A_USER_ENTERS = """
import json, sys
from mlconnector.commands.demonstration import Scene, connection_text, secrets_text
text = connection_text("toyshop", Scene({"toyshop": sys.argv[1], "datev": "http://127.0.0.1:1"}))
print(json.dumps([text, secrets_text("toyshop")]))
"""
WITHOUT_WORDS = """
import json
from mlconnector.flow.connect.settings_fields import schema
from mlconnector.texts.fields import field_words
places = [one.place[1:] for one in schema("toyshop", "datev").fields if one.place[0] == "source"]
names = [".".join(one) for one in places]
print(json.dumps([one for one in names if not field_words(("toyshop", "source"), one, "de")]))
"""
MAY_ADD_TO = ("src/mlconnector/systems/toyshop", "src/mlconnector/standins/toyshop", "tests/systems/toyshop")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the files of the page beside its own."""
    made = tmp_path_factory.mktemp("project")
    for path in COPIED:
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / path).is_dir():
            shutil.copytree(ROOT / path, made / path)
        else:
            shutil.copy(ROOT / path, made / path)
    write_down(FILES, made)
    return made


def given(tree: Path, words: Sequence[str], codes: Sequence[int] = (0,), stdin: str = "") -> str:
    """What a Python process of the tree says that is given these words."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src")}
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=tree,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode in codes, ended.stdout[-6000:] + ended.stderr[-3000:]
    return ended.stdout


def command(tree: Path, *words: str, codes: Sequence[int] = (0,), stdin: str = "") -> Any:
    """What a command answers with --json."""
    return json.loads(given(tree, ["-m", "mlconnector", *words, "--json"], codes, stdin))


@contextmanager
def standin(tree: Path, name: str) -> Iterator[str]:
    """The address of a stand-in of the tree that runs as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mlconnector.standins", name],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src")},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_the_page_has_files_in_the_folders_of_its_system_alone() -> None:
    assert FILES
    for folder in MAY_ADD_TO:
        assert f"{folder}/__init__.py" in FILES
    assert all(path.startswith(tuple(f"{folder}/" for folder in MAY_ADD_TO)) for path in FILES)


def test_its_code_is_written_as_all_other_code_is(tree: Path) -> None:
    for rule in (["format", "--check"], ["check", "--no-cache"]):
        given(tree, ["-m", "ruff", *rule, *MAY_ADD_TO])


def test_its_conformance_test_is_passed_whole(tree: Path) -> None:
    said = given(tree, ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/systems/toyshop"])
    assert " passed" in said
    assert "failed" not in said


def test_somebody_can_set_it_up_and_ping_it(tree: Path) -> None:
    given(tree, ["-m", "mlconnector", "init", "--source", "toyshop"])
    file = tree / "my-toyshop.toml"
    assert FILES["src/mlconnector/systems/toyshop/template.toml"] in file.read_text(encoding="utf-8")
    with standin(tree, "toyshop") as url:
        text, secrets = json.loads(given(tree, ["-c", WHAT_A_USER_ENTERS, url]))
        file.write_text(text, encoding="utf-8")
        connected = command(tree, "connect", file.name, "--secrets-file", "-", stdin=secrets)
        steps = command(tree, "ping", connected["connection"], codes=[NOBODY_LOGGED_IN])["steps"]
    outcomes = {step["step"]: step["outcome"] for step in steps}
    assert connected["logins_needed"] == ["datev"]
    assert (outcomes["toyshop.reach"], outcomes["toyshop.webhook"]) == ("ok", "ok")


def test_its_settings_have_words_in_forms(tree: Path) -> None:
    assert json.loads(given(tree, ["-c", WITHOUT_WORDS])) == []


def test_the_demo_books_all_its_invoices_to_the_cent(tree: Path) -> None:
    out = tree / "demo-out"
    summary = command(tree, "demo", "--source", "toyshop", "--records", str(RECORDS), "--out", str(out))
    counts = summary["sources"]["toyshop"]
    assert (counts["read"], counts["vouchers"], counts["settled"]) == (RECORDS, RECORDS, RECORDS)
    assert (summary["problems"], summary["documents"]) == ([], RECORDS)
    assert {batch["result"] for batch in summary["batches"]} == {"succeeded"}
    (file,) = (out / "received").rglob("EXTF_toyshop_*.csv")
    assert {row[10]: (row[0], row[1], row[7]) for row in rows(file)} == {
        f"RE-{number:05}": (f"{119 * number},00", "S", "8400") for number in range(1, RECORDS + 1)
    }


def rows(file: Path) -> list[list[str]]:
    """The bookings of a Buchungsstapel, below its two lines of heading."""
    return list(csv.reader(file.read_text(encoding="cp1252").splitlines()[2:], delimiter=";"))
