"""What a workspace knows besides its files, as bytes of JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from mlconnector.standins.databricks.job_api import JobApi
from mlconnector.standins.databricks.login import Login
from mlconnector.standins.databricks.runs import Job, Run
from mlconnector.standins.databricks.unity import Unity
from mlconnector.standins.databricks.workspace import Workspace
from mlconnector.standins.databricks.workspace_files import Object, WorkspaceFiles


@dataclass
class State:
    """The parts of a stand-in that have something to keep."""

    workspace: Workspace
    login: Login
    files: WorkspaceFiles
    jobs: JobApi

    def encoded(self) -> bytes:
        """All that is kept."""
        kept = {
            "unity": self.workspace.unity,
            "withheld": sorted(self.workspace.grants.withheld),
            "tokens": self.login.tokens,
            "secrets": self.login.secrets,
            "files": self.files.objects,
            "jobs": self.jobs.jobs,
            "runs": self.jobs.runs,
            "run_tokens": self.jobs.tokens,
            "ids": self.jobs.ids,
        }
        return msgspec.json.encode(kept)

    def restore(self, content: bytes) -> None:
        """Take what was kept before; runs that were under way then have failed."""
        kept: dict[str, Any] = msgspec.json.decode(content)
        self.workspace.restore(msgspec.convert(kept["unity"], Unity))
        self.workspace.grants.withheld = {(who, what, on) for who, what, on in kept["withheld"]}
        self.login.tokens = {token: (who, until) for token, (who, until) in kept["tokens"].items()}
        self.login.secrets = kept["secrets"]
        self.files.objects = msgspec.convert(kept["files"], dict[str, Object])
        self.jobs.jobs = {int(key): msgspec.convert(each, Job) for key, each in kept["jobs"].items()}
        self.jobs.runs = {int(key): msgspec.convert(each, Run) for key, each in kept["runs"].items()}
        self.jobs.tokens, self.jobs.ids = kept["run_tokens"], kept["ids"]
        for run in self.jobs.runs.values():
            run.end("INTERNAL_ERROR", "FAILED", "The run was interrupted.", self.jobs.clock())
