"""Where people see a record: the addresses that both systems document."""

from __future__ import annotations

from mlconnector.systems import dynamics, pipedrive
from mlconnector.systems.kit.web_address import web_address
from mlconnector.systems.pipedrive.settings import LOGIN_ADDRESS_KEY
from tests.conformance.context import JsonMemory
from tests.systems.dynamics.rig import dynamics_rig
from tests.systems.pipedrive.rig import oauth_rig, token_rig

GUID = "60c4e274-0d87-e711-80e5-00155db19e6d"


def test_a_deal_has_its_page_below_the_address_of_the_account() -> None:
    with token_rig(1) as rig:
        settings = rig.system.settings_model.model_validate(dict(rig.settings))
        assert pipedrive.deal_address(settings, JsonMemory(), "815") == f"{rig.url}/deal/815"


def test_after_a_login_the_page_of_a_deal_is_where_the_login_said() -> None:
    with oauth_rig(1) as rig:
        settings = rig.system.settings_model.model_validate(dict(rig.settings))
        memory = rig.outside.memory
        assert pipedrive.deal_address(settings, memory, "1") == ""
        rig.open().changes(None, None)
        assert pipedrive.deal_address(settings, memory, "1") == f"{memory.recall(LOGIN_ADDRESS_KEY)}/deal/1"


def test_an_invoice_of_dynamics_has_its_form() -> None:
    with dynamics_rig() as rig:
        settings = rig.system.settings_model.model_validate(dict(rig.settings))
        form = f"{settings.environment}/main.aspx?pagetype=entityrecord&etn=invoice&id={GUID}"
        assert dynamics.invoice_address(settings, JsonMemory(), GUID) == form


def test_what_is_no_address_of_the_web_leads_nowhere() -> None:
    assert web_address("javascript:alert(1)", "deal", "1") == ""
    assert web_address("", "deal", "1") == ""
