"""Official specifications and samples: they lie beside the repository, not in it, since they are others' own.

Where they are absent, the tests that compare with them are skipped; where `CI` is set, they fail.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = (Path(__file__).resolve().parents[1] / "../shared/conformance").resolve()


def located(name: str) -> Path:
    """Where a folder or file lies, whether or not it is there: `located("extf/samples")`."""
    return FOLDER / name


def needs(name: str) -> pytest.MarkDecorator:
    """Marks tests that need a folder or file; raises FileNotFoundError where it must be there and is not."""
    return pytest.mark.skipif(not _is_there(name), reason=_absence(name))


def required(name: str) -> Path:
    """The folder or file for the test that asks for it; skips the test where it is absent."""
    if not _is_there(name):
        pytest.skip(_absence(name))
    return located(name)


def _is_there(name: str) -> bool:
    there = located(name).exists()
    if not there and os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        raise FileNotFoundError(_absence(name))
    return there


def _absence(name: str) -> str:
    return f"{name} is not in {FOLDER}"
