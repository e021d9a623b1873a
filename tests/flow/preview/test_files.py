"""Preview files are what a run would send, and say that they are a preview."""

from __future__ import annotations

from mlconnector.flow.preview.files import preview_files
from mlconnector.flow.preview.preview import preview
from mlconnector.formats.extf import check, read
from tests.flow.conftest import MakeRig


def test_they_are_files_of_one_month_each_that_datev_would_take(make_rig: MakeRig) -> None:
    rig = make_rig(25)
    shown = list(preview(rig.context, 100))
    files = list(preview_files(rig.context, shown))
    assert [file.period for file in files] == sorted({file.period for file in files})
    assert len(files) > 1
    for file in files:
        parsed = read(file.content)
        header = parsed.preamble.header()
        assert (header.label, file.name[:24]) == (
            f"Vorschau pipedrive {file.period}",
            "EXTF_Vorschau-pipedrive_",
        )
        assert [finding.rule for finding in check(file.content, file_name=file.name)] == []
        assert {row["Beleglink"] for row in parsed.rows} == {""}
    assert rig.states() == {}


def test_they_hold_the_rows_that_a_run_then_sends(make_rig: MakeRig) -> None:
    rig = make_rig(3)
    shown = list(preview(rig.context, 100))
    wanted = [
        (row["Belegfeld 1"], row["Gegenkonto (ohne BU-Schlüssel)"], row["Umsatz (ohne Soll/Haben-Kz)"])
        for file in preview_files(rig.context, shown)
        for row in read(file.content).rows
    ]
    rig.work()
    sent = [
        (row.number, row.contra_account, f"{row.amount:.2f}".replace(".", ",")) for row in rig.outside.rows()
    ]
    assert sorted(sent) == sorted(wanted)


def test_what_goes_as_dxso_is_left_out(make_rig: MakeRig) -> None:
    rig = make_rig(3)
    channel = '\n[[channels]]\nkind = "sales"\nformat = "dxso"\nfrom = 2020-01-01\n'
    services = 'services = ["documents", "extf", "dxso"]'
    rig.connect(rig.text.replace("[datev]", f"[datev]\n{services}") + channel)
    shown = list(preview(rig.context, 100))
    assert {one.channel for one in shown} == {"dxso"}
    assert list(preview_files(rig.context, shown)) == []
