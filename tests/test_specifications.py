"""Tests that compare with official material say so when it is absent; where CI runs, they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import specifications
from tests.specifications import located, needs, required

TESTS = Path(__file__).parent
LOCATOR = TESTS / "specifications.py"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specifications, "FOLDER", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "extf").mkdir()


def test_what_is_there_is_given_out(tmp_path: Path) -> None:
    assert required("extf") == located("extf") == tmp_path / "extf"
    assert needs("extf").args == (False,)


def test_what_is_absent_skips_with_its_name() -> None:
    with pytest.raises(pytest.skip.Exception, match="cin7/responses is not in"):
        required("cin7/responses")
    mark = needs("cin7/responses")
    assert mark.args == (True,)
    assert "cin7/responses" in mark.kwargs["reason"]


@pytest.mark.parametrize("value", ["true", "1"])
def test_what_is_absent_fails_where_ci_is_set(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CI", value)
    for asked in (required, needs):
        with pytest.raises(FileNotFoundError, match="cin7"):
            asked("cin7")
    assert required("extf").is_dir()


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_ci_that_is_switched_off_does_not_count(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CI", value)
    with pytest.raises(pytest.skip.Exception):
        required("cin7")


def test_nothing_else_looks_for_official_material() -> None:
    modules = [path for path in TESTS.rglob("*.py") if path not in {LOCATOR, Path(__file__)}]
    assert len(modules) > 100
    assert [path.name for path in modules if "shared/conformance" in path.read_text("utf-8")] == []
