"""The schema always, the rules of EN 16931 where they are wanted; and what DATEV takes."""

from __future__ import annotations

import sys

import pytest
from lxml import etree

from mlconnector.formats.document_names import LARGEST
from mlconnector.formats.einvoice import rules as rules_module
from mlconnector.formats.einvoice.examination import examine
from mlconnector.formats.einvoice.files import check_file
from tests.formats.einvoice.builders import as_xrechnung, pdf, xml

SYNTAXES = ("factur-x", "ubl-2.1")


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_good_invoice_has_no_findings(syntax: str) -> None:
    found = examine(xml(syntax), rules=True)
    assert (found.findings, found.applied, found.rules) == ((), True, "")


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_xrechnung_is_held_against_the_rules_it_restricts(syntax: str) -> None:
    found = examine(as_xrechnung(xml(syntax)), rules=True)
    assert (found.findings, found.applied) == ((), True)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_sums_that_do_not_agree_break_a_rule_but_not_the_schema(syntax: str) -> None:
    wrong = xml(syntax, BT_112="300.00")
    assert examine(wrong, rules=False).findings == ()
    assert "BR-CO-15" in [finding.rule for finding in examine(wrong, rules=True).fatal]


def test_a_finding_says_rule_words_and_place() -> None:
    finding = next(one for one in examine(xml(BT_112="300.00"), rules=True).fatal if one.rule == "BR-CO-15")
    assert finding.text.startswith("Invoice total amount with VAT (BT-112) =")
    assert finding.location.startswith("/CrossIndustryInvoice[1]/SupplyChainTradeTransaction[1]")


class TestHowGraveAFindingIs:
    """Factur-X states no flags; the CEN's own ones decide, and what has none is not fatal."""

    def test_a_rule_on_the_syntax_may_be_a_warning(self) -> None:
        contact = b"<ram:DefinedTradeContact><ram:PersonName>A</ram:PersonName><ram:DepartmentName>B"
        contact += b"</ram:DepartmentName></ram:DefinedTradeContact>"
        address = b"<ram:PostalTradeAddress>"
        found = examine(xml().replace(address, contact + address, 1), rules=True)
        (finding,) = found.findings
        assert (finding.rule, finding.severity) == ("CII-SR-465", "warning")

    def test_what_factur_x_adds_of_its_own_is_a_warning(self) -> None:
        number = b'<ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">1/2/3</ram:ID></ram:SpecifiedTaxReg'
        buyer = as_xrechnung(xml()).replace(
            b"</ram:BuyerTradeParty>", number + b"istration></ram:BuyerTradeParty>"
        )
        found = examine(buyer, rules=True)
        assert found.findings
        assert {(one.rule[:6], one.severity) for one in found.findings} == {("FX-SCH", "warning")}

    @pytest.mark.parametrize("syntax", SYNTAXES)
    def test_a_business_rule_is_fatal(self, syntax: str) -> None:
        found = examine(xml(syntax, BT_115="1.00"), rules=True)
        assert [(one.rule, one.severity) for one in found.findings] == [("BR-CO-16", "fatal")]

    @pytest.mark.parametrize(
        ("profile", "rule"),
        [
            ("compliant#urn:factur-x.eu:1p0:basic", "BR-CO-16"),
            ("conformant#urn:factur-x.eu:1p0:extended", "BR-FXEXT-CO-16"),
        ],
    )
    def test_it_is_so_in_every_profile_and_under_its_own_name(self, profile: str, rule: str) -> None:
        core = b"urn:cen.eu:en16931:2017"
        made = xml(BT_115="1.00").replace(core, core + b"#" + profile.encode())
        assert {one.rule for one in examine(made, rules=True).fatal} == {rule}

    @pytest.mark.parametrize(
        ("tag", "attributes", "grave"),
        [
            ("failed-assert", 'id="BR-S-01" flag="warning"', "warning"),
            ("failed-assert", 'id="FX-SCH-A-000001" flag="fatal"', "fatal"),
            ("failed-assert", 'id="BR-S-01"', "fatal"),
            ("failed-assert", 'id="BR-51"', "warning"),
            ("failed-assert", 'id="CII-SR-470"', "fatal"),
            ("failed-assert", 'id="CII-SR-475"', "warning"),
            ("failed-assert", 'id="BR-FXEXT-S-08ini"', "warning"),
            ("failed-assert", 'id="BR-FXEXT-S-08b"', "fatal"),
            ("failed-assert", "", "warning"),
            ("successful-report", 'id="BR-S-01"', "warning"),
        ],
    )
    def test_a_flag_goes_before_the_name(self, tag: str, attributes: str, grave: str) -> None:
        finding = f"<s:{tag} {attributes}><s:text>x</s:text></s:{tag}>"
        svrl = f'<s:r xmlns:s="http://purl.oclc.org/dsdl/svrl">{finding}</s:r>'
        (found,) = rules_module._findings(etree.fromstring(svrl))
        assert found.severity == grave


def test_an_element_that_does_not_belong_there_breaks_the_schema() -> None:
    wrong = xml().replace(b"<ram:TypeCode>380</ram:TypeCode>", b"<ram:Nonsense/>")
    finding = examine(wrong, rules=False).fatal[0]
    assert finding.rule == "XSD"
    assert "Nonsense" in finding.text
    assert "urn:" not in finding.text
    assert finding.location.startswith("line ")


def test_an_unknown_profile_is_a_finding() -> None:
    found = examine(xml().replace(b"urn:cen.eu:en16931:2017", b"urn:example:mine"), rules=False)
    assert [finding.rule for finding in found.fatal] == ["profile"]


def test_rules_that_are_not_installed_are_said_and_never_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    rules_module._saxon.cache_clear()
    rules_module._compiled.cache_clear()
    monkeypatch.setitem(sys.modules, "saxonche", None)
    found = examine(xml(), rules=True)
    assert not found.applied
    assert "saxonche" in found.rules
    with pytest.raises(rules_module.RulesMissing):
        rules_module.try_rules()


class TestWhatDatevTakes:
    def test_the_original_is_not_touched_and_nothing_is_wrong_with_it(self) -> None:
        checked = check_file(
            "RE-42.pdf", "application/pdf", pdf(("factur-x.xml", xml())), ["pdf"], rules=False
        )
        assert checked.problem is None

    def test_xml_is_refused_with_a_way_out_where_the_client_has_no_xml(self) -> None:
        checked = check_file("RE-42.xml", "application/xml", xml(), [".PDF", ".JPG"], rules=False)
        assert checked.problem is not None
        assert checked.problem.key == "einvoice_not_taken"
        assert checked.problem.facts == {"file_name": "RE-42.xml", "allowed": "jpg, pdf"}

    def test_other_xml_is_refused_as_any_file(self) -> None:
        checked = check_file("a.xml", "application/xml", b"<a/>", ["pdf"], rules=False)
        assert checked.problem is not None
        assert checked.problem.key == "document_type_forbidden"

    def test_a_file_above_20_mb_is_refused_unread(self) -> None:
        checked = check_file("RE.xml", "", b"<" + b" " * LARGEST, ["xml"], rules=False)
        assert checked.problem is not None
        assert checked.problem.key == "document_too_large"

    def test_an_empty_file_is_refused(self) -> None:
        checked = check_file("RE.xml", "", b"", ["xml"], rules=False)
        assert checked.problem is not None
        assert checked.problem.key == "document_empty"
