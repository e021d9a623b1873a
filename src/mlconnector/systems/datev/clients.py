"""Clients of the books: accounting:clients, and the basic data that the services for documents add to them.

DATEV's specifications say boolean, integer and date, and their own examples answer with `"true"`, `"4"` and
full timestamps: both are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mlconnector.errors import Broken
from mlconnector.model.entries import Ledger
from mlconnector.systems.datev.answers import object_in, objects_in
from mlconnector.systems.datev.pages import pages
from mlconnector.systems.kit.http import Http
from mlconnector.systems.transfers import DocumentType, FiscalYear

_OUTGOING = "outgoing_invoices"


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


_Answers = TypeVar("_Answers", bound=_Answer)


def _day(value: object) -> object:
    return value[:10] if isinstance(value, str) else value


def _listed(value: object) -> object:
    return () if value is None else value


class DataService(_Answer):
    """A data service that a client has ordered, and the scopes that using it needs."""

    name: str = ""
    scopes: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()


class Client(_Answer):
    """A client as accounting:clients shows it; `id` is technical, people know name and numbers."""

    id: str
    consultant_number: int
    client_number: int
    name: str = ""
    services: Annotated[tuple[DataService, ...], BeforeValidator(_listed)] = ()

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes of everything that was ordered for the client."""
        return frozenset(scope for service in self.services for scope in service.scopes)


class _Ledgers(_Answer):
    is_accounts_payable_ledger_available: bool = False
    is_accounts_receivable_ledger_available: bool = False


class _FiscalYear(_Answer):
    ledgers: _Ledgers = _Ledgers()
    fiscal_year_start: Annotated[date, BeforeValidator(_day)]
    fiscal_year_end: Annotated[date, BeforeValidator(_day)]
    account_length: int = Field(ge=4, le=8)


class _Basics(_Answer):
    is_document_management_available: bool = False
    basic_accounting_information: Annotated[tuple[_FiscalYear, ...], BeforeValidator(_listed)] = ()


class _DocumentType(_Answer):
    name: str
    category: str = ""


class _DuoVersion(_Answer):
    allowed_file_extensions: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()


@dataclass(frozen=True, slots=True)
class Basics:
    """What accounting:documents and accounting:dxso-jobs say of a client: its Belege online, its books.

    `fiscal_years` are the last ones; `ledgers` are those of each of them that take invoices.
    """

    has_document_store: bool
    fiscal_years: tuple[FiscalYear, ...]
    ledgers: tuple[frozenset[Ledger], ...]


def client(http: Http, client_id: str) -> Client:
    """The client, when the user who logged in has access to it. Raises one of the four errors."""
    path = f"/clients/{client_id}"
    return _read(Client, object_in(http.request("GET", path)), path)


def clients(http: Http) -> list[Client]:
    """Every client the user has access to, to choose from; long-term tokens are refused here.

    Raises one of the four errors.
    """
    return [_read(Client, item, "/clients") for page in pages(http, "/clients") for item in page]


def basics(http: Http, client_id: str) -> Basics:
    """Belege online and the fiscal years, the earliest first. Raises one of the four errors."""
    path = f"/clients/{client_id}"
    found = _read(_Basics, object_in(http.request("GET", path)), path)
    years = sorted(found.basic_accounting_information, key=lambda year: year.fiscal_year_start)
    return Basics(
        has_document_store=found.is_document_management_available,
        fiscal_years=tuple(
            FiscalYear(year.fiscal_year_start, year.fiscal_year_end, year.account_length) for year in years
        ),
        ledgers=tuple(_invoice_ledgers(year.ledgers) for year in years),
    )


def _invoice_ledgers(ledgers: _Ledgers) -> frozenset[Ledger]:
    available: dict[Ledger, bool] = {
        "payable": ledgers.is_accounts_payable_ledger_available,
        "receivable": ledgers.is_accounts_receivable_ledger_available,
    }
    return frozenset(ledger for ledger, there in available.items() if there)


def document_types(http: Http, client_id: str) -> tuple[DocumentType, ...]:
    """The client's own document types; there may be none. Raises one of the four errors."""
    path = f"/clients/{client_id}/document-types"
    found = [_read(_DocumentType, item, path) for item in objects_in(http.request("GET", path))]
    return tuple(DocumentType(kind.name, kind.category) for kind in found)


def is_outgoing(document_type: str, known: Sequence[DocumentType]) -> bool:
    """Whether the client has a document type for outgoing invoices."""
    return any(one.name == document_type and one.category == _OUTGOING for one in known)


def allowed_extensions(http: Http, client_id: str) -> tuple[str, ...]:
    """File name extensions that the client's Belege online takes, in lower case without a dot.

    Raises one of the four errors.
    """
    path = f"/clients/{client_id}/duo-version"
    found = _read(_DuoVersion, object_in(http.request("GET", path)), path)
    return tuple(sorted({extension.lstrip(".").lower() for extension in found.allowed_file_extensions}))


def _read(model: type[_Answers], content: dict[str, Any], path: str) -> _Answers:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Broken(f"DATEV's answer to {path} cannot be read: {place}: {first['msg']}") from error
