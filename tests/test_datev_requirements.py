"""DATEV's requirements: each is met, by a test that exists, or by something that people do."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from pydantic import ValidationError

from mlconnector.settings import Settings
from tests.texts.tables import all_sentences, table

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/reference/datev-requirements.md"
KNOWN = [
    *(f"A{number}" for number in range(1, 14)),
    *(f"B{number}" for number in range(1, 5)),
    *(f"C{number}" for number in range(1, 7)),
    *(f"D{number}" for number in range(1, 7)),
    *(f"E{number}" for number in range(1, 7)),
    "F1",
    *(f"G{number}" for number in range(1, 5)),
]
_ROW = re.compile(r"^\| ([A-G]\d+) \| (.+?) \| ([A-Za-z]+) \| (.+) \| ([^|]+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[^`]+)`")
ROWS = {row[0]: row for row in _ROW.findall(PAGE.read_text(encoding="utf-8"))}


@cache
def named_in(file: str) -> frozenset[str]:
    """The tests of a file, as `name` or `Class::name`."""
    found = set()
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)
            }
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))


def test_every_requirement_is_listed_once() -> None:
    assert [row[0] for row in _ROW.findall(PAGE.read_text(encoding="utf-8"))] == KNOWN


@pytest.mark.parametrize("key", KNOWN)
def test_a_requirement_that_blocks_the_approval_has_a_test_or_is_something_that_people_do(key: str) -> None:
    _, _, level, how, shown = ROWS[key]
    if level in {"MUST", "DONT"}:
        assert _TEST.search(shown) or "process" in how


@pytest.mark.parametrize("key", KNOWN)
def test_every_test_that_is_named_exists(key: str) -> None:
    for named in _TEST.findall(ROWS[key][4]):
        file, _, test = named.partition("::")
        assert (ROOT / file).exists(), file
        assert named_in(file) if test == "*" else test in named_in(file), named


def test_the_technical_log_is_kept_for_fourteen_days_at_least() -> None:
    assert Settings().http_log_days >= 14
    with pytest.raises(ValidationError):
        Settings(http_log_days=13)


def test_no_state_is_called_booked() -> None:
    """DATEV's `succeeded` is *bereitgestellt*: what the adviser makes of it is not known."""
    words = table("words.toml")
    for kind in ("state", "batch", "event", "connection"):
        for value, said in words[kind].items():
            if value == "booked_by_hand":
                # That is what a person says of what a person did.
                continue
            for text in said.values():
                assert not re.search(r"(?<!un)gebucht|verbucht|\bbooked\b|\bposted\b", text), (kind, value)
    assert words["batch"]["succeeded"] == {"de": "bereitgestellt", "en": "bereitgestellt"}
    claims = re.compile(
        r"erfolgreich gebucht|wurde(n)? gebucht|successfully booked|has been booked", re.IGNORECASE
    )
    assert [each for each in all_sentences() if claims.search(each[2])] == []


def test_the_documentation_for_customers_names_the_services_and_the_link() -> None:
    text = (ROOT / "docs/how-to/connect-datev.md").read_text(encoding="utf-8")
    for official in ("Buchungsdatenservice", "Belegbilderservice", "Rechnungsdatenservice 1.0"):
        assert official in text
    assert "https://go.datev.de/datenservices-einrichten" in text
    assert "https://apps.datev.de/tokrevui" in text


def test_datev_is_written_in_capitals() -> None:
    """Everywhere that people read; addresses, settings, files and commands are written as they are."""
    written = [(place, text) for place, _, text in all_sentences()]
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    written += [(page.name, page.read_text(encoding="utf-8")) for page in pages]
    assert [(place, found) for place, text in written for found in _small(text)] == []


def _small(text: str) -> list[str]:
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`|<?https?://\S+|\]\([^)]*\)|\{[^}]*\}|\[+[a-z_.]*\]+", "", text)
    return re.findall(r"(?<![\w./-])(?:Datev|datev)(?![\w./:-])", text)
