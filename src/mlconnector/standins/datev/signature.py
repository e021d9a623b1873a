"""The key that signs id tokens, and the JWTs made with it (RS256)."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def base64url(data: bytes) -> str:
    """Base64 for URLs, without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class SigningKey:
    """An RSA key that is made when it is first needed."""

    def __init__(self) -> None:
        self._key: rsa.RSAPrivateKey | None = None

    @property
    def key(self) -> rsa.RSAPrivateKey:
        """The private key."""
        if self._key is None:
            self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self._key

    @property
    def key_id(self) -> str:
        """The `kid` under which the public key is published."""
        return hashlib.sha256(str(self.key.public_key().public_numbers().n).encode()).hexdigest()[:16]

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A signed JWT."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.key_id}
        signed = ".".join(
            base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)
        )
        signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{base64url(signature)}"

    def public_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set with the public key."""
        numbers = self.key.public_key().public_numbers()
        modulus, exponent = (
            base64url(number.to_bytes((number.bit_length() + 7) // 8)) for number in (numbers.n, numbers.e)
        )
        return {
            "keys": [
                {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id, "n": modulus, "e": exponent}
            ]
        }

    def dump(self) -> str:
        """The private key as PEM."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def load(self, dumped: str) -> None:
        """Take a dumped key."""
        key = serialization.load_pem_private_key(dumped.encode(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the state file holds a signing key that is not an RSA key")
        self._key = key
