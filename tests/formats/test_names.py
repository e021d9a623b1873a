import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.formats.names import (
    batch_id,
    delivery_id,
    document_guid,
    entry_id,
    extf_file_name,
    voucher_id,
)

CLIENT = "29098-55003"
BATCH = uuid.UUID("0b5f1c5e-7a54-5d3c-9a57-0a6f3b1c2d4e")


def test_names_stay_the_same_for_ever() -> None:
    voucher = voucher_id("vertrieb", "invoice/815")
    assert voucher == "58d344d9-e33e-52d7-806c-54995005961d"
    assert entry_id(voucher, "invoice/815@r1:original:1") == "9ec43e1b-1ca3-557e-9759-467e06855eaf"
    assert str(document_guid(CLIENT, voucher, "r1", "9")) == "64bc0c09-a649-551c-b0a3-eeae4fa8da26"
    assert str(batch_id(CLIENT, "2026-07", "extf", ["b", "a"])) == "cf8b9ae5-df77-50cc-9a51-3ee2703d3af1"
    assert delivery_id("vertrieb", "d-1", "hash") == "343f1ebc-fb18-5932-9052-6800577ea4ea"


def test_every_name_depends_on_all_that_it_stands_for() -> None:
    documents = {
        document_guid(*parts)
        for parts in (
            ("a", "b", "c", "d"),
            ("x", "b", "c", "d"),
            ("a", "x", "c", "d"),
            ("a", "b", "x", "d"),
            ("a", "b", "c", "x"),
            ("ab", "", "c", "d"),
        )
    }
    assert len(documents) == 6


def test_things_of_different_kinds_never_share_a_name() -> None:
    names = {
        voucher_id("a", "b"),
        entry_id("a", "b"),
        delivery_id("a", "b", ""),
        str(batch_id("a", "b", "", [])),
    }
    assert len(names) == 4


def test_a_guid_is_one_of_rfc_4122_in_version_5() -> None:
    guid = document_guid(CLIENT, "v", "r", "a")
    assert (guid.version, guid.variant) == (5, uuid.RFC_4122)


@given(st.lists(st.text(max_size=20), max_size=6), st.data())
def test_a_batch_is_named_by_its_content_in_whatever_order(keys: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(keys))
    assert batch_id(CLIENT, "2026-07", "extf", keys) == batch_id(CLIENT, "2026-07", "extf", shuffled)
    assert batch_id(CLIENT, "2026-07", "extf", [*keys, "one more"]) != batch_id(
        CLIENT, "2026-07", "extf", keys
    )


@pytest.mark.parametrize(
    "other", [("29098-1", "2026-07", "extf"), (CLIENT, "2026-08", "extf"), (CLIENT, "2026-07", "dxso")]
)
def test_the_same_content_for_another_client_period_or_format_is_another_batch(
    other: tuple[str, str, str],
) -> None:
    assert batch_id(*other, ["a"]) != batch_id(CLIENT, "2026-07", "extf", ["a"])


def test_a_delivery_without_an_id_is_known_by_its_body() -> None:
    assert delivery_id("vertrieb", None, "one") == delivery_id("vertrieb", None, "one")
    assert delivery_id("vertrieb", None, "one") != delivery_id("vertrieb", None, "other")
    assert delivery_id("vertrieb", "id", "one") == delivery_id("vertrieb", "id", "other")


def test_a_file_name_says_source_period_and_batch() -> None:
    assert extf_file_name("pipedrive", "2026-07", BATCH) == "EXTF_pipedrive_2026-07_0b5f1c5e7a545d3c.csv"


@given(st.text(max_size=80), st.dates(), st.uuids())
def test_a_file_name_is_one_that_datev_takes_as_it_is(source: str, day: object, batch: uuid.UUID) -> None:
    name = extf_file_name(source, f"{day:%Y-%m}", batch)
    assert len(name) <= 60
    assert re.fullmatch(r"EXTF_[A-Za-z0-9_-]*\.csv", name)
