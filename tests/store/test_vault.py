from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from mlconnector.errors import NeedsHuman
from mlconnector.store import logins
from mlconnector.store.database import Database
from mlconnector.store.seals import MasterKeys
from mlconnector.store.tables import credentials, metadata, pending_logins
from mlconnector.store.vault import Vault
from tests.clock import Clock

OLD_KEY = f"old:{base64.b64encode(b'o' * 32).decode()}"
NEW_KEY = f"new:{base64.b64encode(b'n' * 32).decode()}"
SECRET = "pipedrive-token-0123456789"


@dataclass
class Vaults:
    """The same vault under the old key, the new one, and both."""

    old: Vault
    both: Vault
    new: Vault


@pytest.fixture
def vaults(connected: Database, clock: Clock) -> Vaults:
    texts = (OLD_KEY, f"{NEW_KEY},{OLD_KEY}", NEW_KEY)
    return Vaults(*(Vault(connected, MasterKeys.parse(text), clock) for text in texts))


@pytest.fixture
def vault(vaults: Vaults) -> Vault:
    return vaults.old


def everything(database: Database) -> bytes:
    """All that stands in the database, as one string of bytes."""
    with database.read() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    values = [value for row in rows for value in row]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


def test_a_secret_is_given_back(vault: Vault) -> None:
    vault.put("north", "api_token", SECRET)
    assert vault.get("north", "api_token") == SECRET


def test_a_secret_that_was_never_put_is_none(vault: Vault) -> None:
    vault.put("north", "api_token", SECRET)
    assert vault.get("south", "api_token") is None
    assert vault.get("north", "other") is None


def test_putting_a_secret_again_replaces_it(vault: Vault, clock: Clock) -> None:
    vault.put("north", "api_token", SECRET, clock() + timedelta(days=1))
    vault.put("north", "api_token", "newer")
    assert vault.get("north", "api_token") == "newer"
    assert vault.expires("north", "api_token") is None


def test_the_names_of_secrets_are_listed_for_one_connection(vault: Vault) -> None:
    for connection, name in (("north", "b"), ("north", "A"), ("south", "c")):
        vault.put(connection, name, SECRET)
    assert vault.names("north") == ["A", "b"]


def test_when_a_secret_ends_is_known(vault: Vault, clock: Clock) -> None:
    end = clock() + timedelta(days=60)
    vault.put("north", "tokens", SECRET, end)
    assert vault.expires("north", "tokens") == end
    assert vault.expires("north", "other") is None


def test_a_deleted_secret_is_gone(vault: Vault) -> None:
    vault.put("north", "api_token", SECRET)
    assert vault.delete("north", "api_token")
    assert vault.get("north", "api_token") is None
    assert not vault.delete("north", "api_token")


def test_a_secret_put_within_a_transaction_that_fails_was_never_put(vault: Vault) -> None:
    def fail_half_way() -> None:
        with vault.database.write() as transaction:
            vault.put_within(transaction, "north", "api_token", SECRET)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert vault.names("north") == []


def test_the_database_contains_no_secret(vault: Vault) -> None:
    vault.put("north", "api_token", SECRET)
    logins.begin(vault, "north", "datev", "the-state", b"the-verifier")
    dump = everything(vault.database)
    assert b"api_token" in dump
    for secret in (SECRET.encode(), b"the-state", b"the-verifier", b"o" * 32):
        assert secret not in dump
        assert base64.b64encode(secret).rstrip(b"=") not in dump


@pytest.mark.parametrize("other", [("south", "api_token"), ("north", "other")])
def test_a_row_that_was_swapped_with_another_is_refused(vault: Vault, other: tuple[str, str]) -> None:
    vault.put("north", "api_token", SECRET)
    vault.put(*other, "somebody else's")
    table = credentials.c
    with vault.database.write() as transaction:
        stolen = transaction.execute(
            select(table.key_id, table.wrapped_key, table.sealed).where(
                table.connection == "north", table.name == "api_token"
            )
        ).one()
        place = (table.connection == other[0], table.name == other[1])
        transaction.execute(update(credentials).where(*place).values(stolen._asdict()))
    with pytest.raises(NeedsHuman) as refused:
        vault.get(*other)
    assert refused.value.problem.key == "vault_unreadable"
    assert SECRET not in str(refused.value.problem)


def test_a_key_id_that_was_exchanged_is_refused(vaults: Vaults) -> None:
    vaults.old.put("north", "api_token", SECRET)
    with vaults.old.database.write() as transaction:
        transaction.execute(update(credentials).values(key_id="new"))
    with pytest.raises(NeedsHuman, match="vault_unreadable"):
        vaults.both.get("north", "api_token")


