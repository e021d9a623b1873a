"""The state of a stand-in as a file: replaced as a whole, and good for the account that it was written of."""

from __future__ import annotations

from pathlib import Path

from mlconnector.standins.base import Options


def replace(path: Path, content: bytes) -> None:
    """Put new content in the place of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def refuse_another(path: Path, options: Options, records: int, seed: int) -> None:
    """Raise ValueError where the file was written of another number of records, or of another seed."""
    if (records, seed) != (options.records, options.seed):
        raise ValueError(
            f"{path} belongs to {records} records of seed {seed}, "
            f"not to {options.records} of seed {options.seed}. "
            "Start with the numbers of the file, or remove it."
        )
