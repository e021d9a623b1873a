"""Roles: who may do what, as `roles.toml` says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Literal, get_args

Role = Literal["admin", "bookkeeper", "adviser", "auditor"]
Verb = Literal[
    "see",
    "prove",
    "confirm",
    "map",
    "bind_numbers",
    "open_from",
    "replay",
    "ignore",
    "unignore",
    "booked_by_hand",
    "distinct",
    "hold",
    "approve",
    "reread",
    "run",
    "release",
    "resume",
    "resend",
    "persons",
    "check",
    "login",
    "invite",
    "connect",
    "disconnect",
    "warehouse",
    "notify",
    "people",
]

ALLOWED: Mapping[str, frozenset[str]] = {
    verb: frozenset(roles)
    for verb, roles in tomllib.loads(
        files(__package__).joinpath("roles.toml").read_text(encoding="utf-8")
    ).items()
}
"""The roles that have each verb."""


ROLES: tuple[Role, ...] = get_args(Role)
"""All roles; each may do more than those after it."""


def may(role: str, verb: Verb) -> bool:
    """Whether a role is allowed to do something."""
    return role in ALLOWED[verb]
