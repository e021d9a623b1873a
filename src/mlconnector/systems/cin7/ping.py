"""The ping of a Cin7 Core connection: each step with its cause, and who can put it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.systems.cin7.changes import ignoring_the_filter
from mlconnector.systems.cin7.client import Client
from mlconnector.systems.cin7.names import TITLE
from mlconnector.systems.cin7.rates import EURO
from mlconnector.systems.cin7.settings import Settings, webhook_secrets
from mlconnector.systems.cin7.webhook_state import switched_off
from mlconnector.systems.kit.check_steps import Attempt, CheckStep, failed_step, in_order, webhook_step
from mlconnector.systems.source import SourceContext

REACH = "cin7.reach"
LOGIN = "cin7.key"
CURRENCY = "cin7.currency"
LISTS = "cin7.lists"
TAX_RULES = "cin7.tax_rules"
WEBHOOK = "cin7.webhook"


@dataclass(frozen=True, slots=True)
class Ping:
    """What is asked, and what the settings want."""

    client: Callable[[], Client]
    context: SourceContext

    def steps(self) -> Iterator[CheckStep]:
        """All steps in order; what needs a step that failed is skipped."""
        settings: Settings = self.context.settings
        yield from in_order(
            [
                Attempt((REACH, LOGIN, CURRENCY), self._company),
                Attempt((LISTS,), self._lists),
                Attempt((TAX_RULES,), self._tax_rules),
            ]
        )
        mode = {} if settings.webhook is None else {"mode": settings.webhook.mode}
        needed = webhook_secrets(settings) if settings.webhook else None
        step = webhook_step(WEBHOOK, TITLE, needed, self.context.secrets, mode)
        yield self._switched_off() or step if step.outcome == "ok" else step

    def _switched_off(self) -> CheckStep | None:
        """Webhooks that Cin7 has switched off; what cannot be asked shows in the steps before."""
        try:
            events = switched_off(self.context, self.client())
        except ConnectorError:
            return None
        facts = {"events": ", ".join(events)}
        return CheckStep(WEBHOOK, "warning", "webhooks_switched_off", facts) if events else None

    def _company(self) -> list[CheckStep]:
        """Three steps from one question: any answer shows that Cin7 is reached."""
        try:
            me = self.client().me()
        except (NeedsLogin, NeedsHuman) as error:
            return [CheckStep(REACH, "ok"), failed_step(LOGIN, TITLE, error), CheckStep(CURRENCY, "skipped")]
        except ConnectorError as error:
            skipped = [CheckStep(LOGIN, "skipped"), CheckStep(CURRENCY, "skipped")]
            return [failed_step(REACH, TITLE, error), *skipped]
        facts = {"company": me.company or "", "currency": me.currency or ""}
        right = CheckStep(CURRENCY, "ok", facts=facts)
        wrong = CheckStep(CURRENCY, "failed", "base_currency_differs", facts)
        return [
            CheckStep(REACH, "ok"),
            CheckStep(LOGIN, "ok", facts=facts),
            right if me.currency == EURO else wrong,
        ]

    def _lists(self) -> list[CheckStep]:
        try:
            ignored = ignoring_the_filter(self.client(), self.context.settings, self.context.now())
        except ConnectorError as error:
            return [failed_step(LISTS, TITLE, error)]
        if ignored:
            return [CheckStep(LISTS, "failed", "filter_ignored", {"lists": ", ".join(ignored)}, "vendor")]
        return [CheckStep(LISTS, "ok")]

    def _tax_rules(self) -> list[CheckStep]:
        try:
            rules = self.client().tax_rules()
        except ConnectorError as error:
            return [failed_step(TAX_RULES, TITLE, error)]
        without = sorted(
            rule.name for rule in rules if rule.tax_percent is None and rule.is_active is not False
        )
        facts = {"count": str(len(rules)), "rules": ", ".join(without)}
        if without:
            return [CheckStep(TAX_RULES, "warning", "tax_rules_without_rate", facts)]
        return [CheckStep(TAX_RULES, "ok", facts=facts)]
