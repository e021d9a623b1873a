"""Anhalten: a voucher is stopped on its page, and let go on there or under Ausnahmen; by the API, too."""

from __future__ import annotations

from tests.web.console.rig import visitor
from tests.web.console.test_preview import add
from tests.web.rig import NAME, Rig

PAGE = "preview/voucher?voucher=key-R-1"
CAUSE = f"exceptions/cause?connection={NAME}&cause=held_by_person"


def test_a_voucher_is_stopped_with_a_reason_and_let_go_on(rig: Rig) -> None:
    rig.connect()
    add(rig, "R-1")
    adviser = visitor(rig, "adviser")
    assert "Anhalten" in adviser.page(PAGE)
    said = {"connection": NAME, "voucher": "key-R-1", "back": f"/console/{PAGE}"}
    assert adviser.post("exceptions/hold", reason=" ", **said).status_code == 409
    page = adviser.done("exceptions/hold", reason="<b>Kunde klagt</b>", **said)
    assert "Beleg R-1 ist angehalten" in page
    assert "Angehalten von adviser@example.com" in page
    assert "&lt;b&gt;Kunde klagt" in page
    listed = adviser.page("exceptions")
    assert "Jemand hat den Beleg angehalten." in listed
    bookkeeper = visitor(rig, "bookkeeper")
    found = bookkeeper.page(CAUSE)
    assert "Kunde klagt" in found
    assert "weitergehen lassen" in found
    assert "exceptions/replay_all" not in found
    fields = {"connection": NAME, "cause": "held_by_person", "voucher": "key-R-1"}
    assert "Nicht mehr angehalten: 1" in bookkeeper.done("exceptions/unhold", **fields)
    assert bookkeeper.post("exceptions/unhold", **fields).status_code == 409
    assert visitor(rig, "auditor").post("exceptions/hold", reason="x", **said).status_code == 403


def test_a_program_stops_vouchers_and_lets_them_go_on(rig: Rig) -> None:
    rig.connect()
    add(rig, "R-1")
    with rig.program() as api:
        path = f"/api/v1/connections/{NAME}"
        held = api.post(f"{path}/hold", json={"vouchers": ["R-1"], "reason": "asked for"}).json()
        assert held == {"connection": NAME, "held": True, "vouchers": ["R-1"]}
        assert api.post(f"{path}/unhold", json={"vouchers": ["R-1"]}).json()["held"] is False
        refused = api.post(f"{path}/unhold", json={"vouchers": ["R-1"]})
        assert (refused.status_code, refused.json()["cause"]) == (409, "voucher_not_held")
