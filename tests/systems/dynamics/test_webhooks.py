from __future__ import annotations

import json
from typing import Any

import pytest

from mlconnector.systems.dynamics.settings import Webhook
from mlconnector.systems.dynamics.webhooks import understood, verify
from mlconnector.systems.source import Delivery, Hint, Malformed, Reference, Refused
from tests.systems.dynamics.records import INVOICE, ORDER, sample
from tests.systems.dynamics.rig import dynamics_rig, proved

KEY = {"webhook_key": "a-long-random-key"}
OTHER = "aaaaaaaa-0000-0000-0000-000000000002"
ORGANIZATION = "4ef5b371-e89e-e711-8122-000d3aa2331c"


def body(message: str = "Update", table: str = "invoice", id_: Any = INVOICE, **values: Any) -> bytes:
    content = {"MessageName": message, "PrimaryEntityName": table, "PrimaryEntityId": id_, **values}
    return json.dumps(content).encode()


def ids(content: bytes) -> tuple[str, ...]:
    return understood(content, None).external_ids


def is_accepted(headers: dict[str, str], webhook: Webhook | None, secrets: dict[str, str]) -> bool:
    try:
        verify(Delivery(headers, b"{}"), webhook, secrets)
    except Refused:
        return False
    return True


class TestKeys:
    def test_the_key_in_the_header_of_the_settings_is_accepted(self) -> None:
        assert is_accepted({"x-ml-connector-key": KEY["webhook_key"]}, Webhook(), KEY)
        assert is_accepted({"x-own": KEY["webhook_key"]}, Webhook(header="X-Own"), KEY)

    @pytest.mark.parametrize("given", ["", "another", "a-long-random-ke", "a-long-random-key ", "ü"])
    def test_anything_else_is_refused(self, given: str) -> None:
        assert not is_accepted({"x-ml-connector-key": given}, Webhook(), KEY)
        assert not is_accepted({}, Webhook(), KEY)

    @pytest.mark.parametrize("secrets", [{}, {"webhook_key": ""}])
    def test_without_a_stored_key_nothing_is_accepted(self, secrets: dict[str, str]) -> None:
        assert not is_accepted({"x-ml-connector-key": ""}, Webhook(), secrets)

    def test_webhooks_that_are_not_set_up_are_refused(self) -> None:
        assert not is_accepted({"x-ml-connector-key": KEY["webhook_key"]}, None, KEY)


class TestBodies:
    def test_the_example_of_the_documentation_names_its_invoice(self) -> None:
        example = sample("sample.webhook_update.json")
        for content in (example["body"], example["oversize"]["body"]):
            assert understood(json.dumps(content).encode(), ORGANIZATION) == Hint(None, (INVOICE,))

    @pytest.mark.parametrize("message", ["Create", "Update", "Delete", "Assign"])
    def test_an_event_of_an_invoice_names_it(self, message: str) -> None:
        assert ids(body(message, id_=INVOICE.upper())) == (INVOICE,)

    def test_an_event_of_a_line_names_its_invoice_where_it_says_so(self) -> None:
        reference = {"LogicalName": "invoice", "Id": INVOICE}
        line = {
            "LogicalName": "invoicedetail",
            "Id": OTHER,
            "Attributes": [{"key": "invoiceid", "value": reference}],
        }
        given = [{"key": "Target", "value": line}]
        assert ids(body("Create", "invoicedetail", OTHER, InputParameters=given)) == (INVOICE,)
        assert ids(body("Update", "invoicedetail", OTHER, PreEntityImages=given, InputParameters=[])) == (
            INVOICE,
        )
        assert ids(body("Update", "invoicedetail", OTHER)) == ()

    @pytest.mark.parametrize("table", ["salesorder", "none"])
    def test_an_order_that_became_an_invoice_names_that(self, table: str) -> None:
        made = [{"key": "Entity", "value": {"LogicalName": "invoice", "Id": INVOICE, "Attributes": []}}]
        content = body("ConvertSalesOrderToInvoice", table, ORDER, OutputParameters=made)
        assert ids(content) == (INVOICE,)
        assert ids(body("ConvertSalesOrderToInvoice", table, ORDER, OutputParameters=[])) == ()

    def test_other_records_concern_no_invoice(self) -> None:
        assert ids(body("Update", "account", OTHER)) == ()

    def test_a_record_without_id_is_left_to_the_poll(self) -> None:
        assert ids(body(id_="00000000-0000-0000-0000-000000000000")) == ()

    @pytest.mark.parametrize("id_", [None, 7, "7; drop", {"id": INVOICE}, INVOICE.replace("-", "")])
    def test_an_id_that_is_none_is_malformed(self, id_: Any) -> None:
        with pytest.raises(Malformed):
            ids(body(id_=id_))

    @pytest.mark.parametrize("broken", [7, "x", [7], [None], [{"value": 7}], {"key": "Target"}])
    def test_parameters_in_another_shape_say_nothing(self, broken: Any) -> None:
        assert ids(body("Update", "invoicedetail", OTHER, InputParameters=broken)) == ()

    def test_another_organisation_is_refused(self) -> None:
        content = body(OrganizationId=ORGANIZATION.upper())
        assert understood(content, ORGANIZATION).external_ids == (INVOICE,)
        with pytest.raises(Refused, match="another organisation"):
            understood(content, OTHER)


def test_a_copy_of_the_environment_is_refused_once_the_organisation_is_known() -> None:
    with dynamics_rig(records=3) as rig:
        source = rig.open()
        foreign = proved(body(OrganizationId=OTHER))
        assert source.verify(foreign).external_ids == (INVOICE,)
        source.fetch([Reference(rig.standin.environment.invoice_id(1))])
        with pytest.raises(Refused):
            rig.open().verify(foreign)


@pytest.mark.parametrize("message", ["Create", "Update", "Delete", "ConvertSalesOrderToInvoice"])
def test_every_registered_event_is_understood(message: Any) -> None:
    with dynamics_rig(records=3) as rig:
        made, _ = rig.standin.delivery(1, message=message)
        expected = (rig.standin.environment.invoice_id(1),)
        assert rig.open().verify(proved(made)).external_ids == expected
