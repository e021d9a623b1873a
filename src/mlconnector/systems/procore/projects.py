"""The projects that a connection reads, with the places of their buildings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mlconnector.systems.kit.fields import clean
from mlconnector.systems.procore.client import Client
from mlconnector.systems.procore.names import Project
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import ProjectRecord, text

_SIGNS = re.compile(r"[\W_]+")


def visible(client: Client, settings: Settings) -> dict[Project, ProjectRecord]:
    """The projects that the service account sees and the settings want, in an order of their own."""
    found = {
        Project(company, text(one.id)): one
        for company in settings.companies
        for one in client.projects(company)
        if settings.projects.has(number_of(one), clean(one.name))
    }
    return {project: found[project] for project in sorted(found, key=lambda one: (one.company, int(one.id)))}


def number_of(record: ProjectRecord) -> str:
    """What people call a project by: its number, else its name."""
    return clean(record.project_number) or clean(record.name) or text(record.id)


def written_alike(projects: Mapping[Project, ProjectRecord]) -> dict[Project, str]:
    """The projects that share their number with another one, and what that is called.

    Numbers count as they are written as a cost centre: without signs that DATEV does not take.
    """
    found: dict[Project, str] = {}
    first: dict[str, Project] = {}
    for project, record in projects.items():
        number = clean(record.project_number)
        if not number:
            continue
        other = first.setdefault(_SIGNS.sub(" ", number).casefold(), project)
        if other != project:
            found |= {project: clean(projects[other].name), other: clean(record.name)}
    return found
