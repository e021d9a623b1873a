"""Pipedrive as a source: won deals are invoices."""

from __future__ import annotations

from importlib import resources

from mlconnector.systems.kit.http_factory import HttpFactory
from mlconnector.systems.kit.oauth import OAuthModel
from mlconnector.systems.kit.web_address import web_address
from mlconnector.systems.pipedrive.settings import LOGIN_ADDRESS_KEY, SYSTEM, TITLE, Settings, secret_names
from mlconnector.systems.source import Memory, Source, SourceContext, SourceSystem


def describe_source() -> SourceSystem:
    """Pipedrive as the product knows it before any account is connected."""
    return SourceSystem(
        name=SYSTEM,
        title=TITLE,
        settings_model=Settings,
        secrets=secret_names,
        oauth=oauth_model,
        account=account,
        open=_open,
        secret_headers=frozenset({"x-api-token"}),
        secret_parameters=frozenset({"api_token"}),
        test_credentials=_test_credentials,
        template=resources.files(__name__).joinpath("template.toml").read_text(encoding="utf-8"),
        record_address=deal_address,
    )


def deal_address(settings: Settings, memory: Memory, external_id: str) -> str:
    """The page of a deal; without `base_url` the login tells its host, which is known after the first run."""
    return web_address(settings.base_url or str(memory.recall(LOGIN_ADDRESS_KEY) or ""), "deal", external_id)


def account(settings: Settings) -> str:
    """The address of the account; where a person logs in to it, it is that of whoever uses the app."""
    return settings.base_url or f"{settings.oauth_url} {settings.client_id}"


def _open(context: SourceContext) -> Source:
    # Only who reads from the source needs more than its settings.
    from mlconnector.systems.pipedrive.source import PipedriveSource  # noqa: PLC0415

    return PipedriveSource(context)


def oauth_model(settings: Settings, _http: HttpFactory) -> OAuthModel | None:
    """Pipedrive's OAuth: scopes are fixed with the app, and using the refresh token prolongs its 60 days.

    Facts: https://pipedrive.readme.io/docs/marketplace-oauth-authorization
    """
    if settings.auth != "oauth":
        return None
    return OAuthModel(
        system=SYSTEM,
        client_id=settings.client_id,
        authorize_url=f"{settings.oauth_url}/oauth/authorize",
        token_url=f"{settings.oauth_url}/oauth/token",
        revoke_url=f"{settings.oauth_url}/oauth/revoke",
        pkce=False,
        refresh_authentication="basic",
        lifetime=60 * 86400.0,
        rolling=True,
    )


def _test_credentials(context: SourceContext) -> None:
    from mlconnector.systems.pipedrive.source import test_credentials  # noqa: PLC0415

    test_credentials(context)
