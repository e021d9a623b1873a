"""The ping of a Pipedrive connection: each step with its cause, and who can put it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.systems.kit.check_steps import (
    Attempt,
    CheckStep,
    failed_step,
    in_order,
    login_needed,
    webhook_step,
)
from mlconnector.systems.kit.fields import same_days
from mlconnector.systems.kit.oauth import AppRefused
from mlconnector.systems.pipedrive.answers import Forbidden
from mlconnector.systems.pipedrive.catalogue import Catalogue, configured, entity_of
from mlconnector.systems.pipedrive.client import Client
from mlconnector.systems.pipedrive.fields import key_of
from mlconnector.systems.pipedrive.settings import TITLE, Settings, webhook_secrets
from mlconnector.systems.pipedrive.shapes import Me
from mlconnector.systems.source import SourceContext

REACH = "pipedrive.reach"
LOGIN = "pipedrive.token"
ZONE = "pipedrive.zone"
DEALS = "pipedrive.deals"
FIELDS = "pipedrive.fields"
WEBHOOK = "pipedrive.webhook"
_UNKNOWN_ZONE = CheckStep(ZONE, "skipped")


@dataclass(frozen=True, slots=True)
class Ping:
    """What is asked, and what the settings want."""

    client: Callable[[], Client]
    catalogue: Catalogue
    context: SourceContext

    def steps(self) -> Iterator[CheckStep]:
        """All steps in order; what needs a step that failed is skipped."""
        settings: Settings = self.context.settings
        yield from in_order(
            [
                Attempt((REACH, LOGIN, ZONE), self._login),
                Attempt((DEALS,), self._deals),
                Attempt((FIELDS,), self._fields),
            ]
        )
        mode = {} if settings.webhook is None else {"mode": settings.webhook.mode}
        needed = webhook_secrets(settings) if settings.webhook else None
        yield webhook_step(WEBHOOK, TITLE, needed, self.context.secrets, mode)

    def _login(self) -> list[CheckStep]:
        """Three steps from one question: any answer shows that Pipedrive is reached."""
        settings: Settings = self.context.settings
        if settings.auth == "oauth":
            try:
                self.context.tokens.current()
            except NeedsLogin as error:
                return [CheckStep(REACH, "skipped"), login_needed(LOGIN, TITLE, error), _UNKNOWN_ZONE]
            except AppRefused as error:
                return [CheckStep(REACH, "ok"), failed_step(LOGIN, TITLE, error), _UNKNOWN_ZONE]
            except ConnectorError as error:
                return [failed_step(REACH, TITLE, error), CheckStep(LOGIN, "skipped"), _UNKNOWN_ZONE]
        try:
            me = self.client().me()
        except NeedsLogin as error:
            refused = login_needed if settings.auth == "oauth" else failed_step
            return [CheckStep(REACH, "ok"), refused(LOGIN, TITLE, error), _UNKNOWN_ZONE]
        except NeedsHuman as error:
            return [CheckStep(REACH, "ok"), failed_step(LOGIN, TITLE, error), _UNKNOWN_ZONE]
        except ConnectorError as error:
            return [failed_step(REACH, TITLE, error), CheckStep(LOGIN, "skipped"), _UNKNOWN_ZONE]
        return [CheckStep(REACH, "ok"), _user(me), _zone(me, settings)]

    def _deals(self) -> list[CheckStep]:
        try:
            found = self.client().any_deal()
            self.client().instalments(deal["id"] for deal in found)
        except Forbidden as error:
            if "installments" in error.problem.facts["path"]:
                return [CheckStep(DEALS, "warning", "instalments_not_readable")]
            return [failed_step(DEALS, TITLE, error)]
        except ConnectorError as error:
            return [failed_step(DEALS, TITLE, error)]
        return [CheckStep(DEALS, "ok")]

    def _fields(self) -> list[CheckStep]:
        wanted = configured(self.context.settings.fields)
        try:
            known = self.catalogue.refresh()
        except ConnectorError as error:
            return [failed_step(FIELDS, TITLE, error)]
        missing = [
            name for purpose, name in wanted.items() if key_of(known, entity_of(purpose), name) is None
        ]
        if missing:
            return [CheckStep(FIELDS, "failed", "field_missing", {"fields": ", ".join(missing)})]
        return [CheckStep(FIELDS, "ok", facts={"fields": ", ".join(wanted.values())})]


def _user(me: Me) -> CheckStep:
    facts = {"user": me.name, "company": me.company_name or me.company_domain or ""}
    if me.is_admin:
        return CheckStep(LOGIN, "ok", facts=facts)
    return CheckStep(LOGIN, "warning", "not_admin", facts)


def _zone(me: Me, settings: Settings) -> CheckStep:
    """Whether the user's days in Pipedrive are those of the business time zone."""
    theirs = me.timezone_name or settings.timezone
    facts = {"theirs": theirs, "ours": settings.timezone}
    if same_days(theirs, settings.timezone):
        return CheckStep(ZONE, "ok", facts=facts)
    return CheckStep(ZONE, "warning", "time_zone_differs", facts)
