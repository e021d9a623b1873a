from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from mlconnector.standins.base import Options
from mlconnector.standins.pipedrive import API_TOKEN, CLIENT_ID, CLIENT_SECRET, PipedriveStandIn, create


def test_a_restarted_stand_in_continues(
    tmp_path: Path, put_behind: Callable[[PipedriveStandIn], None], url: str
) -> None:
    state_file = tmp_path / "pipedrive.json"
    first = create(Options(records=30, state_file=state_file))
    put_behind(first)
    with httpx.Client(base_url=url) as client:
        authorized = client.get(
            "/oauth/authorize", params={"client_id": CLIENT_ID, "redirect_uri": "http://localhost/"}
        )
        form = {
            "grant_type": "authorization_code",
            "code": authorized.headers["location"].rpartition("=")[2],
            "redirect_uri": "http://localhost/",
        }
        token = client.post("/oauth/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET)).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        _edit(first)
        webhook = {
            "subscription_url": "http://localhost/hook",
            "event_action": "*",
            "event_object": "deal",
            "name": "Haken",
        }
        assert client.post("/api/v1/webhooks", json=webhook).status_code == 201
        paths = [
            "/api/v2/deals",
            "/api/v2/organizations",
            "/api/v2/dealFields",
            "/api/v1/deals/3/files",
            "/api/v1/deals/2/changelog",
            "/api/v1/webhooks",
            "/api/v2/deals/1/products",
        ]
        before = {path: client.get(path).json() for path in paths}
        first.save()
        second = create(Options(records=30, state_file=state_file))
        put_behind(second)
        assert {path: client.get(path).json() for path in paths} == before
        second.change_deal(5, title="später")
        assert second.deal(5).update_time > max(first.deal(deal_id).update_time for deal_id in (1, 2, 3))


def _edit(standin: PipedriveStandIn) -> None:
    standin.change_deal(1, title="geändert", custom_fields={"Rechnungsnummer": "RE-1"})
    standin.change_line(1, 0, quantity=4)
    standin.reopen(2)
    standin.add_file(3, "Nachtrag.pdf", bytes(range(256)))
    standin.rename_field("deal", "Rechnungsdatum", "Datum der Rechnung")
    standin.merge("deal", 8, into=9)
    standin.merge("organization", 100_003, into=100_004)


def test_a_state_of_another_account_is_refused(tmp_path: Path) -> None:
    state_file = tmp_path / "pipedrive.json"
    create(Options(records=30, state_file=state_file)).save()
    with pytest.raises(ValueError, match="belongs to 30 records of seed 1"):
        create(Options(records=31, state_file=state_file))


def test_without_a_state_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    create(Options(records=2)).save()
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_is_asked_to_stop_keeps_its_state(tmp_path: Path) -> None:
    state_file = tmp_path / "pipedrive.json"
    command = [
        sys.executable,
        "-m",
        "mlconnector.standins",
        "pipedrive",
        "--records",
        "5",
        "--state",
        str(state_file),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        assert len(httpx.get(f"{url}/api/v2/deals", headers={"x-api-token": API_TOKEN}).json()["data"]) == 5
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert create(Options(records=5, state_file=state_file)).deal(5).id == 5
