"""Roles: what whom is allowed, as `roles.toml` says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

Role = Literal["admin", "bookkeeper", "adviser", "auditor"]
Verb = Literal["see", "confirm", "work", "send", "set_up", "people"]

ALLOWED: Mapping[str, frozenset[str]] = {
    role: frozenset(verbs)
    for role, verbs in tomllib.loads(
        files(__package__).joinpath("roles.toml").read_text(encoding="utf-8")
    ).items()
}
"""The verbs of each role."""


def may(role: str, verb: Verb) -> bool:
    """Whether a role is allowed to do something."""
    return verb in ALLOWED.get(role, frozenset())
