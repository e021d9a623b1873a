"""Where a value stands in a TOML text, for complaints that name the line."""

from __future__ import annotations

from collections.abc import Sequence


def line_of(text: str, location: Sequence[str | int]) -> int | None:
    """The line of a TOML text where a value stands, as near as can be said without a full parse."""
    wanted = [part for part in location if isinstance(part, str)]
    index = next((part for part in location if isinstance(part, int)), 0)
    best: tuple[int, int] | None = None
    table: list[str] = []
    seen: dict[str, int] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith("["):
            name = line.strip("[]").strip()
            table = [part.strip().strip('"') for part in name.split(".")]
            seen[name] = seen.get(name, -1) + 1
            if line.startswith("[[") and seen[name] != index:
                table = []
                continue
            here = table
        elif "=" in line and not line.startswith("#"):
            here = [*table, *(part.strip().strip('"') for part in line.partition("=")[0].split("."))]
        else:
            continue
        depth = len(here)
        if here == wanted[:depth] and (best is None or depth > best[0]):
            best = (depth, number)
    return best[1] if best else None
