"""The ping of a Procore connection: each step with its cause, and who can put it right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.systems.kit.app_tokens import AppTokens
from mlconnector.systems.kit.check_steps import Attempt, CheckStep, failed_step, in_order, webhook_step
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.procore.answers import Forbidden, NotFound
from mlconnector.systems.procore.client import Client
from mlconnector.systems.procore.connection import connected
from mlconnector.systems.procore.lists import List
from mlconnector.systems.procore.login import service_tokens
from mlconnector.systems.procore.lost import forget
from mlconnector.systems.procore.names import KINDS, TITLE, Project, RecordKind
from mlconnector.systems.procore.projects import number_of, visible, written_alike
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import ProjectRecord
from mlconnector.systems.procore.webhook_setup import NOT_OFFERED, OF_COMPANIES
from mlconnector.systems.source import SourceContext

REACH = "procore.reach"
LOGIN = "procore.login"
PROJECTS = "procore.projects"
RIGHTS = "procore.right"
TAX_CODES = "procore.tax_codes"
WEBHOOK = "procore.webhook"
_TOOLS: Mapping[RecordKind, str] = {
    "requisition": "Invoicing",
    "direct-cost": "Direct Costs",
    "work-order": "Commitments",
    "purchase-order": "Commitments",
}
_LISTED = 12


@dataclass
class Ping:
    """What is asked, and what the settings want."""

    context: SourceContext
    _projects: dict[Project, ProjectRecord] = field(default_factory=dict)

    def steps(self) -> Iterator[CheckStep]:
        """All steps in order; what needs a step that failed is skipped."""
        settings: Settings = self.context.settings
        tokens = service_tokens(self.context)
        client = connected(self.context, tokens)
        try:
            yield from in_order(
                [
                    Attempt((REACH, LOGIN), lambda: _login(tokens)),
                    Attempt((PROJECTS,), lambda: self._visible(client)),
                    Attempt((RIGHTS,), lambda: self._rights(client)),
                    Attempt((TAX_CODES,), lambda: self._tax_codes(client)),
                ]
            )
        finally:
            client.close()
        needed = ("webhook_key",) if settings.webhook else None
        step = webhook_step(WEBHOOK, TITLE, needed, self.context.secrets, {})
        memory = self.context.memory
        missing, of_companies = memory.recall(NOT_OFFERED), memory.recall(OF_COMPANIES)
        if step.outcome == "ok" and (missing or of_companies):
            facts = {"resources": ", ".join(missing or ()), "company_costs": ", ".join(of_companies or ())}
            step = CheckStep(WEBHOOK, "warning", "procore_webhooks_not_offered", facts)
        yield step

    def _visible(self, client: Client) -> list[CheckStep]:
        """Which projects are read; a company that has disconnected the app says so here."""
        settings: Settings = self.context.settings
        try:
            self._projects = visible(client, settings)
        except ConnectorError as error:
            return [failed_step(PROJECTS, TITLE, error)]
        called = [number_of(one) for one in self._projects.values()]
        facts = {"count": str(len(called)), "projects": _some(called)}
        if not called:
            return [CheckStep(PROJECTS, "failed", "procore_no_projects", facts)]
        nameless = [clean(one.name) for one in self._projects.values() if not clean(one.project_number)]
        twice = [number_of(self._projects[one]) for one in written_alike(self._projects)]
        if nameless or twice:
            unclear = {"nameless": _some(nameless), "twice": _some(twice)}
            return [CheckStep(PROJECTS, "warning", "procore_project_numbers", {**facts, **unclear})]
        return [CheckStep(PROJECTS, "ok", facts=facts)]

    def _rights(self, client: Client) -> list[CheckStep]:
        """Whether every list of a project may be read; bills have their tax codes from their contracts."""
        refused: dict[str, None] = {}
        read: list[str] = []
        for project, record in self._projects.items():
            for kind in KINDS.values():
                one = List(project, kind)
                try:
                    client.page(project.company, one.path, {**one.query(), "per_page": "1"})
                    read.append(str(one))
                except (Forbidden, NotFound):
                    refused.setdefault(f"{number_of(record)}: {_TOOLS[kind]}")
                except ConnectorError as error:
                    return [failed_step(RIGHTS, TITLE, error)]
        forget(self.context.memory, read)
        if refused:
            return [CheckStep(RIGHTS, "failed", "procore_rights_missing", {"refused": _some(list(refused))})]
        return [CheckStep(RIGHTS, "ok")]

    def _tax_codes(self, client: Client) -> list[CheckStep]:
        settings: Settings = self.context.settings
        count = 0
        for company in settings.companies:
            try:
                count += len(client.tax_codes(company))
            except (Forbidden, NotFound):
                continue
            except ConnectorError as error:
                return [failed_step(TAX_CODES, TITLE, error)]
        facts = {"count": str(count)}
        if not count:
            return [CheckStep(TAX_CODES, "warning", "procore_no_tax_codes", facts)]
        return [CheckStep(TAX_CODES, "ok", facts=facts)]


def _login(tokens: AppTokens) -> list[CheckStep]:
    """Two steps from one question: any answer shows that Procore is reached."""
    try:
        tokens.current()
    except (NeedsLogin, NeedsHuman) as error:
        return [CheckStep(REACH, "ok"), failed_step(LOGIN, TITLE, error)]
    except ConnectorError as error:
        return [failed_step(REACH, TITLE, error), CheckStep(LOGIN, "skipped")]
    return [CheckStep(REACH, "ok"), CheckStep(LOGIN, "ok")]


def _some(called: list[str]) -> str:
    """Some of the names, and how many there are beyond them."""
    more = [f"… (+{len(called) - _LISTED})"] if len(called) > _LISTED else []
    return ", ".join([*called[:_LISTED], *more])
