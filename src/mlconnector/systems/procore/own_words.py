"""What Procore calls its tax codes, budget codes, cost types and projects, for the rows of the mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from mlconnector.systems.kit.fields import clean
from mlconnector.systems.own_words import OwnWord
from mlconnector.systems.procore.answers import Forbidden, NotFound
from mlconnector.systems.procore.budget_codes import described, facts_of
from mlconnector.systems.procore.client import Client
from mlconnector.systems.procore.connection import connected
from mlconnector.systems.procore.names import Project
from mlconnector.systems.procore.projects import number_of, visible
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import BudgetCode, ProjectRecord
from mlconnector.systems.source import SourceContext

_INACTIVE = "inactive"


def own_words(context: SourceContext) -> list[OwnWord]:
    """The words of the documents that are read, in the order of Procore. Raises one of the four errors.

    A budget code waits where no row names its cost code, its cost type or both; cost types stand beside them
    so that one row may do for many.
    """
    settings: Settings = context.settings
    client = connected(context)
    try:
        projects = visible(client, settings)
        found = [
            *(word for company in settings.companies for word in _of_company(client, company, settings)),
            *(word for project, record in projects.items() for word in _of_project(client, project, record)),
        ]
    finally:
        client.close()
    return list({(one.called, one.value): one for one in found if one.value}.values())


def _of_company(client: Client, company: str, settings: Settings) -> Iterator[OwnWord]:
    try:
        codes = client.tax_codes(company)
    except (NotFound, Forbidden):
        # The company has not switched taxes on: then no document names a code.
        codes = []
    for one in codes:
        yield OwnWord(
            "tax_case",
            "purchase_tax_rule",
            clean(one.code),
            clean(one.description),
            direction="purchase",
            rate=None if one.rate1 is None else Decimal(one.rate1),
            is_active=one.archived is not True,
            waits=settings.tax_codes == "mapped",
        )


def _of_project(client: Client, project: Project, record: ProjectRecord) -> Iterator[OwnWord]:
    in_use = record.active is not False
    yield OwnWord(
        "cost_centre",
        "project",
        number_of(record),
        clean(record.name),
        "project",
        is_active=in_use,
        waits=in_use,
    )
    for kind in client.cost_types(project):
        yield OwnWord("expense", "cost_type", clean(kind.code), clean(kind.name), "cost_type", waits=False)
    named = {clean(one.full_code) or clean(one.code): clean(one.name) for one in client.cost_codes(project)}
    for code in client.budget_codes(project):
        yield from _of_budget_code(code, named, in_use=in_use and clean(code.status).lower() != _INACTIVE)


def _of_budget_code(code: BudgetCode, named: Mapping[str, str], *, in_use: bool) -> Iterator[OwnWord]:
    facts = facts_of(code)
    name = described(code)
    joined = {key: value for key, value in facts.items() if key != "budget_code"}
    yield OwnWord(
        "expense",
        "budget_code",
        facts.get("budget_code", ""),
        name,
        "budget_code",
        is_active=in_use,
        waits=in_use,
        consists_of=joined,
    )
    yield OwnWord(
        "cost_centre",
        "cost_code",
        facts.get("cost_code", ""),
        named.get(facts.get("cost_code", ""), ""),
        "cost_code",
        is_active=in_use,
        waits=in_use,
    )
