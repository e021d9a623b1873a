"""The lists of a project that are read: requisitions, direct costs, and contracts of both kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from mlconnector.errors import Broken
from mlconnector.systems.procore.names import KINDS, SYSTEM, CommitmentKind, Project, RecordKind, is_id
from mlconnector.systems.procore.settings import Settings

CONTRACTS: Mapping[CommitmentKind, str] = {
    "work-order": "/rest/v1.0/work_order_contracts",
    "purchase-order": "/rest/v1.0/purchase_order_contracts",
}


@dataclass(frozen=True, slots=True)
class List:
    """A list of a project."""

    project: Project
    kind: RecordKind

    def __str__(self) -> str:
        return f"{self.project.company}/{self.project.id}/{self.kind}"

    @property
    def path(self) -> str:
        """Where it is asked for."""
        match self.kind:
            case "requisition":
                return "/rest/v1.1/requisitions"
            case "direct-cost":
                return f"/rest/v1.1/projects/{self.project.id}/direct_costs"
            case "work-order" | "purchase-order":
                return CONTRACTS[self.kind]

    def query(self, since: datetime | None = None, until: datetime | None = None) -> dict[str, str]:
        """With which parameters; deleted contracts are listed, for only they can be."""
        query = {} if self.kind == "direct-cost" else {"project_id": self.project.id}
        if self.kind in CONTRACTS:
            query["filters[include_deleted]"] = "with"
        if since is not None and until is not None:
            query["filters[updated_at]"] = f"{_moment(since)}...{_moment(until)}"
        return query


def list_in(text: str) -> List:
    """A list by its name. Raises Broken for what is none of ours."""
    company, _, rest = text.partition("/")
    project, _, kind = rest.partition("/")
    if kind not in KINDS or not is_id(company) or not is_id(project):
        raise Broken(f"a list of {SYSTEM} that is none of ours")
    return List(Project(company, project), KINDS[kind])


def kinds(settings: Settings) -> tuple[RecordKind, ...]:
    """The lists that are read of every project."""
    contracts: tuple[RecordKind, ...] = tuple(CONTRACTS) if settings.commitments.read else ()
    return ("requisition", "direct-cost", *contracts)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
