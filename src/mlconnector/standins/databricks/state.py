"""What a workspace knows besides its files, as bytes of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mlconnector.standins.databricks.unity import Unity

if TYPE_CHECKING:
    from mlconnector.standins.databricks.standin import DatabricksStandIn


def encoded(standin: DatabricksStandIn) -> bytes:
    """The state of a workspace."""
    kept = {
        "unity": standin.workspace.unity,
        "withheld": sorted(standin.grants.withheld),
        "tokens": standin.login.tokens,
    }
    return msgspec.json.encode(kept)


def restore(standin: DatabricksStandIn, content: bytes) -> None:
    """Take a state of before."""
    kept: dict[str, Any] = msgspec.json.decode(content)
    standin.workspace.restore(msgspec.convert(kept["unity"], Unity))
    standin.grants.withheld = {(who, what, on) for who, what, on in kept["withheld"]}
    standin.login.tokens = {token: (who, until) for token, (who, until) in kept["tokens"].items()}
