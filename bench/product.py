"""The product's whole way as one process that measures itself: `python -m bench.product FOLDER URLS`."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mlconnector.app import opened
from mlconnector.commands.demo import demo_settings, set_up
from mlconnector.commands.demonstration import Scene
from mlconnector.commands.working import work_through
from mlconnector.flow.report import overview
from mlconnector.settings import Settings

NAME = "demo-pipedrive"


def main(folder: Path, urls: dict[str, str]) -> dict[str, Any]:
    """Connect, then measure from the first read to the last settled batch."""
    settings = demo_settings(folder).model_copy(update={"queue_seconds": Settings().queue_seconds})
    with opened(settings) as app:
        set_up(app, "pipedrive", Scene(urls), lambda _text: None)
        statements = 0

        def count(*_arguments: object) -> None:
            nonlocal statements
            statements += 1

        before = _peak_memory()
        with app.working() as workflows:
            sa.event.listen(app.database.engine, "before_cursor_execute", count)
            started = time.perf_counter()
            work_through(app, workflows, [NAME], None)
            seconds = time.perf_counter() - started
        report = overview.connection(app.context(NAME))
        usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "records": sum(report["vouchers"].values()),
        "settled": report["vouchers"].get("settled", 0),
        "batches": len(report["batches"]),
        "statements": statements,
        "memory_before_mb": before,
        "peak_memory_mb": _peak_memory(),
    }


def _peak_memory() -> float:
    """Highest resident memory of this process in MB; `ru_maxrss` would count the parent's as well."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), json.loads(sys.argv[2]))))
