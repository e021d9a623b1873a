"""The projects that a connection reads, with the places of their buildings."""

from __future__ import annotations

from mlconnector.systems.kit.fields import clean
from mlconnector.systems.procore.client import Client
from mlconnector.systems.procore.names import Project
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import ProjectRecord, text


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
    """What people call a project by: its number, else its id."""
    return clean(record.project_number) or text(record.id)
