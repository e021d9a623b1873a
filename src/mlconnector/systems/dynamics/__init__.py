"""Dynamics 365 Sales as a source: issued invoices, read from Dataverse."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from mlconnector.systems.dynamics.settings import SYSTEM, TITLE, Settings, secret_names
from mlconnector.systems.kit.http_factory import HttpFactory
from mlconnector.systems.kit.web_address import web_address
from mlconnector.systems.source import Memory, Source, SourceContext, SourceSystem


def describe_source() -> SourceSystem:
    """Dynamics as the product knows it before any environment is connected."""
    return SourceSystem(
        name=SYSTEM,
        title=TITLE,
        settings_model=Settings,
        secrets=secret_names,
        oauth=no_login,
        account=account,
        open=_open,
        template=resources.files(__name__).joinpath("template.toml").read_text(encoding="utf-8"),
        register_webhook=_register,
        unregister_webhook=_unregister,
        record_address=invoice_address,
        test_credentials=_test_credentials,
    )


def invoice_address(settings: Settings, _memory: Memory, external_id: str) -> str:
    """The form of an invoice.

    Facts: https://learn.microsoft.com/power-apps/developer/model-driven-apps/open-forms-views-dialogs-reports-url
    """
    form = {"pagetype": "entityrecord", "etn": "invoice", "id": external_id}
    return web_address(settings.environment, "main.aspx", **form)


def account(settings: Settings) -> str:
    """The address of the environment."""
    return settings.environment


def no_login(_settings: Settings, _http: HttpFactory) -> None:
    """No person logs in: the app has an identity of its own, and its tokens come by themselves."""


# Only who reads from the source, or sets its webhooks up, needs more than its settings.


def _open(context: SourceContext) -> Source:
    from mlconnector.systems.dynamics.source import DynamicsSource  # noqa: PLC0415

    return DynamicsSource(context)


def _register(context: SourceContext, address: str) -> Sequence[str]:
    from mlconnector.systems.dynamics.webhook_setup import register  # noqa: PLC0415

    return register(context, address)


def _unregister(context: SourceContext, address: str) -> Sequence[str]:
    from mlconnector.systems.dynamics.webhook_setup import unregister  # noqa: PLC0415

    return unregister(context, address)


def _test_credentials(context: SourceContext) -> None:
    from mlconnector.systems.dynamics.login import test_credentials  # noqa: PLC0415

    test_credentials(context)
