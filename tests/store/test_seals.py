from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.store.seals import Envelope, MasterKeys, generate_master_key, rewrap, seal, unseal

OLD_KEY = base64.b64encode(b"o" * 32).decode()
NEW_KEY = base64.b64encode(b"n" * 32).decode()
OLD = MasterKeys.parse(f"old:{OLD_KEY}")
BOTH = MasterKeys.parse(f"new:{NEW_KEY}\nold:{OLD_KEY}\n")
NEW = MasterKeys.parse(f"new:{NEW_KEY}")
SECRET = "grüße-und-geheimes".encode()


def refusal(keys: MasterKeys, envelope: Envelope, *place: str) -> str:
    with pytest.raises(NeedsHuman) as refused:
        unseal(keys, envelope, *place)
    return refused.value.problem.key


def test_what_was_sealed_for_a_place_is_opened_there() -> None:
    envelope = seal(OLD, SECRET, "north", "api_token")
    assert unseal(OLD, envelope, "north", "api_token") == SECRET
    assert envelope.key_id == "old"


def test_the_same_secret_is_never_sealed_alike() -> None:
    one, two = seal(OLD, SECRET, "a"), seal(OLD, SECRET, "a")
    assert one.sealed != two.sealed
    assert one.wrapped_key != two.wrapped_key


@pytest.mark.parametrize("place", [("south", "api_token"), ("north", "other"), ("northapi_token",), ()])
def test_what_was_sealed_for_one_place_cannot_be_opened_at_another(place: tuple[str, ...]) -> None:
    assert refusal(OLD, seal(OLD, SECRET, "north", "api_token"), *place) == "vault_unreadable"


@pytest.mark.parametrize("position", [0, 1, 12, 13, -1])
@pytest.mark.parametrize("part", ["sealed", "wrapped_key"])
def test_a_changed_byte_is_noticed(part: str, position: int) -> None:
    envelope = seal(OLD, SECRET, "a")
    parts = {"sealed": bytearray(envelope.sealed), "wrapped_key": bytearray(envelope.wrapped_key)}
    parts[part][position] ^= 1
    changed = Envelope("old", wrapped_key=bytes(parts["wrapped_key"]), sealed=bytes(parts["sealed"]))
    assert refusal(OLD, changed, "a") == "vault_unreadable"


@pytest.mark.parametrize("length", [0, 1, 12, 13, 20])
def test_a_shortened_envelope_is_noticed(length: int) -> None:
    envelope = seal(OLD, SECRET, "a")
    assert refusal(OLD, replace(envelope, sealed=envelope.sealed[:length]), "a") == "vault_unreadable"


def test_a_data_key_of_another_secret_does_not_open_this_one() -> None:
    one, two = seal(OLD, SECRET, "a"), seal(OLD, SECRET, "a")
    assert refusal(OLD, replace(one, wrapped_key=two.wrapped_key), "a") == "vault_unreadable"


def test_a_missing_master_key_is_named() -> None:
    envelope = seal(OLD, SECRET, "a")
    with pytest.raises(NeedsHuman) as refused:
        unseal(NEW, envelope, "a")
    assert refused.value.problem.key == "vault_key_unknown"
    assert refused.value.problem.facts == {"key_id": "old", "known": "new"}


def test_another_key_under_the_same_id_does_not_open_it() -> None:
    envelope = seal(OLD, SECRET, "a")
    assert refusal(MasterKeys.parse(f"old:{NEW_KEY}"), envelope, "a") == "vault_unreadable"


def test_a_rewrapped_envelope_needs_only_the_current_key() -> None:
    envelope = rewrap(BOTH, seal(OLD, SECRET, "a"), "a")
    assert unseal(NEW, envelope, "a") == SECRET
    assert refusal(OLD, envelope, "a") == "vault_key_unknown"


def test_an_envelope_cannot_be_rewrapped_for_another_place() -> None:
    with pytest.raises(NeedsHuman):
        rewrap(BOTH, seal(OLD, SECRET, "a"), "b")


def test_the_first_master_key_is_the_current_one() -> None:
    assert MasterKeys.parse(f" new : {NEW_KEY} , old:{OLD_KEY} ") == BOTH
    assert BOTH.current == "new"


def test_a_generated_master_key_can_be_read() -> None:
    text = generate_master_key()
    assert len(MasterKeys.parse(text).keys[text.split(":", maxsplit=1)[0]]) == 32
    assert text != generate_master_key()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no master key"),
        (" \n,", "there is no master key"),
        (OLD_KEY, "master key 1 has no ':'"),
        (f"{OLD_KEY}:old", "master key 1: the key id must be"),
        (f"old:{OLD_KEY}\nold:{NEW_KEY}", "master key 2: the key id 'old' is used twice"),
        (f"old:{OLD_KEY}, new:{OLD_KEY[:-1]}", "master key 2 is not base64"),
        (f"old:{OLD_KEY[:-1]}ß", "master key 1 is not base64"),
        (f"old:{base64.b64encode(b'o' * 16).decode()}", "master key 1 has 16 bytes instead of 32"),
    ],
)
def test_an_unusable_master_key_is_explained_without_being_shown(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"^(there is|master key)") as refused:
        MasterKeys.parse(text)
    message = str(refused.value)
    assert reason in message
    assert OLD_KEY[:8] not in message
    assert "b2" not in message


def test_keys_are_not_shown_where_objects_are_printed() -> None:
    shown = repr(BOTH) + str(BOTH)
    assert OLD_KEY not in shown
    assert "oooo" not in shown
