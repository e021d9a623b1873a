"""Warehouses over the API: what the tables hold, files that are uploaded, loads that are carried again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mlconnector.systems.databricks.settings import Settings
from tests.flow.rig import MUSTERHOLZ
from tests.flow.warehouse.test_imports import NEIGHBOUR, extf_of
from tests.web.rig import Rig, rig

API = "/api/v1/warehouses"


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Rig]:
    """An installation on SQLite that loads into a folder."""
    with rig(f"sqlite:///{tmp_path / 'mine.sqlite'}", tmp_path) as made:
        tables = {"databricks": Settings(folder=tmp_path / "delta")}
        services = made.application.services
        services.settings = services.settings.model_copy(update={"warehouses": tables})
        made.connect()
        yield made


@pytest.fixture
def api(mine: Rig) -> httpx.Client:
    return mine.program()


def test_an_uploaded_file_is_loaded_once_and_one_of_a_stranger_is_held(api: httpx.Client) -> None:
    for outcome, verified in (("taken", True), ("known", False)):
        answer = api.post(f"{API}/files", params={"file_name": "theirs.csv"}, content=extf_of())
        assert answer.status_code == 200, answer.text
        (file,) = answer.json()["files"]
        assert (file["outcome"], file["client"]) == (outcome, MUSTERHOLZ)
        assert (answer.json()["verified"] > 0) is verified
    held = api.post(f"{API}/files", params={"file_name": "other.csv"}, content=extf_of(NEIGHBOUR)).json()
    assert [one["problem"]["key"] for one in held["files"]] == ["warehouse_client_unknown"]
    (state,) = api.get(API).json()["warehouses"]
    rows = {one["table"]: one["rows"] for one in state["tables"]}
    assert rows["booking_lines"] > 0
    load = next(one for one in state["recent"] if one["kind"] == "import")
    assert (load["state"], load["source_rows"]) == ("verified", load["target_rows"])
    again = api.post(f"{API}/loads/{load['load'][:12]}/replay").json()
    assert (again["verified"], again["failed"]) == (1, 0)
    assert api.post(f"{API}/loads").json()["verified"] == 0


def test_what_is_no_load_and_no_file_is_refused_in_words(api: httpx.Client) -> None:
    answer = api.post(f"{API}/loads/ffff/replay")
    assert (answer.status_code, answer.json()["cause"]) == (409, "warehouse_load_unknown")
    damaged = api.post(f"{API}/files", params={"file_name": "x.csv"}, content=b"no file").json()
    assert [one["outcome"] for one in damaged["files"]] == ["held"]


def test_without_a_warehouse_there_is_none(mine: Rig, api: httpx.Client) -> None:
    services = mine.application.services
    services.settings = services.settings.model_copy(update={"warehouses": {}})
    assert api.get(API).json() == {"warehouses": []}
    assert api.post(f"{API}/loads").json()["cause"] == "no_warehouse"


def test_nobody_loads_anything_without_the_token(mine: Rig) -> None:
    for method, path in (("GET", ""), ("POST", "/loads"), ("POST", "/files"), ("POST", "/loads/a/replay")):
        assert mine.browser().request(method, f"{API}{path}").status_code == 401
