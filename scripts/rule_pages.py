"""Writes the pages of the checker's rules: `.venv/bin/python scripts/rule_pages.py`."""

from __future__ import annotations

from pathlib import Path

from mlconnector.formats.extf.rule_pages import pages

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference" / "rules"


def main() -> None:
    """Write every page, and remove pages that no group has any more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = pages()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    for path in FOLDER.glob("*.md"):
        if path.name not in made:
            path.unlink()


if __name__ == "__main__":
    main()
