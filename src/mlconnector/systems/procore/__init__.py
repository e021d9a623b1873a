"""Procore as a source: subcontractor invoices, direct costs and commitments of construction projects."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from mlconnector.systems.own_words import OwnWord
from mlconnector.systems.procore.limits import call_limit
from mlconnector.systems.procore.names import SYSTEM, TITLE
from mlconnector.systems.procore.settings import Settings, secret_names
from mlconnector.systems.source import Source, SourceContext, SourceSystem

_COST_CENTRES = """\
[mapping.cost_centre_1]
attribute = "project"
unlisted = "as_given"          # the project's number itself; with "hold" only what the table has

[mapping.cost_centre_2]
attribute = "cost_code"
unlisted = "as_given"
"""


def describe_source() -> SourceSystem:
    """Procore as the product knows it before any company is connected."""
    return SourceSystem(
        name=SYSTEM,
        title=TITLE,
        settings_model=Settings,
        secrets=secret_names,
        oauth=lambda _settings, _http: None,
        account=lambda settings: settings.api_url,
        open=_open,
        template=resources.files(__name__).joinpath("template.toml").read_text(encoding="utf-8"),
        register_webhook=_register,
        unregister_webhook=_unregister,
        test_credentials=_test_credentials,
        call_limit=call_limit,
        own_words=_own_words,
        cost_centres=_COST_CENTRES,
    )


# Only who reads from the source, or sets its webhooks up, needs more than its settings.


def _open(context: SourceContext) -> Source:
    from mlconnector.systems.procore.source import ProcoreSource  # noqa: PLC0415

    return ProcoreSource(context)


def _register(context: SourceContext, address: str) -> Sequence[str]:
    from mlconnector.systems.procore.webhook_setup import register  # noqa: PLC0415

    return register(context, address)


def _unregister(context: SourceContext, address: str) -> Sequence[str]:
    from mlconnector.systems.procore.webhook_setup import unregister  # noqa: PLC0415

    return unregister(context, address)


def _test_credentials(context: SourceContext) -> None:
    from mlconnector.systems.procore.login import test_credentials  # noqa: PLC0415

    test_credentials(context)


def _own_words(context: SourceContext) -> Sequence[OwnWord]:
    from mlconnector.systems.procore.own_words import own_words  # noqa: PLC0415

    return own_words(context)
