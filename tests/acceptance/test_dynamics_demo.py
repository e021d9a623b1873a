"""The demo with Dynamics as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from mlconnector.standins.base import Options
from mlconnector.standins.dynamics import create

RECORDS = 80
COMMAND = ("-m", "mlconnector", "demo", "--source", "dynamics")


def test_every_invoice_that_the_environment_calls_bookable_is_settled(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, *COMMAND, "--records", str(RECORDS), "--out", str(tmp_path), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr + finished.stdout
    labels = create(Options(records=RECORDS)).labels().values()
    counts = json.loads(finished.stdout)["sources"]["dynamics"]
    assert counts["settled"] == sum(label.final and not label.hold for label in labels)
    assert counts["vouchers"] == sum(label.final for label in labels)
    assert counts["settled"] + counts["needs_human"] + counts["ignored"] == counts["vouchers"]