def test_after_a_rotation_the_older_key_is_not_needed(vaults: Vaults) -> None:
    vaults.old.put("north", "api_token", SECRET)
    vaults.old.put("south", "api_token", "other")
    logins.begin(vaults.old, "north", "datev", "state", b"verifier")
    with pytest.raises(NeedsHuman, match="vault_key_unknown"):
        vaults.new.get("north", "api_token")
    assert vaults.both.rotate() == 3
    assert vaults.new.get("north", "api_token") == SECRET
    assert vaults.new.get("south", "api_token") == "other"
    taken = logins.take(vaults.new, "state")
    assert taken is not None
    assert taken.content == b"verifier"


def test_a_rotation_leaves_what_is_current_and_when_it_ends(vaults: Vaults, clock: Clock) -> None:
    end = clock() + timedelta(days=1)
    vaults.old.put("north", "api_token", SECRET, end)
    assert vaults.both.rotate() == 1
    assert vaults.both.rotate() == 0
    assert vaults.new.expires("north", "api_token") == end


def test_a_rotation_that_cannot_open_everything_changes_nothing(vaults: Vaults) -> None:
    vaults.old.put("north", "api_token", SECRET)
    vaults.old.put("south", "api_token", SECRET)
    with vaults.old.database.write() as transaction:
        transaction.execute(update(credentials).where(credentials.c.connection == "south").values(sealed=b""))
        lost = update(credentials).where(credentials.c.connection == "south")
        transaction.execute(lost.values(key_id="lost"))
    with pytest.raises(NeedsHuman, match="vault_key_unknown"):
        vaults.both.rotate()
    assert vaults.old.get("north", "api_token") == SECRET


def test_a_login_is_found_by_its_state_and_usable_once(vault: Vault, clock: Clock) -> None:
    logins.begin(vault, "north", "datev", "state", b"verifier")
    assert logins.take(vault, "another") is None
    assert logins.take(vault, "state") == logins.TakenLogin("north", "datev", b"verifier", clock())
    assert logins.take(vault, "state") is None


def test_several_logins_may_be_pending(vault: Vault) -> None:
    logins.begin(vault, "north", "datev", "one", b"1")
    logins.begin(vault, "north", "datev", "two", b"2")
    taken = logins.take(vault, "one")
    assert taken is not None
    assert taken.content == b"1"
    assert logins.take(vault, "two") is not None


def test_an_expired_login_is_worth_nothing_and_known_for_a_day(vault: Vault, clock: Clock) -> None:
    for state in ("late", "too late"):
        logins.begin(vault, "north", "datev", state, b"verifier")
    begun = clock()
    clock.advance(600)
    assert logins.take(vault, "late") == logins.TakenLogin("north", "datev", b"", begun, late=True)
    assert logins.take(vault, "late") is None
    clock.advance(86400)
    logins.begin(vault, "north", "datev", "another", b"")
    logins.take(vault, "another")
    assert logins.take(vault, "too late") is None


def test_a_login_is_good_until_just_before_its_end(vault: Vault, clock: Clock) -> None:
    logins.begin(vault, "north", "datev", "state", b"verifier", timedelta(minutes=1))
    clock.advance(59.9)
    assert logins.take(vault, "state") is not None


def test_taking_any_login_forgets_the_expired_ones(vault: Vault, clock: Clock) -> None:
    logins.begin(vault, "north", "datev", "old", b"")
    clock.advance(86400 + 601)
    logins.begin(vault, "north", "datev", "young", b"")
    logins.take(vault, "unknown")
    with vault.database.read() as connection:
        assert len(connection.execute(select(pending_logins)).all()) == 1


def test_a_login_that_cannot_be_opened_is_gone_nevertheless(vaults: Vaults) -> None:
    logins.begin(vaults.old, "north", "datev", "state", b"verifier")
    with pytest.raises(NeedsHuman, match="vault_key_unknown"):
        logins.take(vaults.new, "state")
    assert logins.take(vaults.old, "state") is None


def test_logins_and_links_of_a_connection_are_forgotten_together(vault: Vault) -> None:
    logins.begin(vault, "north", "datev", "one", b"1")
    logins.begin(vault, "north", logins.INVITATION, "two", b"")
    logins.begin(vault, "south", "datev", "three", b"3")
    with vault.database.write() as transaction:
        logins.forget(transaction, "north")
    assert logins.take(vault, "one") is None
    assert logins.invitation(vault, "two") is None
    assert logins.take(vault, "three") is not None
