"""Claims of an id token that was checked: who somebody is, under which name and in which role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlconnector.console_settings import OidcSettings
from mlconnector.errors import NeedsHuman
from mlconnector.flow.people.roles import ROLES, Role
from mlconnector.model.problems import Problem

Claims = Mapping[str, Any]


def subject(claims: Claims, settings: OidcSettings) -> str:
    """Who somebody is, for ever and for this issuer alone. Raises NeedsHuman (`oidc_claim_missing`)."""
    return f"{settings.issuer} {_text(claims, 'sub')}"


def name(claims: Claims, settings: OidcSettings) -> str:
    """The name of a user who comes for the first time.

    Raises NeedsHuman (`oidc_claim_missing`), and `oidc_email_unverified` for an address that may be that of
    somebody else.
    """
    given = _text(claims, settings.name_claim)
    if settings.name_claim == "email" and claims.get("email_verified") is not True:
        raise NeedsHuman(Problem("oidc_email_unverified", {"user": given[:200]}))
    return given


def role(claims: Claims, settings: OidcSettings) -> Role:
    """The role that a claim gives; of several the one that may do most.

    Raises NeedsHuman (`oidc_claim_missing`, `oidc_no_role`).
    """
    given = _value(claims, settings.role_claim)
    if given is None:
        raise NeedsHuman(Problem("oidc_claim_missing", {"claim": settings.role_claim}))
    values = {given} if isinstance(given, str) else set(filter(_is_text, given if _is_list(given) else ()))
    found = next((one for one in ROLES if values & set(settings.roles.get(one, ()))), None)
    if found is None:
        raise NeedsHuman(Problem("oidc_no_role", {"claim": settings.role_claim}))
    return found


def _text(claims: Claims, claim: str) -> str:
    given = _value(claims, claim)
    if not isinstance(given, str) or not given.strip():
        raise NeedsHuman(Problem("oidc_claim_missing", {"claim": claim}))
    return given.strip()


def _value(claims: Claims, claim: str) -> Any:
    """A claim by its name, which may have dots in it, else one within another."""
    if claim in claims:
        return claims[claim]
    found: Any = claims
    for part in claim.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _is_text(value: object) -> bool:
    return isinstance(value, str)
