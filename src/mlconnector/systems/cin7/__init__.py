"""Cin7 Core as a source: invoices, credit notes and payments of sales and purchases."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from urllib.parse import quote

from mlconnector.systems.cin7.limits import call_limit
from mlconnector.systems.cin7.names import SYSTEM, TITLE, sale_or_purchase
from mlconnector.systems.cin7.settings import Settings, secret_names
from mlconnector.systems.own_words import OwnWord
from mlconnector.systems.source import Memory, Source, SourceContext, SourceSystem


def describe_source() -> SourceSystem:
    """Cin7 Core as the product knows it before any account is connected."""
    return SourceSystem(
        name=SYSTEM,
        title=TITLE,
        settings_model=Settings,
        secrets=secret_names,
        oauth=lambda _settings, _http: None,
        account=lambda settings: f"{settings.base_url} {settings.account_id}",
        open=_open,
        template=resources.files(__name__).joinpath("template.toml").read_text(encoding="utf-8"),
        secret_headers=frozenset({"api-auth-applicationkey", "api-auth-accountid"}),
        register_webhook=_register,
        unregister_webhook=_unregister,
        record_address=document_address,
        test_credentials=_test_credentials,
        call_limit=call_limit,
        secret_webhook_address=True,
        own_words=_own_words,
    )


def document_address(settings: Settings, _memory: Memory, external_id: str) -> str:
    """The page of the sale or purchase that holds a document; Cin7 names it behind a `#`."""
    kind, id_ = sale_or_purchase(external_id)
    return f"{settings.base_url}/{kind}#{quote(id_, safe='')}"


def _open(context: SourceContext) -> Source:
    # Only who reads from the source needs more than its settings.
    from mlconnector.systems.cin7.source import Cin7Source  # noqa: PLC0415

    return Cin7Source(context)


def _register(context: SourceContext, address: str) -> Sequence[str]:
    from mlconnector.systems.cin7.webhook_setup import register  # noqa: PLC0415

    return register(context, address)


def _unregister(context: SourceContext, address: str) -> Sequence[str]:
    from mlconnector.systems.cin7.webhook_setup import unregister  # noqa: PLC0415

    return unregister(context, address)


def _test_credentials(context: SourceContext) -> None:
    from mlconnector.systems.cin7.connection import test_credentials  # noqa: PLC0415

    test_credentials(context)


def _own_words(context: SourceContext) -> Sequence[OwnWord]:
    from mlconnector.systems.cin7.own_words import own_words  # noqa: PLC0415

    return own_words(context)
