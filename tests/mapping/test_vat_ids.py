import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.mapping.vat_ids import foreign_vat_id, member_state_vat_id, vat_id_problem
from tests.mapping.builders import party


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("ATU13585627", "ATU13585627"),
        ("at u 1358 5627", "ATU13585627"),
        ("DE136695976", "DE136695976"),
        ("DE 136 695 976", "DE136695976"),
        ("EL094259216", "EL094259216"),
        ("GR094259216", "EL094259216"),
        ("XI123456782", "XI123456782"),
        ("FR 40 303 265 045", "FR40303265045"),
    ],
)
def test_a_vat_id_has_one_writing(written: str, kept: str) -> None:
    assert member_state_vat_id(written) == kept


@pytest.mark.parametrize(
    "written", [None, "", "DE", "DE123456789", "U13585627", "GB980780684", "CHE107787577", "EU528003646"]
)
def test_what_is_no_vat_id_of_a_member_state_is_none(written: str | None) -> None:
    assert member_state_vat_id(written) is None


def test_a_german_vat_id_is_not_foreign_however_it_is_written() -> None:
    assert foreign_vat_id(party("AT", " de 136695976 ")) is None
    assert foreign_vat_id(party("DE", "ATU13585627")) == "ATU13585627"


@given(st.text(max_size=20) | st.from_regex(r"(AT|BE|CZ|DE|EL|ES|FR|IE|IT|NL|XI)[0-9A-Z² .]{0,14}"))
def test_nothing_that_people_type_stops_the_booking(written: str) -> None:
    kept = member_state_vat_id(written)
    assert kept is None or member_state_vat_id(kept) == kept
    problem = vat_id_problem(party("FR", written))
    assert (problem is None) == (kept is not None or not written)
