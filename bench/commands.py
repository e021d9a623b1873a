"""How quick commands are to the hand: processor time against a bare start of Python; a whole preview."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from bench.scenery import scenery
from mlconnector.app import opened
from mlconnector.commands.demo import demo_settings, set_up
from mlconnector.commands.demonstration import Scene

_ROUNDS = 7
_CLI = ("-m", "mlconnector.cli")
_NAME = "demo-pipedrive"


def measure(folder: Path, records: int = 2_000) -> dict[str, float]:
    """Processor seconds of commands as multiples of a bare start, and seconds of a preview of everything.

    Memory files and byte code are warm: each command is given once before it is measured.
    """
    with scenery(folder, records) as scene:
        with opened(demo_settings(folder)) as app:
            set_up(app, "pipedrive", Scene(scene.urls), lambda _text: None)
        settings = folder / "ml-connector.toml"
        settings.write_text(f'data_dir = "{folder.absolute()}"\n', encoding="utf-8")
        bare = _processor_seconds(settings, "-c", "pass")
        found = {"bare_start_seconds": bare}
        for name, words in (("help", ["--help"]), ("version", ["--version"]), ("status", ["status"])):
            seconds = _processor_seconds(settings, *_CLI, *words)
            found[f"{name}_seconds"] = seconds
            found[f"{name}_against_bare_start"] = round(seconds / bare, 1)
        found |= _preview(settings, records)
    return found


def _processor_seconds(settings: Path, *words: str) -> float:
    """Median of several rounds."""
    _once(settings, *words)
    return round(median(_once(settings, *words) for _ in range(_ROUNDS)), 3)


def _once(settings: Path, *words: str) -> float:
    with subprocess.Popen(
        [sys.executable, *words],
        env=_environment(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return usage.ru_utime + usage.ru_stime


def _preview(settings: Path, records: int) -> dict[str, float]:
    """How long a preview takes, and after how many seconds it gives its first sign of life."""
    started, first = time.perf_counter(), None
    words = [sys.executable, *_CLI, "preview", _NAME, "--limit", str(records), "--csv", os.devnull]
    with subprocess.Popen(
        words, env=_environment(settings), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stderr or ():
            if first is None and re.search(r"\d+ s", line):
                first = time.perf_counter() - started
    whole = time.perf_counter() - started
    return {"preview_seconds": round(whole, 1), "preview_first_sign_seconds": round(first or whole, 1)}


def _environment(settings: Path) -> dict[str, str]:
    # Byte code as an installation has it, also where the surroundings forbid writing it.
    warm = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(settings.parent / "byte-code")}
    return {**os.environ, **warm, "MLCONNECTOR_CONFIG": str(settings), "LC_ALL": "C.UTF-8"}
