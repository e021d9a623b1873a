"""Dynamics 365 Sales as a source: issued invoices, read from Dataverse."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from mlconnector.systems.dynamics.answers import SYSTEM, TITLE
from mlconnector.systems.dynamics.settings import Settings, secret_names
from mlconnector.systems.kit.http import HttpFactory
from mlconnector.systems.source import Source, SourceContext, SourceSystem


def describe_source() -> SourceSystem:
    """Dynamics as the product knows it before any environment is connected."""
    return SourceSystem(
        name=SYSTEM,
        title=TITLE,
        settings_model=Settings,
        secrets=secret_names,
        oauth=no_login,
        open=_open,
        template=resources.files(__name__).joinpath("template.toml").read_text(encoding="utf-8"),
        register_webhook=_register,
        unregister_webhook=_unregister,
    )


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
