from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from mlconnector.standins.base import Options, names
from mlconnector.standins.dynamics import CLIENT_ID, CLIENT_SECRET, TENANT_ID, DynamicsStandIn, create
from tests.standins.conftest import Switch
from tests.standins.dynamics.conftest import HEADERS, Api


def edit(standin: DynamicsStandIn) -> None:
    standin.change_invoice(1, name="geändert", discountamount=Decimal("5.00"))
    standin.change_line(2, 0, quantity=Decimal(4))
    standin.cancel(3)
    standin.delete(4)
    standin.copy_invoice(5)
    standin.add_note(6, "Nachtrag.pdf", bytes(range(256)))
    standin.put_file(7, "Datei.pdf", b"%PDF-1.7")
    standin.add_column("invoice", "new_project")
    standin.rename_option("invoice", "new_costcenter", 100, "100 Zentrale")
    standin.set_tracking("contact", enabled=False)
    standin.set_privilege("account", "basic")


PATHS = (
    "invoices?$orderby=createdon",
    "invoicedetails",
    "annotations?$select=documentbody,filename,filesize",
    "accounts",
    "EntityDefinitions?$select=LogicalName,ChangeTrackingEnabled",
    "EntityDefinitions(LogicalName='invoice')/Attributes?$select=LogicalName",
)


def test_a_restart_changes_nothing(api: Api, switch: Switch, records: int, tmp_path: Path) -> None:
    state_file = tmp_path / "dynamics.json"
    first = create(Options(records=records, state_file=state_file))
    switch.app = first.app
    api.headers = Api(api.client).headers
    link = api.get("invoices?$select=name", "odata.track-changes").json()["@odata.deltaLink"]
    line_link = api.get("invoicedetails?$select=tax", "odata.track-changes").json()["@odata.deltaLink"]
    edit(first)
    before = {path: api.get(path, 'odata.include-annotations="*"').json() for path in PATHS}
    changes = api.get(line_link).json()["value"]
    first.save()
    second = create(Options(records=records, state_file=state_file))
    switch.app = second.app
    assert {path: api.get(path, 'odata.include-annotations="*"').json() for path in PATHS} == before
    assert api.get(line_link).json()["value"] == changes
    assert api.get(link).status_code == 400
    assert second.touch(8)["versionnumber"] > first.environment.edited.version
    second.change_line(2, 0, quantity=Decimal(5))
    second.change_invoice(1, name="noch einmal")


def test_a_second_restart_changes_nothing_either(tmp_path: Path) -> None:
    state_file = tmp_path / "dynamics.json"
    first = create(Options(records=50, state_file=state_file))
    edit(first)
    first.save()
    saved = state_file.read_bytes()
    create(Options(records=50, state_file=state_file)).save()
    assert json.loads(state_file.read_bytes()) == json.loads(saved)


def test_a_state_of_another_environment_is_refused(tmp_path: Path) -> None:
    state_file = tmp_path / "dynamics.json"
    create(Options(records=30, state_file=state_file)).save()
    with pytest.raises(ValueError, match="belongs to 30 records of seed 1"):
        create(Options(records=31, state_file=state_file))


def test_without_a_state_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    create(Options(records=2)).save()
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_is_asked_to_stop_keeps_its_state(tmp_path: Path) -> None:
    state_file = tmp_path / "dynamics.json"
    command = [sys.executable, "-m", "mlconnector.standins", "dynamics", "--records", "5"]
    with subprocess.Popen([*command, "--state", str(state_file)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        form = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "scope": f"{url}/.default",
        }
        token = httpx.post(f"{url}/{TENANT_ID}/oauth2/v2.0/token", data=form).json()["access_token"]
        headers = HEADERS | {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{url}/api/data/v9.2/invoices/$count", headers=headers).text == "5"
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert token in create(Options(records=5, state_file=state_file)).entra.tokens


def test_the_demo_enters_what_this_environment_has() -> None:
    assert "dynamics" in names()
    text = files("mlconnector.standins.dynamics").joinpath("demo.toml").read_text(encoding="utf-8")
    demo, standin = tomllib.loads(text), create(Options(records=1))
    source, environment = demo["source"], standin.environment
    assert (source["tenant"], source["client_id"]) == (standin.tenant_id, standin.client_id)
    assert demo["secrets"]["dynamics"]["client_secret"] == standin.client_secret
    assert source["documents"]["template"] == standin.template_id
    assert source["documents"]["file_column"] in environment.columns["invoice"]
    for columns in source["columns"].values():
        for column in columns if isinstance(columns, list) else [columns]:
            table, _, name = column.rpartition(".")
            assert name in environment.columns[table or "invoice"]
    categories = {option.german for option in environment.options("product", "new_category").values()}
    assert {row["category"] for row in demo["mapping"]["revenue"] if "category" in row} == categories
    centres = {option.german for option in environment.options("invoice", "new_costcenter").values()}
    assert set(demo["mapping"]["cost_centre_1"]["table"]) == centres
    classes = {option.german for option in environment.options("invoicedetail", "new_taxclass").values()}
    assert {row["tax_code"] for row in demo["mapping"]["tax_case"]} <= classes
