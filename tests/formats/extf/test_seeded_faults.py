"""Every fault in the tables of `faults/` is found by its rule at its place, and a valid file has none."""

from __future__ import annotations

import io
from collections import Counter

import pytest

from mlconnector.flow.agree.check_settings import of_file
from mlconnector.formats.extf import ClientSettings, Finding, check, checker, rules
from tests.formats.extf.fault_tables import VALID, Case, Fault, faults, harmless

FAULTS = faults()
UNTOUCHED = sorted(VALID.glob("*.csv"))


def findings(content: bytes, stated: ClientSettings, name: str | None) -> list[Finding]:
    stream = io.BytesIO(content)
    return list(check(stream, file_name=name, settings=of_file(stream, stated)))


@pytest.mark.parametrize("path", UNTOUCHED, ids=lambda path: path.stem)
def test_a_valid_file_has_no_findings(path: object) -> None:
    (known,) = [each for each in UNTOUCHED if each == path]
    assert findings(known.read_bytes(), ClientSettings("03", 4, 1), known.name) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.table}: {fault.rule} {fault.name}")
def test_a_fault_is_found_where_it_is_and_only_where_it_is(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    untouched = findings(fault.valid.read_bytes(), ClientSettings("03", 4, 1), fault.valid.name)
    assert fault.rule not in {finding.rule for finding in untouched}
    made = fault.made()
    for limit, value in made.limits.items():
        monkeypatch.setattr(checker, limit, value)
    found = findings(made.content(), fault.settings, made.name)
    places = [(finding.rule, finding.line, finding.column) for finding in found]
    assert (fault.rule, fault.line, fault.column) in places
    if "EXTF-*" not in fault.also:
        assert {finding.rule for finding in found} == {fault.rule} | fault.also


@pytest.mark.parametrize("case", harmless(), ids=lambda case: case.name)
def test_what_is_right_has_no_findings(case: Case) -> None:
    assert findings(case.made().content(), case.settings, case.valid.name) == []


def test_every_rule_has_a_seeded_fault() -> None:
    assert set(rules()) == {fault.rule for fault in FAULTS}


def test_there_are_enough_faults_and_each_is_another() -> None:
    assert len(FAULTS) >= 150
    doubles = Counter((fault.valid, fault.change, fault.client, fault.rule) for fault in FAULTS)
    assert [fault for fault, count in doubles.items() if count > 1] == []
