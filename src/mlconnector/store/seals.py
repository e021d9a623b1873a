"""Sealing of secrets: AES-256-GCM under a data key of their own, which is wrapped under a master key.

A sealed secret is bound to its place (its context): copied to another row it cannot be opened there.
The bytes are `version (1) | nonce (12) | ciphertext and tag`; nonces and data keys are never used twice.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.model.unsuitable import Unsuitable

_VERSION = 1
_NONCE_LENGTH = 12
_KEY_LENGTH = 32
# Shorter than a key in base64, so that a key given without its id is never taken for one and shown.
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_EXPECTED = (
    "expected <key id>:<base64 of 32 bytes>, separated by commas or line breaks, the current key first"
)


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The master keys: new secrets are sealed under `current`, the others only open older ones."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> MasterKeys:
        """Read `<key id>:<base64>`, one or several, by commas or lines, the current one first.

        Raises ValueError, which says what is wrong with which entry and never shows a key.
        """
        entries = [entry.strip() for entry in re.split(r"[,\n]", text) if entry.strip()]
        if not entries:
            raise Unsuitable(f"there is no master key: {_EXPECTED}")
        keys: dict[str, bytes] = {}
        for position, entry in enumerate(entries, start=1):
            key_id, key = _read_entry(position, entry)
            if key_id in keys:
                raise Unsuitable(
                    "master key {number}: the key id '{given}' is used twice; give each its own",
                    number=position,
                    given=key_id,
                )
            keys[key_id] = key
        return cls(next(iter(keys)), keys)

    def key(self, key_id: str) -> bytes:
        """The key of an id. Raises NeedsHuman (`vault_key_unknown`) when it was not given."""
        if key_id not in self.keys:
            known = ", ".join(sorted(self.keys))
            raise NeedsHuman(Problem("vault_key_unknown", {"key_id": key_id, "known": known}, ("key_id",)))
        return self.keys[key_id]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed secret, its data key wrapped under the master key `key_id`."""

    key_id: str
    wrapped_key: bytes
    sealed: bytes


def generate_master_key() -> str:
    """A new master key as `<key id>:<base64 of 32 bytes>`, for the environment or a file."""
    key = base64.b64encode(secrets.token_bytes(_KEY_LENGTH)).decode()
    return f"key-{secrets.token_hex(4)}:{key}"


def derived(keys: MasterKeys, key_id: str, purpose: str) -> bytes:
    """A key for one purpose, by HKDF-SHA256 from a master key. Raises NeedsHuman (`vault_key_unknown`)."""
    info = f"ml-connector: {purpose}".encode()
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - as in `_encrypt`
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    return HKDF(hashes.SHA256(), _KEY_LENGTH, salt=None, info=info).derive(keys.key(key_id))


def seal(keys: MasterKeys, content: bytes, *context: str) -> Envelope:
    """Seal `content` for the place that `context` names."""
    data_key = secrets.token_bytes(_KEY_LENGTH)
    return Envelope(
        key_id=keys.current,
        wrapped_key=_encrypt(keys.key(keys.current), data_key, "data key", keys.current, *context),
        sealed=_encrypt(data_key, content, "content", *context),
    )


def unseal(keys: MasterKeys, envelope: Envelope, *context: str) -> bytes:
    """The content again.

    Raises NeedsHuman: `vault_key_unknown` when the master key is missing, `vault_unreadable` when the key
    under that id is another one, or when the envelope was changed or belongs to another place.
    """
    return _decrypt(_data_key(keys, envelope, context), envelope.sealed, envelope, "content", *context)


def rewrap(keys: MasterKeys, envelope: Envelope, *context: str) -> Envelope:
    """The same sealed content with its data key under the current master key. Raises as `unseal` does."""
    data_key = _data_key(keys, envelope, context)
    wrapped = _encrypt(keys.key(keys.current), data_key, "data key", keys.current, *context)
    return Envelope(keys.current, wrapped, envelope.sealed)


def _data_key(keys: MasterKeys, envelope: Envelope, context: tuple[str, ...]) -> bytes:
    key = keys.key(envelope.key_id)
    return _decrypt(key, envelope.wrapped_key, envelope, "data key", envelope.key_id, *context)


def _read_entry(position: int, entry: str) -> tuple[str, bytes]:
    key_id, colon, encoded = entry.partition(":")
    if not colon:
        raise Unsuitable(f"master key {{number}} has no ':' after its key id; {_EXPECTED}", number=position)
    if not _KEY_ID.fullmatch(key_id.strip()):
        raise Unsuitable(
            "master key {number}: the key id must be 1 to 32 letters, digits, '.', '_' or '-'; "
            f"{_EXPECTED}",
            number=position,
        )
    try:
        key = base64.b64decode(encoded.strip(), validate=True)
    except ValueError:
        raise Unsuitable(f"master key {{number}} is not base64; {_EXPECTED}", number=position) from None
    if len(key) != _KEY_LENGTH:
        raise Unsuitable(
            f"master key {{number}} has {{bytes}} bytes instead of 32; {_EXPECTED}",
            number=position,
            bytes=len(key),
        )
    return key_id.strip(), key


def _encrypt(key: bytes, content: bytes, *bound: str) -> bytes:
    # Most commands open no secret, and would wait for the library.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    nonce = secrets.token_bytes(_NONCE_LENGTH)
    return bytes([_VERSION]) + nonce + AESGCM(key).encrypt(nonce, content, _associated(bound))


def _decrypt(key: bytes, box: bytes, envelope: Envelope, *bound: str) -> bytes:
    version, nonce, ciphertext = box[:1], box[1 : 1 + _NONCE_LENGTH], box[1 + _NONCE_LENGTH :]
    if version != bytes([_VERSION]) or len(nonce) != _NONCE_LENGTH:
        raise _unreadable(envelope, bound)
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as in `_encrypt`
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _associated(bound))
    except InvalidTag as error:
        raise _unreadable(envelope, bound) from error


def _associated(bound: tuple[str, ...]) -> bytes:
    return json.dumps([_VERSION, *bound]).encode()


def _unreadable(envelope: Envelope, bound: tuple[str, ...]) -> NeedsHuman:
    facts = {"key_id": envelope.key_id, "place": " / ".join(bound[1:])}
    return NeedsHuman(Problem("vault_unreadable", facts, ("key_id",)))
