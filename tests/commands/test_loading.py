"""What a command loads before it answers: each library is time that somebody waits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.desk import NAME, desk

ENDED_WITH = """
import sys
from mlconnector.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def loaded_by(*words: str) -> set[str]:
    """The modules that a command has loaded when it ends."""
    ended = subprocess.run([sys.executable, "-c", ENDED_WITH, *words], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert NAME in ended.stdout
    return set(ended.stderr.splitlines()[-1].split())


def test_status_asks_no_system_and_loads_nothing_that_speaks_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path, 1, monkeypatch) as mine:
        mine.says(0, "init")
        mine.fill_in()
        mine.connect()
        mine.log_in()
    loaded = loaded_by("status")
    assert "mlconnector.systems.pipedrive.settings" in loaded
    assert not loaded & {"httpx", "mlconnector.systems.kit.http", "apprise", "requests"}
