"""Tables at the desk: without a warehouse it is said how to get one; with it all is loaded and shown."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from mlconnector.flow.context.stopping import Stopping
from mlconnector.flow.warehouse import sources
from mlconnector.model.voucher_facts import facts_of
from mlconnector.standins.base import Options
from mlconnector.standins.databricks import CLIENT_ID, CLIENT_SECRET, WAREHOUSE_ID, create
from mlconnector.standins.databricks.standin import DatabricksStandIn
from mlconnector.standins.serving import serve
from tests.commands.desk import NAME, Desk, desk
from tests.flow.warehouse.test_imports import NEIGHBOUR, extf_of
from tests.systems.databricks.tables import queried

SETTINGS = Path("ml-connector.toml")


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with desk(tmp_path, 2, monkeypatch) as made:
        made.says(0, "init")
        made.fill_in()
        made.connect()
        made.log_in()
        yield made


def switch_on(table: str = "[databricks]\n") -> None:
    SETTINGS.write_text(f"{SETTINGS.read_text('utf-8')}\n{table}", encoding="utf-8")


def test_without_a_warehouse_it_is_said_where_it_goes(mine: Desk) -> None:
    for command in (("load",), ("status",), ("check",), ("replay", "abc")):
        assert "The settings name no warehouse." in mine.says(1, "warehouse", *command)


def test_a_run_loads_what_it_brought_and_the_commands_show_it(mine: Desk) -> None:
    switch_on()
    mine.says(0, "warehouse", "check")
    mine.give("run", NAME)
    loaded = mine.data(0, "warehouse", "load")
    assert (loaded["verified"], loaded["failed"]) == (0, 0)
    assert loaded["unchanged"] > 3
    (shown,) = mine.data(0, "warehouse", "status")
    rows = {one["table"]: one["rows"] for one in shown["tables"]}
    assert rows["booking_lines"] > 0
    assert rows["load_audit"] == sum(shown["loads"].values())
    assert f"booking_lines {rows['booking_lines']}" in mine.says(0, "warehouse", "status")
    load = next(one["load"] for one in shown["recent"] if one["kind"] == "batch")
    assert mine.data(0, "warehouse", "replay", load[:12])["verified"] == 1
    assert "There is no load" in mine.says(1, "warehouse", "replay", "ffffffff-none")


def test_a_record_that_the_tables_go_without_is_named(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_on()
    mine.give("run", NAME)
    monkeypatch.setattr(sources, "facts_of", lambda said: replace(facts_of(said), amount=Decimal("1.005")))
    said = mine.says(1, "warehouse", "load")
    assert "is missing in the table vouchers: gross_amount – has more decimal places" in said
    assert "records are missing in the tables; sums are without them." in said
    (shown,) = mine.data(1, "warehouse", "status")
    assert shown["failed"] == []
    assert {one["problem"]["facts"]["given"] for one in shown["left_out"]} == {"1.005"}
    again = mine.data(1, "warehouse", "load")
    assert (again["failed"], len(again["left_out"])) == (0, len(shown["left_out"]))


def test_files_are_imported_and_held_with_a_reason(mine: Desk) -> None:
    switch_on()
    decomposed = unicodedata.normalize("NFD", "Büromöbel")
    Path("ours.csv").write_bytes(extf_of(text=decomposed, encoding="utf-8"))
    Path("theirs.csv").write_bytes(extf_of(NEIGHBOUR))
    said = mine.says(1, "warehouse", "import", "ours.csv", "theirs.csv")
    assert f"The file theirs.csv belongs to the client {NEIGHBOUR}, whom nobody knows here." in said
    assert "ours.csv (29098-55003): taken in" in said
    folder = Path("ml-connector-data/delta").absolute()
    found = queried(folder, "SELECT DISTINCT booking_text, document_number FROM booking_lines")
    assert found == [(unicodedata.normalize("NFC", "Büromöbel"), "0001")]
    assert mine.data(0, "warehouse", "import", "ours.csv")["files"][0]["outcome"] == "known"


def test_a_setting_that_is_none_is_named_with_its_line(mine: Desk) -> None:
    switch_on('[databricks]\nfoldr = "x"\n')
    line = len(SETTINGS.read_text("utf-8").splitlines())
    said = mine.says(2, "warehouse", "status")
    assert f"line {line}: databricks.foldr: is not known here; did you mean folder?" in said


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[DatabricksStandIn, str]]:
    """A workspace, and the settings that name it."""
    monkeypatch.setattr(Stopping, "doze", lambda _self, _seconds: threading.Event().wait(0.01))
    made = create(Options())
    with serve(made.app) as host:
        named = {"host": host, "catalog": "main", "warehouse_id": WAREHOUSE_ID, "client_id": CLIENT_ID}
        rows = (f'{name} = "{value}"' for name, value in named.items())
        yield made, "\n".join(["[databricks]", *rows, ""])
    made.stop()


@pytest.mark.xdist_group("databricks")
def test_the_secret_of_a_workspace_is_tried_and_sealed_before_anything_is_loaded(
    mine: Desk, workspace: tuple[DatabricksStandIn, str]
) -> None:
    standin, table = workspace
    switch_on(table)
    assert "No credentials have been given for Databricks yet" in mine.says(1, "warehouse", "load")
    assert "No credentials have been given" in mine.says(1, "ping", "databricks")
    said = mine.says(2, "warehouse", "connect")
    assert "Credentials are missing: databricks.client_secret." in said
    wrong = '[databricks]\nclient_secret = "dose-not-fit"\n'
    said = mine.says(1, "warehouse", "connect", "--secrets-file", "-", stdin=wrong)
    assert "Databricks does not accept these credentials" in said
    assert "Nothing was stored" in said
    misspelt = '[databricks]\nsecret = "x"\n'
    said = mine.says(2, "warehouse", "connect", "--secrets-file", "-", stdin=misspelt)
    assert "databricks.secret" in said
    right = f'[databricks]\nclient_secret = "{CLIENT_SECRET}"\n'
    said = mine.says(0, "warehouse", "connect", "--secrets-file", "-", stdin=right)
    assert "databricks: tested and accepted: client_secret" in said
    assert "ok" in mine.says(0, "ping", "databricks")
    standin.withhold("MODIFY", "main.ml_connector.booking_lines")
    mine.give("run", NAME)
    said = mine.says(1, "warehouse", "status")
    assert "The service principal lacks a right in Databricks" in said
    assert (
        f"SELECT, MODIFY, READ VOLUME, WRITE VOLUME ON SCHEMA `main`.`ml_connector` TO `{CLIENT_ID}`" in said
    )
    assert "The load waits for that; it is tried again by itself on" in said
    standin.grant("MODIFY", "main.ml_connector.booking_lines")
    mine.give("warehouse", "load")
    assert mine.data(0, "warehouse", "load")["verified"] == 0
    (shown,) = mine.data(0, "warehouse", "status")
    assert set(shown["loads"]) == {"verified"}
    ((count,),) = standin.sql("SELECT count(*) FROM main.ml_connector.booking_lines")
    assert {one["table"]: one["rows"] for one in shown["tables"]}["booking_lines"] == int(count or 0) > 0
    standin.warehouse.turn("DELETED")
    (away,) = mine.data(1, "warehouse", "status")
    assert (away["problem"]["key"], away["tables"]) == ("databricks_no_warehouse", [])
    assert away["loads"] == shown["loads"]
    assert "There is no SQL warehouse" in mine.says(1, "warehouse", "status")
    assert CLIENT_SECRET not in "".join(mine.said)
    assert "they stay valid with the vendor" in mine.says(0, "warehouse", "disconnect")
    assert "No credentials have been given" in mine.says(1, "warehouse", "check")


def test_a_folder_of_tables_needs_no_secret(mine: Desk) -> None:
    switch_on()
    assert "needs no credentials" in mine.says(1, "warehouse", "connect")
    assert mine.data(0, "warehouse", "disconnect") == [{"warehouse": "databricks", "deleted": []}]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('host = "https://x.example"', "a workspace (host) needs catalog, warehouse_id, client_id as well"),
        ('host = "http://x.example"\ncatalog = "c"', "would send credentials unencrypted"),
        ('catalog = "c"', "catalog without host: is it a workspace, or a folder?"),
        ('host = "https://x.example"\nfolder = "x"', "only one of them"),
        ('schema = "a.b"', "is no name of Unity Catalog"),
    ],
)
def test_a_workspace_that_cannot_be_is_named(mine: Desk, table: str, said: str) -> None:
    switch_on(f"[databricks]\n{table}\n")
    assert said in mine.says(2, "warehouse", "status")
