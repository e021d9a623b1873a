"""Client assertions: JWTs that an app signs with the key of a certificate in its registration.

RS256 with the SHA-1 thumbprint (`x5t`) and PS256 with the SHA-256 thumbprint (`x5t#S256`), as MSAL does.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

_LEEWAY = 300
Problem = tuple[int, str]
"""The number of an AADSTS code, and a reason for those that give one."""


class Certificate:
    """A certificate of the app registration."""

    def __init__(self, pem: str) -> None:
        self.pem = pem
        certificate = load_pem_x509_certificate(pem.encode())
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise TypeError("An app registration takes RSA certificates only.")
        self.key = key
        self.x5t = _encoded(certificate.fingerprint(SHA1()))  # noqa: S303
        self.x5t_s256 = _encoded(certificate.fingerprint(SHA256()))


def check_assertion(
    token: str, client_id: str, audience: tuple[str, str], certificates: Sequence[Certificate], now: float
) -> Problem | None:
    """What is wrong with an assertion, or None; `audience` is host and tenant."""
    try:
        head_text, body_text, signature_text = token.split(".")
        head, claims = json.loads(_decoded(head_text)), json.loads(_decoded(body_text))
        signature = _decoded(signature_text)
    except (ValueError, binascii.Error):
        return 50027, ""
    certificate = _certificate(head, certificates)
    if certificate is None:
        return 700027, "The key was not found"
    if not _is_signed(certificate.key, head, f"{head_text}.{body_text}".encode(), signature):
        return 700027, "The key used is expired or the signature is invalid"
    return _claims_problem(claims, client_id, audience, now)


def _claims_problem(
    claims: dict[str, Any], client_id: str, audience: tuple[str, str], now: float
) -> Problem | None:
    if claims.get("iss") != client_id or claims.get("sub") != client_id or not claims.get("jti"):
        return 700021, ""
    meant, (host, tenant) = urlsplit(str(claims.get("aud", ""))), audience
    if meant.netloc != host or meant.path not in (f"/{tenant}/oauth2/v2.0/token", f"/{tenant}/v2.0"):
        return 700023, ""
    begins, ends = claims.get("nbf", claims.get("iat", 0)), claims.get("exp", 0)
    if not begins - _LEEWAY <= now <= ends + _LEEWAY:
        return 700024, ""
    return None


def _certificate(head: dict[str, Any], certificates: Sequence[Certificate]) -> Certificate | None:
    # MSAL leaves the padding of the thumbprints in place, others do not.
    named = {str(head.get(name, "")).rstrip("=") for name in ("x5t", "x5t#S256")}
    return next((each for each in certificates if named & {each.x5t, each.x5t_s256}), None)


def _is_signed(key: RSAPublicKey, head: dict[str, Any], text: bytes, signature: bytes) -> bool:
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    paddings: dict[str, padding.AsymmetricPadding] = {"RS256": padding.PKCS1v15(), "PS256": pss}
    chosen = paddings.get(str(head.get("alg")))
    if chosen is None:
        return False
    try:
        key.verify(signature, text, chosen, SHA256())
    except InvalidSignature:
        return False
    return True


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
