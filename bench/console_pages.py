"""How long the server takes for each page of the console when there are many vouchers, on both databases.

`python -m bench.console_pages` prints the milliseconds of the first time that a page is asked for, the median
of several after it, and its ratio to the smallest page of the same run. What is taken along as a whole is
measured by itself, once.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text
from tests.databases import running_postgres

from bench import filling
from bench.console_addresses import downloads, pages
from mlconnector.app import Application, opened
from mlconnector.cli import OBJECTS_BETWEEN_COLLECTIONS
from mlconnector.flow.people import users
from mlconnector.settings import Settings
from mlconnector.store.database import open_database
from mlconnector.store.seals import generate_master_key
from mlconnector.web.application import create_app
from mlconnector.web.console.screens import console

VOUCHERS = 50_000
DATABASES = ("sqlite", "postgresql")
LIMIT = 200
"""Milliseconds that no page takes longer than."""
_TIMES = 5
_USER, _PASSWORD = "bench@example.com", "four random words here"
_HERE = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "de"}


def measure(count: int = VOUCHERS, only: str = "") -> dict[str, Any]:
    """The milliseconds of each page and download by database, and how long it took to fill them.

    `only` is a part of the names of pages that are measured.
    """
    found: dict[str, Any] = {"vouchers": count}
    # As every command begins.
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(Path(folder))
        started = time.perf_counter()
        filling.fill(settings, count)
        found["seconds_to_fill"] = round(time.perf_counter() - started, 1)
        with opened(settings) as app:
            users.add(app.services, _USER, "admin", _PASSWORD, by="bench")
        for name in DATABASES:
            with _filled(name, settings) as its, opened(its) as app:
                found[name] = asyncio.run(_measured(app, only))
    return found


def show(found: Mapping[str, Any]) -> None:
    """Print the pages, and what takes longer than it may."""
    for name in DATABASES:
        for kind, times in found[name].items():
            smallest = min((took for _, took in times.values()), default=1)
            print(f"\n{name}: {kind}, {found['vouchers']:,} vouchers, the first time and then")
            for title, (first, took) in times.items():
                over = " over" if kind == "pages" and took > LIMIT else ""
                print(f"{title:40} {first:>8,.0f} ms {took:>8,.0f} ms {took / smallest:>7.1f}{over}")


def _settings(folder: Path) -> Settings:
    key = folder / "master.key"
    key.touch(mode=0o600)
    key.write_text(generate_master_key())
    return Settings.model_validate(
        {
            "data_dir": folder,
            "database_url": f"sqlite:///{folder / 'bench.sqlite'}",
            "master_key_file": key,
            "language": "de",
        }
    )


@contextmanager
def _filled(name: str, settings: Settings) -> Iterator[Settings]:
    """Settings of a filled database of a kind; both have the same rows."""
    if name == "sqlite":
        yield settings
        return
    with running_postgres() as server, server.fresh("migrated") as url:
        source, target = open_database(settings.database), open_database(url)
        filling.copy(source, target)
        source.close()
        with target.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.execute(text("ANALYZE"))
        target.close()
        yield Settings.model_validate({**settings.model_dump(), "database_url": url})


async def _measured(app: Application, only: str) -> dict[str, dict[str, tuple[float, float]]]:
    with app.database.read() as db:
        asked, taken = pages(db), downloads(db)
    transport = httpx.ASGITransport(app=create_app(app, None, console()))
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=_HERE) as browser:
        answer = await browser.post("/console/login", data={"name": _USER, "password": _PASSWORD})
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise RuntimeError(answer.text)
        return {
            "pages": {
                title: await _took(browser, address, _TIMES)
                for title, address in asked.items()
                if only in title
            },
            "downloads": {
                title: await _took(browser, address, 1) for title, address in taken.items() if only in title
            },
        }


async def _took(browser: httpx.AsyncClient, address: str, times: int) -> tuple[float, float]:
    """The milliseconds of the first time, which warms up, and the median of those after it, if any."""
    took = []
    for _ in range(times + (times > 1)):
        started = time.perf_counter()
        answer = await browser.get(f"/console/{address}")
        took.append((time.perf_counter() - started) * 1000)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{address}: {answer.status_code} {answer.headers.get('location', '')}")
    return round(took[0], 1), round(statistics.median(took[-times:]), 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.console_pages")
    parser.add_argument("--vouchers", type=int, default=VOUCHERS)
    parser.add_argument("--only", default="", help="a part of the names of pages")
    given = parser.parse_args()
    show(measure(given.vouchers, given.only))
