"""The state of a stand-in as a JSON file, replaced as a whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read(path: Path | None) -> Mapping[str, Any] | None:
    """The state, None when there is no file yet."""
    if path is None or not path.exists():
        return None
    state: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return state


def write(path: Path, state: Mapping[str, Any]) -> None:
    """Replace the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
    new.replace(path)
