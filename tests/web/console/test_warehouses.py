"""The screen of warehouses: settings are checked as a text, tables are shown, files of others taken in."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlconnector.flow.engine import warehouse_loads
from mlconnector.store import audit, loads
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
    with rigs.rig(sqlite_url, tmp_path) as made:
        yield with_tables(made, tmp_path)


def with_tables(made: Rig, folder: Path) -> Rig:
    assert SYSTEM is not None
    services = made.application.services
    tables = {NAME: SYSTEM.in_folder(folder / "delta")}
    services.settings = services.settings.model_copy(update={"warehouses": tables})
    return made


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


def test_somebody_has_tables_loaded_now_and_is_named_in_the_trail(filled: Rig) -> None:
    filled.connect()
    somebody = visitor(filled)
    assert "Das Laden ist angestoßen" in somebody.done("warehouses/load")
    assert filled.work.asked == [("start_load", "")]
    assert asked_of(filled) == [{"by": "admin@example.com"}]
    filled.work.busy = True
    page = somebody.page("warehouses")
    assert 'hx-trigger="every 5s"' in page
    assert "Es wird geladen." in page
    filled.work.busy = False
    warehouse_loads.load_asked(filled.application.services, "")
    page = somebody.page("warehouses")
    assert "angekommen und verglichen" in page
    assert "hx-get" not in page
    auditor = visitor(filled, "auditor")
    assert auditor.post("warehouses/load").status_code == 403
    assert "Jetzt laden" not in auditor.page("warehouses")


def test_one_load_is_carried_once_more_and_another_is_unknown(filled: Rig) -> None:
    filled.connect()
    services = filled.application.services
    warehouse_loads.load_asked(services, "")
    with services.database.read() as db:
        row = next(one for one in loads.recent(db, NAME, 20) if one.kind == "accounts")
    somebody = visitor(filled)
    somebody.done("warehouses/load", load=row.id)
    assert filled.work.asked == [("start_load", row.id)]
    assert asked_of(filled)[-1]["load"] == row.id
    assert warehouse_loads.load_asked(services, row.id)["verified"] == 1
    assert somebody.post("warehouses/load", load="nothing").status_code == 409


def test_where_another_process_works_nobody_is_told_that_tables_are_loaded(
    sqlite_url: str, tmp_path: Path
) -> None:
    with rigs.rig(sqlite_url, tmp_path, works_here=False) as made:
        filled = with_tables(made, tmp_path)
        somebody = visitor(filled)
        assert "Jetzt laden" not in somebody.page("warehouses")
        assert "lädt keine Tabellen" in somebody.post("warehouses/load").text


def asked_of(rig: Rig) -> list[dict[str, Any]]:
    with rig.application.services.database.read() as db:
        return [dict(row.detail) for row in audit.of_events(db, f"[{NAME}]", ["loads_asked"])]
