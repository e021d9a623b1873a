"""What principals may do: everything, but for what was withheld from one of them.

A privilege that is withheld from a catalog or schema is withheld from all that is in it. Names are written
as in SQL without quotes: `main`, `main.ml_connector`, `main.ml_connector.jobs`; a warehouse or job by its id.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mlconnector.standins.databricks.sql_errors import insufficient

KINDS = ("Catalog", "Schema", "Table")


@dataclass
class Grants:
    """The privileges that are withheld: principal, privilege (`USE_SCHEMA`) and what it is of."""

    withheld: set[tuple[str, str, str]] = field(default_factory=set)

    def withhold(self, principal: str, privilege: str, securable: str) -> None:
        """Take a privilege away."""
        self.withheld.add((principal, _privilege(privilege), securable.lower()))

    def grant(self, principal: str, privilege: str, securable: str) -> None:
        """Give a privilege, on this and on whatever is in it."""
        wanted, named = _privilege(privilege), securable.lower()
        self.withheld = {
            each
            for each in self.withheld
            if each[0] != principal
            or wanted not in {each[1], "ALL_PRIVILEGES"}
            or not f"{each[2]}.".startswith(f"{named}.")
        }

    def has(self, principal: str, privilege: str, securable: str) -> bool:
        """Whether a principal may do this."""
        parts = securable.lower().split(".")
        above = [".".join(parts[: count + 1]) for count in range(len(parts))]
        return not any((principal, privilege, each) in self.withheld for each in above)

    def check(self, principal: str, privilege: str, *parts: str, kind: str | None = None) -> None:
        """Raise SqlError where the way to it, or the privilege itself, is withheld."""
        for privilege_above, count in (("USE_CATALOG", 1), ("USE_SCHEMA", 2)):
            if len(parts) >= count:
                self._check(principal, privilege_above, parts[:count], KINDS[count - 1])
        self._check(principal, privilege, parts, kind or KINDS[len(parts) - 1])

    def _check(self, principal: str, privilege: str, parts: tuple[str, ...], kind: str) -> None:
        named = ".".join(parts)
        if not self.has(principal, privilege, named):
            raise insufficient(privilege, kind, named)


def _privilege(text: str) -> str:
    return text.strip().upper().replace(" ", "_")
