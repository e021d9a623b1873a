"""Who asks: the principal of a token, as SCIM shows it."""

from __future__ import annotations

from mlconnector.standins.databricks.answers import Row
from mlconnector.standins.databricks.endpoint import Api, Asked


class Myself:
    """The endpoint that tells a client who it is."""

    def routes(self) -> list[Api]:
        """The endpoint."""
        return [Api("GET", "/api/2.0/preview/scim/v2/Me", _me)]


def _me(asked: Asked) -> Row:
    name = asked.principal
    return {
        "id": str(int.from_bytes(name.encode()[:6], "big")),
        "userName": name,
        "displayName": f"service principal {name[:8]}",
        "active": True,
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"],
    }
