"""The files that a page of the documentation shows: its fenced blocks that are titled with a path."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADD_A_SYSTEM = ROOT / "docs/how-to/add-a-system.md"
_BLOCK = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> dict[str, str]:
    """The text of each file on a page, by its path in the project."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    files = dict(found)
    assert len(files) == len(found), "two blocks have one path"
    return files


def write_down(files: dict[str, str], tree: Path) -> None:
    """Write each file to its path in a tree, where none of them may be yet."""
    for path, text in files.items():
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
