"""The `[datev]` table of a connection: which client, which environment, which data services."""

from __future__ import annotations

import re
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from mlconnector.model.entries import Ledger
from mlconnector.model.unsuitable import Unsuitable
from mlconnector.systems.kit.oauth import DISCOVERY
from mlconnector.systems.kit.setting_types import safe_address

SYSTEM = "datev"
TITLE = "DATEV"

SECRETS = ("client_secret",)
"""The credentials to ask for: the secret of the app, which the login needs."""

TEMPLATE = resources.files(__package__ or "").joinpath("template.toml").read_text("utf-8")
"""A commented `[datev]` table to start from."""

Environment = Literal["production", "sandbox"]
Service = Literal["documents", "dxso", "extf"]
ADDRESSES: dict[Environment, dict[str, str]] = {
    "production": {
        "discovery_url": f"https://login.datev.de/openid{DISCOVERY}",
        "clients_url": "https://accounting-clients.api.datev.de/platform/v2",
        "documents_url": "https://accounting-documents.api.datev.de/platform/v2",
        "dxso_jobs_url": "https://accounting-dxso-jobs.api.datev.de/platform/v2",
        "extf_files_url": "https://accounting-extf-files.api.datev.de/platform/v3",
    },
    "sandbox": {
        "discovery_url": f"https://login.datev.de/openidsandbox{DISCOVERY}",
        "clients_url": "https://accounting-clients.api.datev.de/platform-sandbox/v2",
        "documents_url": "https://accounting-documents.api.datev.de/platform-sandbox/v2",
        "dxso_jobs_url": "https://accounting-dxso-jobs.api.datev.de/platform-sandbox/v2",
        "extf_files_url": "https://accounting-extf-files.api.datev.de/platform-sandbox/v3",
    },
}
"""Where the services are, as DATEV's API specifications name them."""


FOLDERS: dict[Ledger, str] = {"receivable": "Ausgangsrechnungen", "payable": "Eingangsrechnungen"}
"""Where documents are filed whose folder nobody names."""


def _address(value: str) -> str:
    return safe_address(value).rstrip("/")


def _discovery(value: str) -> str:
    if not value.endswith(DISCOVERY):
        raise Unsuitable('"{given}" does not end in {ending}', given=value, ending=DISCOVERY)
    return value


Address = Annotated[str, AfterValidator(_address)]


def _client(value: str) -> str:
    if not value:
        raise Unsuitable('is still empty: write consultant number, hyphen, client number, like "29098-55003"')
    if re.fullmatch(r"[1-9][0-9]{3,6}-[1-9][0-9]{0,4}", value) is None:
        raise Unsuitable(
            '"{given}" is not consultant number, hyphen, client number, like "29098-55003"', given=value
        )
    return value


def _client_id(value: str) -> str:
    if not value:
        raise Unsuitable(
            "is still empty: write the client id of your app, as DATEV's developer portal shows it"
        )
    return value


Client = Annotated[str, AfterValidator(_client)]
Level = Annotated[str, Field(max_length=30)]


class Incoming(BaseModel):
    """The `[datev.incoming]` table: as what and where documents of purchases are filed.

    What is empty is as for all other documents; only the folder, and a type that the client keeps for
    outgoing invoices, never are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    document_type: Level = ""
    document_category: Level = ""
    document_folder: Level = ""
    document_register: Level = ""


class DatevSettings(BaseModel):
    """The validated `[datev]` table; `template.toml` explains every entry to its user.

    `client` is `<consultant number>-<client number>`. Without `confidential_refresh` a refresh sends the
    client id alone, never the secret. Addresses follow the environment where they are not given. An empty
    `document_type` files documents without one; an empty `document_folder` or `document_register` leaves
    the choice to the ledger and the month of the voucher. Purchases are filed as `incoming` says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    client: Client
    environment: Environment = "production"
    client_id: Annotated[str, Field(max_length=60, pattern=r"^[\x21-\x7e]*$"), AfterValidator(_client_id)]
    confidential_refresh: bool = False
    long_term_token: bool = False
    enable_windows_sso: bool = True
    extra_scopes: tuple[Annotated[str, Field(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$")], ...] = ()
    services: Annotated[frozenset[Service], Field(min_length=1)] = frozenset({"documents", "extf"})
    document_type: Level = ""
    document_category: Annotated[str, Field(min_length=1, max_length=30)] = "ml-connector"
    document_folder: Level = ""
    document_register: Level = ""
    incoming: Incoming = Field(default_factory=Incoming)
    invoice_folders: dict[Ledger, Level] = Field(default_factory=dict)
    discovery_url: Annotated[Address, AfterValidator(_discovery)] = ""
    clients_url: Address = ""
    documents_url: Address = ""
    dxso_jobs_url: Address = ""
    extf_files_url: Address = ""

    @model_validator(mode="before")
    @classmethod
    def _with_addresses(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        addresses = ADDRESSES.get(values.get("environment", "production"), {})
        return {
            **addresses,
            **{name: value for name, value in values.items() if value or name not in addresses},
        }

    @property
    def incoming_type(self) -> str:
        """The document type that is named for purchases, in their own table or for everything."""
        return self.incoming.document_type or self.document_type

    def place(self, ledger: Ledger) -> tuple[str, str, str]:
        """Category, folder and register of a document; an empty register is that of its month."""
        category, register = self.document_category, self.document_register
        if ledger == "receivable":
            return category, self.document_folder or FOLDERS[ledger], register
        own = self.incoming
        folder = own.document_folder or FOLDERS[ledger]
        return own.document_category or category, folder, own.document_register or register

    @property
    def issuer(self) -> str:
        """Who must have issued id tokens: the address above discovery (OpenID Connect Discovery 4.3)."""
        return self.discovery_url.removesuffix(DISCOVERY)
