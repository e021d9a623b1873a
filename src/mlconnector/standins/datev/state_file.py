"""The state of a stand-in as a JSON file, replaced as a whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlconnector.standins import state_file


def read(path: Path | None) -> Mapping[str, Any] | None:
    """The state, None when there is no file yet."""
    if path is None or not path.exists():
        return None
    state: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return state


def write(path: Path, state: Mapping[str, Any]) -> None:
    """Replace the file."""
    state_file.replace(path, json.dumps(state, ensure_ascii=False).encode())
