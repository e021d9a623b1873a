"""The `[console]` table of the settings: how people log in to the console."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from mlconnector.model.unsuitable import Unsuitable
from mlconnector.systems.kit.setting_types import Table, is_safe, safe_address

Text = Annotated[str, Field(min_length=1, max_length=500)]


class OidcSettings(Table):
    """The `[console.oidc]` table: whom an OpenID Connect issuer lets in, under which name and in which role.

    `issuer` is as its discovery document writes it. `name_claim` and `role_claim` are claims of the id token,
    the latter also one within another, e.g. `realm_access.roles`. `roles` has, for each role, values of the
    role claim that give it. `adopt_users` lets whoever comes with the name of a user that has a password be
    that user from then on. `title` is what the button says.
    """

    issuer: Annotated[str, AfterValidator(safe_address)]
    client_id: Text
    title: Annotated[str, Field(max_length=60)] = "OpenID Connect"
    scopes: tuple[Annotated[str, Field(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$")], ...] = (
        "openid",
        "profile",
        "email",
    )
    name_claim: Text = "preferred_username"
    role_claim: Text = "roles"
    roles: Annotated[
        dict[Literal["admin", "bookkeeper", "adviser", "auditor"], tuple[Text, ...]], Field(min_length=1)
    ]
    adopt_users: bool = False

    @model_validator(mode="after")
    def _asks_for_an_id_token(self) -> OidcSettings:
        if "openid" not in self.scopes:
            raise Unsuitable('scopes: expected "openid" among them')
        return self


class ConsoleSettings(Table):
    """The `[console]` table; without `passwords` nobody logs in but by `oidc`."""

    passwords: bool = True
    oidc: OidcSettings | None = None

    def missing(self, public_url: str, secret: SecretStr | None) -> str:
        """What a login by OpenID Connect lacks in the settings beside this table; empty for nothing."""
        if self.oidc is None:
            return ""
        if secret is None or not secret.get_secret_value():
            return "needs the secret of the app: set oidc_client_secret, or MLCONNECTOR_OIDC_CLIENT_SECRET"
        if not is_safe(public_url):
            return "needs a public_url with https, to which logins return (http only for this machine)"
        return ""

    @model_validator(mode="after")
    def _has_a_door(self) -> ConsoleSettings:
        if not self.passwords and self.oidc is None:
            raise Unsuitable("passwords = false locks everybody out as long as there is no [console.oidc]")
        return self
