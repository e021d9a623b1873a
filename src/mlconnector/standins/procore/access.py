"""What the service account may see: its company, and the projects that an administrator chose."""

from __future__ import annotations

from mlconnector.standins.procore.answers import NOT_CONNECTED, not_found, refusal
from mlconnector.standins.procore.identities import COMPANY_ID
from mlconnector.standins.procore.records import Row, Table


class Access:
    """The permissions of the app, as an administrator of the company changes them."""

    def __init__(self, projects: Table) -> None:
        self.projects = projects
        self.hidden: dict[int, int] = {}
        self.is_connected = True

    def check_header(self, company_id: str | None) -> None:
        """Raise Refusal where a call does not name the company, or names one without the app."""
        if not company_id:
            raise refusal(400, "Procore-Company-Id header is required")
        if not company_id.isdigit():
            raise refusal(400, "Procore-Company-Id header is invalid")
        self.check_company(int(company_id))

    def check_company(self, company_id: int) -> None:
        """Raise Refusal where the app is not connected to the company."""
        if company_id != COMPANY_ID or not self.is_connected:
            raise refusal(403, NOT_CONNECTED)

    def project(self, project_id: int) -> Row:
        """A project; raises Refusal (403 or 404) where there is none, or it was taken from the account."""
        if project_id not in self.projects:
            raise not_found()
        if project_id in self.hidden:
            if self.hidden[project_id] == 404:
                raise not_found()
            raise refusal(self.hidden[project_id], "You do not have permission to access this project")
        return self.projects[project_id]

    def visible(self) -> list[Row]:
        """The projects that the account may see."""
        return [row for project_id, row in self.projects.items() if project_id not in self.hidden]
