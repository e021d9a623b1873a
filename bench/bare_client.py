"""A bare client: the product's own HTTP calls once more, with no logic, no database, no checks."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from mlconnector.standins.datev import APP, SECRET
from mlconnector.standins.pipedrive import API_TOKEN

THREADS = 8
_PDF = b"%%PDF-1.4\n%% bare client, document number %d\n%%%%EOF\n" + b"%%" * 600


def replay(folder: Path, pipedrive: str, datev: str) -> dict[str, float]:
    """Repeat the calls that the technical log under `folder` holds, against fresh addresses."""
    calls = _calls(folder)
    files = sorted((folder / "received").rglob("extf/*.csv"))
    tokens = _login(datev)
    headers = {"Authorization": f"Bearer {tokens}", "X-DATEV-Client-Id": APP, "Accept": "application/json"}
    with (
        httpx.Client(base_url=pipedrive, headers={"x-api-token": API_TOKEN}) as source,
        httpx.Client(base_url=datev, headers=headers) as sink,
        ThreadPoolExecutor(THREADS) as threads,
    ):
        reads = [path for system, method, path in calls if system == "pipedrive"]
        sink_reads = [
            path
            for system, method, path in calls
            if system == "datev"
            and method == "GET"
            and "/jobs" not in path
            and "openid" not in path
            and "userinfo" not in path
        ]
        puts = sum(1 for system, method, _ in calls if system == "datev" and method == "PUT")
        started = time.perf_counter()
        list(
            threads.map(
                lambda path: source.get(path, follow_redirects=True).raise_for_status().content, reads
            )
        )
        list(threads.map(lambda path: sink.get(path).raise_for_status().content, sink_reads))
        list(threads.map(lambda number: _put(sink, number), range(puts)))
        for file in files:
            _submit(sink, file)
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "calls": len(reads) + len(sink_reads) + puts + 2 * len(files)}


def _calls(folder: Path) -> list[tuple[str, str, str]]:
    with sqlite3.connect(folder / "ml-connector.sqlite") as database:
        rows = database.execute("select system, method, url from http_log order by id").fetchall()
    return [(system, method, _path(url)) for system, method, url in rows]


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _login(datev: str) -> str:
    scopes = (
        "openid profile datev:accounting:clients accounting:documents accounting:clients:read "
        "datev:accounting:extf-files-import"
    )
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    query = {
        "response_type": "code",
        "client_id": APP,
        "redirect_uri": "http://localhost/",
        "scope": scopes,
        "state": "s" * 24,
        "nonce": "n" * 24,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    answer = httpx.get(f"{datev}/openid/authorize", params=query)
    form = {
        "grant_type": "authorization_code",
        "code": httpx.URL(answer.headers["location"]).params["code"],
        "redirect_uri": "http://localhost/",
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    basic = b64encode(f"{APP}:{SECRET}".encode()).decode()
    answer = httpx.post(f"{datev}/token", data=form, headers={"Authorization": f"Basic {basic}"})
    return str(answer.raise_for_status().json()["access_token"])


def _put(sink: httpx.Client, number: int) -> None:
    metadata = {
        "document_type": "Rechnungsausgang",
        "category": "bare",
        "folder": "bare",
        "register": "2026/07",
    }
    parts: dict[str, tuple[str | None, bytes, str]] = {
        "file": (f"bare-{number}.pdf", _PDF % number, "application/pdf"),
        "metadata": (None, json.dumps(metadata).encode(), "application/json"),
    }
    path = f"/accounting-documents/platform/v2/clients/29098-55003/documents/{uuid.uuid4()}"
    sink.put(path, files=parts).raise_for_status()


def _submit(sink: httpx.Client, file: Path) -> None:
    base = "/accounting-extf-files/platform/v3"
    headers = {"Content-Type": "application/octet-stream", "Filename": file.name, "Reference-Id": file.stem}
    answer = sink.post(
        f"{base}/clients/29098-55003/extf-files/import", content=file.read_bytes(), headers=headers
    )
    location = answer.raise_for_status().headers["location"]
    sink.get(f"{base}{location}").raise_for_status()
