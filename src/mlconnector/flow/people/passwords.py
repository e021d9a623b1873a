"""Passwords: which are good enough, and their hashes (Argon2id, with the parameters of the library)."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem

SHORTEST, LONGEST = 12, 1000
FEWEST_DIFFERENT = 6
"""Characters that differ; `aaaaaaaaaaaa` and `123123123123` have fewer."""
HASHER = PasswordHasher()
# A hash takes 64 MiB: strangers who log in all at once must not take the memory of the machine.
_AT_ONCE = threading.BoundedSemaphore(2)


def refuse_weak(password: str, name: str) -> None:
    """Raise NeedsHuman (`password_too_short`, `password_too_long`, `password_too_simple`) for a weak one."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        raise NeedsHuman(Problem("password_too_short", {"limit": str(SHORTEST)}))
    if len(plain) > LONGEST:
        raise NeedsHuman(Problem("password_too_long", {"limit": str(LONGEST)}))
    without_name = plain.casefold().replace(name.casefold(), "") if name else plain
    if len(set(plain.casefold())) < FEWEST_DIFFERENT or len(without_name) < SHORTEST - 4:
        raise NeedsHuman(Problem("password_too_simple", {}))


def hash_of(password: str) -> str:
    """What is kept of a password."""
    with _AT_ONCE:
        return HASHER.hash(_plain(password))


def verifies(password_hash: str | None, password: str) -> bool:
    """Whether a password is the one of a hash; where there is none, that takes as long, and it is not."""
    if len(password) > LONGEST:
        return False
    try:
        with _AT_ONCE:
            return HASHER.verify(password_hash or _nobodys_hash(), _plain(password)) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether a hash was made with other parameters than hashes are made with today."""
    return HASHER.check_needs_rehash(password_hash)


@cache
def _nobodys_hash() -> str:
    return HASHER.hash(secrets.token_urlsafe(16))


def _plain(password: str) -> str:
    """The same password from every keyboard: an ä may be typed as one character or as two."""
    return unicodedata.normalize("NFC", password)
