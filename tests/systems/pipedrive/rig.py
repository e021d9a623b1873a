"""The Pipedrive source at its stand-in, for the conformance suite and for tests of its own."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

from mlconnector.standins.base import Clock, Options
from mlconnector.standins.faults import Fault
from mlconnector.standins.pipedrive import files
from mlconnector.standins.pipedrive.standin import PipedriveStandIn
from mlconnector.standins.pipedrive.webhooks import Authentication
from mlconnector.systems.pipedrive import describe_source
from mlconnector.systems.source import Delivery
from tests.conformance.context import FakeTime, Outside
from tests.conformance.doors import served
from tests.conformance.source_suite import Sale, SourceRig, Webhooks

WEBHOOK_KEY = "a-key-that-nobody-guesses"
WEBHOOK_USER = "hook-user-4711"
WEBHOOK_PASSWORD = "hook-password-0815"
REDIRECT_URI = "http://127.0.0.1/callback"
LISTING = r"^/api/v2/deals(/archived)?$"
FIELDS = {
    "invoice_number": "Rechnungsnummer",
    "invoice_date": "Rechnungsdatum",
    "service_date": "Leistungsdatum",
    "due_date": "Fällig am",
    "exchange_rate": "Wechselkurs",
    "cost_centre": "Kostenstelle",
    "vat_id": "USt-IdNr.",
    "debtor_number": "Debitorennummer",
}
SHIP_TO = "Lieferanschrift"
_CIRCLE = b'{"success":true,"data":[],"additional_data":{"next_cursor":"round and round"}}'


class PipedriveRig(SourceRig):
    """The conformance rig together with the stand-in behind it."""

    standin: PipedriveStandIn
    url: str


@contextmanager
def token_rig(
    records: int = 30, settings: dict[str, Any] | None = None, extra: dict[str, str] | None = None
) -> Iterator[PipedriveRig]:
    """A source with an API token, whose webhooks come signed through a relay."""
    table = {"auth": "api_token", "webhook": {"mode": "hmac_sha256", "prefix": "sha256="}, **(settings or {})}
    standin = PipedriveStandIn(Options(records=records, clock=Clock(), extra=extra or {}))
    with served(standin.app) as url:
        table["base_url"] = url
        rig = _rig(standin, url, table, {"api_token": standin.api_token, "webhook_key": WEBHOOK_KEY})
        rig.webhooks = Webhooks(
            deliver=lambda external_id: _signed(_body(standin, external_id)),
            prove=_signed,
            forge=lambda delivery: Delivery(delivery.headers, delivery.body + b" "),
        )
        with closing(rig.outside):
            yield rig


@contextmanager
def oauth_rig(records: int = 30) -> Iterator[PipedriveRig]:
    """A source with a login, whose webhooks come from Pipedrive itself."""
    standin = PipedriveStandIn(Options(records=records, clock=Clock()))
    with served(standin.app) as url:
        table = {
            "auth": "oauth",
            "client_id": standin.client_id,
            "oauth_url": url,
            "webhook": {"mode": "basic"},
        }
        secrets = {
            "client_secret": standin.client_secret,
            "webhook_user": WEBHOOK_USER,
            "webhook_password": WEBHOOK_PASSWORD,
        }
        rig = _rig(standin, url, table, secrets)
        settings = rig.system.settings_model.model_validate(dict(rig.settings))
        rig.outside.log_in(rig.system, settings, standin.client_secret, url, REDIRECT_URI)
        rig.expire_tokens = lambda: standin.login.tokens.access.clear()
        rig.webhooks = Webhooks(
            deliver=lambda external_id: _with_password(_body(standin, external_id), WEBHOOK_PASSWORD),
            prove=lambda body: _with_password(body, WEBHOOK_PASSWORD),
            forge=lambda delivery: _with_password(delivery.body, "guessed"),
        )
        with closing(rig.outside):
            yield rig


def _rig(standin: PipedriveStandIn, url: str, table: dict[str, Any], secrets: dict[str, str]) -> PipedriveRig:
    standin.add_field("deal", SHIP_TO, "address")
    rig = PipedriveRig(
        system=describe_source(),
        settings={"fields": {**FIELDS, "ship_to": SHIP_TO}, **table},
        secrets=secrets,
        outside=Outside(FakeTime(standin.options.clock)),
        faults=standin.faults,
        listing=LISTING,
        first_load=lambda: {str(deal.id) for deal in standin.account.deals if deal.status == "won"},
        change=lambda external_id: _change(standin, int(external_id)),
        stamp=lambda external_id, moment: _stamp(standin, int(external_id), moment),
        sell=lambda sale: _sell(standin, sale),
        ship=lambda country: _ship(standin, country),
        garble=lambda: _garble(standin),
        circle=lambda: _circle(standin),
        attachment=lambda attachment_id: _content(standin, int(attachment_id)),
        lengthen=lambda attachment_id: _lengthen(standin, int(attachment_id)),
        remove=lambda: _remove(standin),
        withdraw=lambda: str(standin.reopen(2).id),
    )
    rig.standin = standin
    rig.url = url
    return rig


def _change(standin: PipedriveStandIn, deal_id: int) -> None:
    standin.change_deal(deal_id, custom_fields={"Rechnungsnummer": "RE-GEÄNDERT-1"})


def _stamp(standin: PipedriveStandIn, deal_id: int, moment: datetime) -> None:
    deal = standin.deal(deal_id)
    deal.update_time = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    standin.account.keep_deal(deal)


def _sell(standin: PipedriveStandIn, sale: Sale) -> str:
    """The first deal with its first line alone; the wire has numbers as JavaScript writes them."""
    deal = standin.change_deal(1, custom_fields={"Rechnungsnummer": sale.number or ""})
    if sale.number is None:
        standin.change_deal(1, custom_fields={"Rechnungsnummer": None})
    line = standin.account.lines[deal.id][0]
    line.quantity = sale.quantity  # type: ignore[assignment]  # the wire may lack it
    price = sale.amount / (sale.quantity or 1)
    line.item_price = line.sum = int(price) if price == int(price) else float(price)
    line.tax, line.tax_method, line.discount = 19, sale.tax_method, 0
    deal.value = line.item_price * (sale.quantity or 1)
    standin.account.discounts.pop(deal.id, None)
    standin.account.keep_lines(deal.id, [line])
    assert deal.org_id is not None
    address = {**(standin.account.organization(deal.org_id).address or {}), "country": sale.country}
    standin.change_organization(deal.org_id, address=address)
    return str(deal.id)


def _ship(standin: PipedriveStandIn, country: str) -> str:
    """The first deal, with an address of delivery; one that was not understood has no country."""
    address = {"value": "Baustelle 3, Anderswo", "locality": "Anderswo", "country": country or None}
    standin.change_deal(1, custom_fields={SHIP_TO: address})
    return "1"


def _garble(standin: PipedriveStandIn) -> set[str]:
    """A deal, a line and an organisation with values of another kind than described."""
    wrong: Any = "viel"
    standin.deal(5).value = wrong
    standin.account.lines[6][0].item_price = wrong
    customer = standin.deal(8).org_id
    assert customer is not None
    standin.account.organization(customer).name = {"name": "viel"}  # type: ignore[assignment]
    return {"5", "6"} | {str(deal.id) for deal in standin.account.deals if deal.org_id == customer}


def _circle(standin: PipedriveStandIn) -> None:
    standin.faults.add(Fault("status", path=LISTING, status=200, body=_CIRCLE, times=1000))


def _content(standin: PipedriveStandIn, file_id: int) -> bytes:
    file = standin.account.file(file_id)
    assert file is not None
    return files.content(file)


def _lengthen(standin: PipedriveStandIn, file_id: int) -> None:
    path, content = rf"^/api/v1/files/{file_id}/download$", _content(standin, file_id) + b"!"
    standin.faults.add(Fault("status", path=path, status=200, body=content, times=1000))


def _remove(standin: PipedriveStandIn) -> str:
    standin.account.remove_deal(4)
    return "4"


def _body(standin: PipedriveStandIn, external_id: str) -> bytes:
    return standin.delivery(int(external_id), Authentication("none"))[0]


def _signed(body: bytes) -> Delivery:
    signature = hmac.new(WEBHOOK_KEY.encode(), body, hashlib.sha256).hexdigest()
    return Delivery({"x-pipedrive-signature": f"sha256={signature}"}, body)


def _with_password(body: bytes, password: str) -> Delivery:
    proof = Authentication("basic", user=WEBHOOK_USER, password=password).headers(body)
    return Delivery({name.lower(): value for name, value in proof.items()}, body)
