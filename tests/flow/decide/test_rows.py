"""What cannot be written waits before it gets near a batch."""

from __future__ import annotations

from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, Rig


def named(rig: Rig, deal_id: int, name: str) -> None:
    organisation = rig.pipedrive.account.deal(deal_id).org_id
    assert organisation is not None
    rig.pipedrive.change_organization(organisation, name=name)


def in_windows_1252(rig: Rig) -> None:
    text = rig.text.replace("[books]", '[books]\nencoding = "windows-1252"')
    rig.connect(text)


def test_a_name_without_a_character_in_windows_1252_waits(make_rig: MakeRig) -> None:
    rig = make_rig(2)
    in_windows_1252(rig)
    named(rig, DOMESTIC, "日本語の会社")
    named(rig, MIXED_RATES, "日本 GmbH")
    rig.work()
    assert [cause.partition(":")[0] for cause in rig.causes()] == ["name_not_writable"]
    assert rig.voucher(DOMESTIC).state == "needs_human"
    assert rig.voucher(MIXED_RATES).state == "settled"


def test_the_same_name_is_written_in_utf_8(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    named(rig, DOMESTIC, "日本語の会社")
    rig.work()
    assert rig.states() == {"settled": 1}
