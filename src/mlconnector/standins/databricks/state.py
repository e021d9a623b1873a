"""What a workspace knows besides its files, as bytes of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mlconnector.standins.databricks.runs import Job, Run
from mlconnector.standins.databricks.unity import Unity
from mlconnector.standins.databricks.workspace_files import Object

if TYPE_CHECKING:
    from mlconnector.standins.databricks.standin import DatabricksStandIn


def encoded(standin: DatabricksStandIn) -> bytes:
    """The state of a workspace."""
    kept = {
        "unity": standin.workspace.unity,
        "withheld": sorted(standin.grants.withheld),
        "tokens": standin.login.tokens,
        "secrets": standin.login.secrets,
        "files": standin.files.objects,
        "jobs": standin.jobs.jobs,
        "runs": standin.jobs.runs,
        "run_tokens": standin.jobs.tokens,
        "ids": standin.jobs.ids,
    }
    return msgspec.json.encode(kept)


def restore(standin: DatabricksStandIn, content: bytes) -> None:
    """Take a state of before."""
    kept: dict[str, Any] = msgspec.json.decode(content)
    standin.workspace.restore(msgspec.convert(kept["unity"], Unity))
    standin.grants.withheld = {(who, what, on) for who, what, on in kept["withheld"]}
    standin.login.tokens = {token: (who, until) for token, (who, until) in kept["tokens"].items()}
    standin.login.secrets = kept["secrets"]
    standin.files.objects = msgspec.convert(kept["files"], dict[str, Object])
    jobs = standin.jobs
    jobs.jobs = {int(key): msgspec.convert(each, Job) for key, each in kept["jobs"].items()}
    jobs.runs = {int(key): msgspec.convert(each, Run) for key, each in kept["runs"].items()}
    jobs.tokens, jobs.ids = kept["run_tokens"], kept["ids"]
    for run in jobs.runs.values():
        run.end("INTERNAL_ERROR", "FAILED", "The run was interrupted.", standin.options.clock())
