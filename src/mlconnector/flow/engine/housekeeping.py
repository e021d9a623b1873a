"""Housekeeping: once a day everything is forgotten that has served its time. The audit trail is not."""

from __future__ import annotations

from datetime import timedelta

from dbos import DBOS

from mlconnector.flow.connect.revocation import revoke_all_leftovers
from mlconnector.flow.context.services import Services
from mlconnector.flow.report.trail_heads import write_down
from mlconnector.store.retention import WEBHOOK_DAYS, sweep

FINISHED_WORK_DAYS = 30
_AT_ONCE = 500


def tidy_up(services: Services) -> dict[str, int]:
    """Forget what has served its time, revoke logins that could not be revoked; returns how many.

    The head of the audit trail is written down where the settings say.
    """
    now = services.now()
    services.http_log.flush()
    revoked = revoke_all_leftovers(services)
    gone = sweep(
        services.database, now, request_days=services.settings.http_log_days, webhook_days=WEBHOOK_DAYS
    )
    heads = write_down(services)
    return {
        "requests": gone.requests,
        "logins": gone.logins,
        "webhooks": gone.webhooks,
        "revoked": revoked,
        "heads": heads,
    }


def forget_finished_work(services: Services) -> int:
    """Delete the progress notes of workflows that ended long ago; DBOS itself keeps them for ever."""
    before = (services.now() - timedelta(days=FINISHED_WORK_DAYS)).isoformat()
    count = 0
    while True:
        finished = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=before,
            limit=_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        if not finished:
            return count
        DBOS.delete_workflows([one.workflow_id for one in finished])
        count += len(finished)
