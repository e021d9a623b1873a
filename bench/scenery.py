"""Stand-ins and a connected installation for one measurement."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlconnector.commands.demonstration import Scene, stage


@contextmanager
def scenery(folder: Path, records: int) -> Iterator[Scene]:
    """Stand-ins of Pipedrive with `records` deals and of DATEV without artificial delay."""
    folder.mkdir(parents=True)
    with stage(folder, ["pipedrive", "datev"], records, delay=0.0) as scene:
        yield scene


def measured_run(folder: Path, scene: Scene) -> dict[str, float]:
    """The product's whole way in a process of its own; what it measured of itself."""
    command = [sys.executable, "-m", "bench.product", str(folder), json.dumps(scene.urls)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    if finished.returncode != 0:
        raise RuntimeError(finished.stderr[-4000:])
    return dict(json.loads(finished.stdout.splitlines()[-1]))
