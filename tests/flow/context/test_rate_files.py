"""Newer rates come by files that the settings name, without a new release."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlconnector.app import Application, opened
from mlconnector.commands.demonstration import Scene, connection_text, secrets_text
from mlconnector.flow.connect import setup
from mlconnector.settings import UnreadableSettings, parse_toml
from tests.databases import copied_sqlite
from tests.flow.rig import NAME, settings_of

VAT = "country,rates,from,until\nFR,21 10,2027-01-01,\n"
REFERENCE = "currency,from,until,low,high\nUSD,2026-11-01,2026-11-30,1.10,1.12\n"
TEXT = connection_text("pipedrive", Scene({"pipedrive": "http://127.0.0.1:9", "datev": "http://127.0.0.1:9"}))


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """The address of a fresh database."""
    return copied_sqlite(sqlite_template, tmp_path)


@contextmanager
def installation(folder: Path, url: str, **files: str) -> Iterator[Application]:
    """An installation with these files in its settings."""
    named: dict[str, Any] = {}
    for setting, content in files.items():
        named[setting] = folder / f"{setting}.csv"
        named[setting].write_text(content, encoding="utf-8")
    with opened(settings_of(folder, url, **named)) as application:
        yield application


def test_both_reach_the_rules_of_a_connection(tmp_path: Path, sqlite_url: str) -> None:
    with installation(tmp_path, sqlite_url, vat_rates=VAT, reference_rates=REFERENCE) as made:
        rules = made.services.read(TEXT, "test").rules
    assert [one.country for one in rules.vat_rates] == ["FR"]
    assert [one.currency for one in rules.reference_rates] == ["USD"]


def test_without_files_only_what_is_shipped_counts(tmp_path: Path, sqlite_url: str) -> None:
    with installation(tmp_path, sqlite_url) as made:
        rules = made.services.read(TEXT, "test").rules
    assert (rules.vat_rates, rules.reference_rates) == ((), ())


def test_other_rates_are_other_rules(tmp_path: Path, sqlite_url: str) -> None:
    with installation(tmp_path, sqlite_url) as made:
        shipped = made.services.read(TEXT, "test").rules.fingerprint()
    with installation(tmp_path, sqlite_url, reference_rates=REFERENCE) as made:
        assert made.services.read(TEXT, "test").rules.fingerprint() != shipped


def test_a_file_that_changes_counts_from_the_next_run_on(tmp_path: Path, sqlite_url: str) -> None:
    with installation(tmp_path, sqlite_url, reference_rates=REFERENCE) as made:
        tables = parse_toml(secrets_text("pipedrive"), "secrets")
        secrets = {f"{system}.{key}": value for system, rows in tables.items() for key, value in rows.items()}
        setup.connect(made.services, made.services.read(TEXT, "test"), secrets)
        assert len(made.services.rules(NAME).reference_rates) == 1
        file = tmp_path / "reference_rates.csv"
        file.write_text(REFERENCE + "USD,2026-12-01,2026-12-31,1.10,1.12\n", encoding="utf-8")
        os.utime(file, ns=(1, 1))
        made.services.forget_facts(NAME)
        assert len(made.services.rules(NAME).reference_rates) == 2


@pytest.mark.parametrize("setting", ["vat_rates", "reference_rates"])
def test_a_file_that_is_wrong_is_named_with_its_line(tmp_path: Path, sqlite_url: str, setting: str) -> None:
    content = {"vat_rates": VAT, "reference_rates": REFERENCE}[setting] + "x,x,x,x,x\n"
    with (
        installation(tmp_path, sqlite_url, **{setting: content}) as made,
        pytest.raises(UnreadableSettings, match=rf"{setting}\.csv, line 3: 'x' is no"),
    ):
        made.services.read(TEXT, "test")


def test_a_file_that_is_not_there_is_named(tmp_path: Path, sqlite_url: str) -> None:
    with (
        opened(settings_of(tmp_path, sqlite_url, vat_rates=tmp_path / "none.csv")) as made,
        pytest.raises(UnreadableSettings, match=r"vat_rates.*none\.csv cannot be read"),
    ):
        made.services.read(TEXT, "test")
