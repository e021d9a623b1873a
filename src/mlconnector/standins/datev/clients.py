"""The accounting clients of the stand-in: what they ordered, their fiscal years and document types."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

DOCUMENTS_SERVICE = "Belegbilderservice"
POSTINGS_SERVICE = "Buchungsdatenservice"
INVOICES_SERVICE = "Rechnungsdatenservice 1.0"
SERVICE_SCOPES = {
    DOCUMENTS_SERVICE: "accounting:documents",
    POSTINGS_SERVICE: "datev:accounting:extf-files-import",
    INVOICES_SERVICE: "accounting:dxso-jobs",
    "Rechnungsdatenservice 2.0": "datev:accounting:invoices",
}
_DEFAULT_YEARS = (2024, 2025, 2026, 2027)


@dataclass(slots=True)
class Client:
    """One set of books.

    `fiscal_years` are calendar years. `belege_online_next` clients use the new Belege online
    ("DuoNext"), which has other file types and no Rechnungsdatenservice 1.0. `numbers_as_text` clients
    get numbers and booleans as strings, as the examples of DATEV's specification show them. `more_folders`
    are invoice folders of Belege online beside the usual ones, by the usual one's name.
    """

    consultant_number: int
    client_number: int
    name: str
    services: set[str]
    document_types: tuple[Mapping[str, str], ...]
    fiscal_years: list[int] = field(default_factory=lambda: list(_DEFAULT_YEARS))
    account_length: int = 4
    user_has_right: bool = True
    belege_online_next: bool = False
    numbers_as_text: bool = False
    more_folders: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """`<consultant number>-<client number>`."""
        return f"{self.consultant_number}-{self.client_number}"

    def folders(self, usual: str) -> list[str]:
        """The invoice folder of this name, and those that the client has beside it."""
        return [usual, *self.more_folders.get(usual, ())]

    def category_of(self, document_type: str) -> str | None:
        """The category of one of the client's document types, None when the client has no such type."""
        for known in self.document_types:
            if known["name"] == document_type:
                return known["category"]
        return None


class Directory:
    """All clients by id, in the order of their numbers."""

    def __init__(self) -> None:
        listed = sorted(
            _default_clients(), key=lambda client: (client.consultant_number, client.client_number)
        )
        self.clients = {client.id: client for client in listed}

    def get(self, client_id: str) -> Client | None:
        """The client, None when there is none of that id."""
        return self.clients.get(client_id)

    def dump(self) -> dict[str, Any]:
        """What may have changed since the start, by client id."""
        return {
            client.id: {
                "services": sorted(client.services),
                "fiscal_years": client.fiscal_years,
                "user_has_right": client.user_has_right,
            }
            for client in self.clients.values()
        }

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Bring clients back to the state they were dumped in."""
        for client_id, changed in dumped.items():
            client = self.clients[client_id]
            client.services = set(changed["services"])
            client.fiscal_years = list(changed["fiscal_years"])
            client.user_has_right = changed["user_has_right"]


def _default_clients() -> list[Client]:
    table = tomllib.loads(resources.files(__package__).joinpath("clients.toml").read_text("utf-8"))
    types = {name: tuple(listed) for name, listed in table["document_types"].items()}
    clients = [_client(row, types) for row in table["client"]]
    filler = table["filler"]
    for number in range(filler["first_client_number"], filler["first_client_number"] + filler["count"]):
        row = {
            "id": f"{filler['consultant_number']}-{number}",
            "name": filler["name"].format(number=number),
            "services": filler["services"],
            "document_types": filler["document_types"],
        }
        clients.append(_client(row, types))
    return clients


def _client(row: Mapping[str, Any], types: Mapping[str, tuple[Mapping[str, str], ...]]) -> Client:
    consultant, number = row["id"].split("-")
    return Client(
        consultant_number=int(consultant),
        client_number=int(number),
        name=row["name"],
        services=set(row["services"]),
        document_types=types[row["document_types"]],
        fiscal_years=list(row.get("fiscal_years", _DEFAULT_YEARS)),
        account_length=row.get("account_length", 4),
        user_has_right=row.get("user_has_right", True),
        belege_online_next=row.get("belege_online_next", False),
        numbers_as_text=row.get("numbers_as_text", False),
    )
