"""VAT ids of member states: their one writing, and what is wrong with one where it matters."""

from __future__ import annotations

from mlconnector.mapping.regions import region
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party

_NO_MEMBER_STATES = ("EU", "IM")


def member_state_vat_id(written: str | None) -> str | None:
    """A VAT id as DATEV takes it (`ATU13585627`, Greece with `EL`); None when form or check digits are wrong.

    Numbers with EU or IM belong to the one-stop shop, not to a member state.
    """
    # Whoever only reads settings must not wait for the library.
    from stdnum.eu import vat  # noqa: PLC0415
    from stdnum.exceptions import ValidationError  # noqa: PLC0415

    try:
        number = str(vat.validate(written or ""))
    except ValidationError:
        return None
    if number.startswith(_NO_MEMBER_STATES):
        return None
    return "EL" + number[2:] if number.startswith("GR") else number


def foreign_vat_id(party: Party) -> str | None:
    """The party's VAT id of another member state; a German one does not make a supply tax-free."""
    number = member_state_vat_id(party.vat_id)
    return None if number is None or number.startswith("DE") else number


def country_prefix(country: str) -> str:
    """A member state (ISO 3166) as VAT ids begin: its country code, but EL for Greece."""
    return "EL" if country == "GR" else country


def vat_id_problem(party: Party) -> Problem | None:
    """What is wrong with the party's VAT id, if anything, where the booking looks at it.

    At home it does not, and customers in third countries have tax numbers of their own kinds.
    """
    if not party.vat_id or member_state_vat_id(party.vat_id):
        return None
    where = region(party)
    looked_at = where in {"eu", "northern_ireland"} or (
        where == "third" and _claims_a_member_state(party.vat_id)
    )
    if not looked_at:
        return None
    facts = {"vat_id": party.vat_id, "party": party.name, "party_id": party.external_id}
    return Problem("vat_id_invalid", facts, ("party_id", "vat_id"))


def _claims_a_member_state(written: str) -> bool:
    from stdnum.eu import vat  # noqa: PLC0415 - as above

    prefix = written.strip()[:2].lower()
    return prefix in vat.MEMBER_STATES or prefix == "el"
