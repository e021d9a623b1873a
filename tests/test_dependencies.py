"""What the product is installed with: what it imports and no more, locked, with known licences."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.txt", "requirements-dev.txt")
# SQLAlchemy loads the one by the address of the database, Starlette the other for the forms of a request.
NOT_IMPORTED_BY_NAME = {"psycopg", "python-multipart"}


def imported() -> Iterator[str]:
    """The first names of all modules that the product imports, wherever in a file."""
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (one.name.partition(".")[0] for one in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def normal(name: str) -> str:
    """The name of a package as indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=;~! ]", name, maxsplit=1)[0]).lower()


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return {normal(one) for one in project["dependencies"]}


def test_every_dependency_is_imported() -> None:
    owners = packages_distributions()
    used = {normal(owner) for module in set(imported()) for owner in owners.get(module, ())}
    assert declared() - used == NOT_IMPORTED_BY_NAME


@pytest.mark.parametrize("lock", LOCKS)
def test_the_locks_name_no_host_and_hash_every_wheel(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    pinned = re.findall(r"^\S+==(?:.*\\\n)(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", text, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^\S+==", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_the_locks_have_what_is_declared(lock: str) -> None:
    names = re.findall(r"^(\S+)==", (ROOT / lock).read_text("utf-8"), re.MULTILINE)
    assert declared() <= {normal(name) for name in names}


def test_the_licence_of_every_wheel_is_listed() -> None:
    listed = subprocess.run(
        [sys.executable, ROOT / "scripts/licences.py"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    names = re.findall(r"^(\S+)==", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert [line.partition(" ")[0] for line in listed] == names
    assert "psycopg 3" in "\n".join(line for line in listed if line.endswith(": LGPL-3.0-only"))
