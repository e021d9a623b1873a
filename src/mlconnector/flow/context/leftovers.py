"""Tokens that nobody uses any more and that still have to be revoked at their issuer.

They are put aside in the transaction that replaces or forgets them, sealed together with the secret that
revoking takes, because the connection's credentials may be replaced or deleted meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection

from mlconnector.learnt_shapes import learnt
from mlconnector.store.vault import Vault
from mlconnector.systems.kit.oauth import Tokens


class Leftover(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens to be revoked, and the secrets of the app that they may belong to, the likely one first."""

    secret: str
    tokens: Tokens
    earlier_secret: str = ""

    def __repr__(self) -> str:
        return "Leftover(***)"


def token_name(system: str) -> str:
    """Under which name the vault keeps the tokens of a system."""
    return f"{system}.tokens"


def leftover_name(system: str) -> str:
    """Under which name the vault keeps what still has to be revoked at a system."""
    return f"{system}.unrevoked"


def earlier_secret_name(system: str) -> str:
    """Under which name the vault keeps the app's secret that was replaced while a login was open."""
    return f"{system}.earlier_client_secret"


def current_tokens(vault: Vault, db: Connection, connection: str, system: str) -> Tokens | None:
    """The tokens of a login; None where there is none."""
    text = vault.get_within(db, connection, token_name(system))
    return None if text is None else msgspec.json.decode(text, type=learnt(Tokens))


def with_secrets(vault: Vault, db: Connection, connection: str, system: str, tokens: Tokens) -> Leftover:
    """Tokens together with what revoking them takes."""
    secret = vault.get_within(db, connection, f"{system}.client_secret") or ""
    earlier = vault.get_within(db, connection, earlier_secret_name(system)) or ""
    return Leftover(secret=secret, tokens=tokens, earlier_secret=earlier)


def all_leftovers(vault: Vault, db: Connection, connection: str, system: str) -> list[Leftover]:
    """What still has to be revoked; tokens that have ended by themselves are not."""
    text = vault.get_within(db, connection, leftover_name(system))
    kept = [] if text is None else msgspec.json.decode(text, type=learnt(list[Leftover]))
    return [one for one in kept if one.tokens.refresh_expires_at > vault.now()]


def put_aside(vault: Vault, db: Connection, connection: str, system: str, more: Leftover) -> None:
    """Keep tokens for revoking."""
    _keep(vault, db, connection, system, [*all_leftovers(vault, db, connection, system), more])


def put_login_aside(vault: Vault, db: Connection, connection: str, system: str) -> bool:
    """Forget a login and keep its tokens for revoking; whether there was one."""
    tokens = current_tokens(vault, db, connection, system)
    if tokens is None:
        return False
    put_aside(vault, db, connection, system, with_secrets(vault, db, connection, system, tokens))
    for name in (token_name(system), earlier_secret_name(system)):
        vault.delete_within(db, connection, name)
    return True


def drop(vault: Vault, db: Connection, connection: str, system: str, revoked: Collection[Tokens]) -> None:
    """Forget what was revoked, and what has ended by itself."""
    left = [one for one in all_leftovers(vault, db, connection, system) if one.tokens not in revoked]
    _keep(vault, db, connection, system, left)


def _keep(vault: Vault, db: Connection, connection: str, system: str, left: list[Leftover]) -> None:
    if not left:
        vault.delete_within(db, connection, leftover_name(system))
        return
    end = max(one.tokens.refresh_expires_at for one in left)
    text = msgspec.json.encode(left).decode()
    vault.put_within(db, connection, leftover_name(system), text, end)
