"""A body that is nested without end is refused like any other that cannot be read, and ends nothing."""

from __future__ import annotations

import pytest

from tests.web.rig import NAME, Rig

API = "/api/v1"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 500_000,
        b'{"reason":' * 50_000,
        b'{"reason": ' + b"9" * 500_000 + b"}",
        b'{"reason": 1e999999999}',
    ],
    ids=["lists", "objects", "digits", "exponent"],
)
def test_a_body_without_end_is_refused(rig: Rig, body: bytes) -> None:
    rig.connect()
    program = rig.program()
    answer = program.post(
        f"{API}/batches/b1/resend", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert program.get(f"{API}/connections/{NAME}").status_code == 200
