"""Processes of this checkout's Python: how they begin and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

_ROOT = Path(__file__).parents[1]
_SECONDS = 30.0


def started(
    module: str,
    *arguments: str,
    folder: Path,
    log: IO[bytes],
    settings: Mapping[str, str] | None = None,
    talks: bool = False,
) -> subprocess.Popen[Any]:
    """Start a module as a program that works in the folder, with no settings but the given ones.

    What it says goes into the log; one that talks is spoken to by text on standard input and output.
    """
    environment = {name: value for name, value in os.environ.items() if "MLCONNECTOR" not in name}
    environment |= settings or {}
    environment["PYTHONPATH"] = os.pathsep.join([str(_ROOT), str(_ROOT / "src")])
    pipe = subprocess.PIPE if talks else None
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env=environment,
        stdin=pipe or subprocess.DEVNULL,
        stdout=pipe or log,
        stderr=log,
        text=talks or None,
    )


def ended(process: subprocess.Popen[Any]) -> None:
    """End a process at once, if it still runs, even one that is frozen."""
    if process.poll() is None:
        process.kill()
        process.send_signal(signal.SIGCONT)
    process.wait(_SECONDS)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
