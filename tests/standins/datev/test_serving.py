from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mlconnector.standins.base import Options, names
from mlconnector.standins.base import create as create_by_name
from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.faults import Fault
from mlconnector.standins.serving import serve
from tests.standins.datev.support import MUSTERHOLZ, PDF, extf, logged_in, post_extf, put_document


@pytest.fixture
def network(standin: DatevStandIn) -> Iterator[httpx.Client]:
    with serve(standin.app) as url, httpx.Client(base_url=url) as client:
        client.headers.update(logged_in(standin).headers)
        yield client


def test_it_is_found_by_its_name(standin: DatevStandIn) -> None:
    assert "datev" in names()
    assert isinstance(create_by_name("datev", standin.options), DatevStandIn)


def test_an_answer_that_got_lost_leaves_the_document_behind(
    standin: DatevStandIn, network: httpx.Client
) -> None:
    guid = str(uuid.uuid4())
    standin.faults.add(Fault("lose_answer", method="PUT", path="/documents/"))
    with pytest.raises(httpx.TransportError):
        put_document(network, guid=guid)
    assert (MUSTERHOLZ, guid) in standin.documents
    assert put_document(network, guid=guid).json()["error"] == "#DCO01012"


def test_a_request_that_got_lost_leaves_nothing_behind(standin: DatevStandIn, network: httpx.Client) -> None:
    standin.faults.add(Fault("lose_request", method="PUT", path="/documents/"))
    with pytest.raises(httpx.TransportError):
        put_document(network, guid=str(uuid.uuid4()))
    assert not standin.documents


def test_an_import_whose_answer_got_lost_is_found_by_its_reference(
    standin: DatevStandIn, network: httpx.Client
) -> None:
    standin.faults.add(Fault("lose_answer", path="/import"))
    with pytest.raises(httpx.TransportError):
        post_extf(network, headers={"Reference-Id": "batch 1"})
    assert [job.reference_id for job in standin.jobs] == ["batch 1"]


def test_large_uploads_are_answered_even_when_they_are_refused(network: httpx.Client) -> None:
    network.headers["Authorization"] = "Bearer wrong"
    assert put_document(network, content=PDF + b" " * 5_000_000).status_code == 401
    assert post_extf(network, extf(rows=50_000)).status_code == 401


def test_discovery_names_the_address_it_was_asked_at(network: httpx.Client) -> None:
    found = network.get("/openid/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{str(network.base_url).rstrip('/')}/token"


def test_a_process_that_is_asked_to_stop_keeps_its_state(tmp_path: Path) -> None:
    state = tmp_path / "datev.json"
    command = [sys.executable, "-m", "mlconnector.standins", "datev", "--delay", "1", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        keys = httpx.get(f"{url}/certs").json()
        process.terminate()
    assert process.returncode == 0
    after = create_by_name("datev", Options(state_file=state))
    with serve(after.app) as url:
        assert httpx.get(f"{url}/certs").json() == keys
