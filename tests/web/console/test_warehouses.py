"""The screen of warehouses: settings are checked as a text, tables are shown, files of others taken in."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.systems.registry import warehouse_names, warehouse_system
from tests.flow.warehouse.test_imports import NEIGHBOUR, extf_of
from tests.web import rig as rigs
from tests.web.console.rig import visitor
from tests.web.rig import Rig

(NAME,) = warehouse_names()
SYSTEM = warehouse_system(NAME)
WORKSPACE = """[databricks]
host = "https://adb-1.azuredatabricks.net"
catalog = "finance"
warehouse_id = "a1"
client_id = "c1"
"""


def test_without_a_warehouse_the_page_leads_to_its_settings(rig: Rig) -> None:
    page = visitor(rig).page("warehouses")
    assert "Noch gehen keine Tabellen irgendwohin." in page
    assert f"warehouses/settings?warehouse={NAME}" in page
    assert "warehouses/settings" not in visitor(rig, "auditor").page("warehouses")


def test_the_example_can_be_used_as_it_stands(rig: Rig) -> None:
    assert SYSTEM is not None
    somebody = visitor(rig)
    assert html.escape(SYSTEM.example().splitlines()[0]) in somebody.page(
        f"warehouses/settings?warehouse={NAME}"
    )
    answer = somebody.post("warehouses/settings", text=SYSTEM.example(), then="check")
    assert (answer.status_code, "So geht es." in answer.text) == (200, True)


def test_a_text_is_checked_line_by_line_and_taken_along_as_it_is(rig: Rig) -> None:
    somebody = visitor(rig)
    answer = somebody.post("warehouses/settings", text=WORKSPACE.replace("catalog", "katalog"), then="check")
    assert (answer.status_code, "katalog" in answer.text, "Zeile 3:" in answer.text) == (409, True, True)
    taken = somebody.post("warehouses/settings", text=WORKSPACE.replace("\n", "\r\n"), then="file")
    assert taken.text == WORKSPACE
    assert "attachment" in taken.headers["content-disposition"]
    answer = somebody.post("warehouses/settings", text="[books]\nchart = 'x'\n", then="check")
    assert answer.status_code == 409


@pytest.fixture
def filled(sqlite_url: str, tmp_path: Path) -> Iterator[Rig]:
    assert SYSTEM is not None
    with rigs.rig(sqlite_url, tmp_path) as made:
        services = made.application.services
        tables = {NAME: SYSTEM.in_folder(tmp_path / "delta")}
        services.settings = services.settings.model_copy(update={"warehouses": tables})
        yield made


def test_tables_are_shown_and_files_of_others_taken_in_once(filled: Rig) -> None:
    filled.connect()
    somebody = visitor(filled)
    assert "Es ist noch nichts geladen." in somebody.page("warehouses")
    file = {"file": ("EXTF_fremd.csv", extf_of(), "text/csv")}
    assert "ist aufgenommen (Mandant 29098-55003)" in somebody.done(
        "warehouses/file", warehouse=NAME, files=file
    )
    assert "war schon da" in somebody.done("warehouses/file", warehouse=NAME, files=file)
    for content in (b"x", extf_of(NEIGHBOUR)):
        held = somebody.post(
            "warehouses/file", warehouse=NAME, files={"file": ("x.csv", content, "text/csv")}
        )
        assert held.status_code == 409
    assert visitor(filled, "auditor").post("warehouses/file", warehouse=NAME, files=file).status_code == 403
