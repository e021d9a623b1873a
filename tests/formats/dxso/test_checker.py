"""Faults put into a good package: each is found, and where DATEV's schemas can see it, they agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import pytest

from mlconnector.formats.dxso import Books, Known, check_package, is_sendable, rules
from mlconnector.formats.dxso.checker import COMFORTABLE_FILE, LARGEST_FILE, LARGEST_PACKAGE
from tests.formats.dxso.examples import (
    PDF,
    entry,
    files_of,
    guid,
    needs_xsd,
    package,
    schema_faults,
)
from tests.formats.extf.examples import line
from tests.specifications import located, needs

DOCUMENT = "document.xml"
LEDGER = "RE-2026-0042_78fea0c2.xml"
IMAGE = "RE-2026-0042_78fea0c2.pdf"
ROW = "<accountsReceivableLedger>\n      <date>2026-11-20</date>\n      <amount>119.00</amount>"
EXTENSION = '<extension xsi:type="accountsReceivableLedger" datafile="RE-2026-0042_78fea0c2.xml">'


def good() -> dict[str, bytes]:
    """One invoice with two rows and its PDF."""
    given = entry(line(), line(contra_account="8300"), due_date=date(2026, 12, 4), document=guid("1"))
    return files_of(package([given]))


class Seeded(NamedTuple):
    """A fault: what is replaced in which file (every time, or as often as `times` says), which rule finds it,
    and whether a schema can see it.
    """

    rule: str
    file: str
    before: str
    after: str
    in_schema: bool = False
    times: int = 0


def without(element: str) -> tuple[str, str]:
    return rf"\s*<{element}>[^<]*</{element}>", ""


def value(element: str, after: str) -> tuple[str, str]:
    return rf"<{element}>[^<]*</{element}>", f"<{element}>{after}</{element}>"


def added(element: str, after: str, before: str) -> tuple[str, str]:
    """An element put before another."""
    return f"<{before}>", f"<{element}>{after}</{element}><{before}>"


FAULTS = [
    Seeded("DXSO-X-01", DOCUMENT, "</archive>", "", True),
    Seeded("DXSO-X-01", LEDGER, "<date>", "<date", True),
    Seeded("DXSO-X-02", DOCUMENT, "<archive", '<!DOCTYPE archive [<!ENTITY x "y">]><archive', True),
    Seeded("DXSO-X-02", LEDGER, "<LedgerImport", "<!DOCTYPE x><LedgerImport", True),
    Seeded("DXSO-X-03", DOCUMENT, "document/v06.0", "document/v05.0"),
    Seeded("DXSO-X-03", LEDGER, "ledger/v060", "ledger/v050"),
    Seeded("DXSO-X-04", LEDGER, *added("customerCity", "Bonn", "date"), True),
    Seeded("DXSO-X-04", LEDGER, *added("supplierName", "Bonn AG", "customerName"), True),
    Seeded("DXSO-X-04", LEDGER, *added("buchungstext", "x", "bookingText"), True),
    Seeded("DXSO-X-05", LEDGER, *without("currencyCode"), True),
    Seeded("DXSO-X-05", LEDGER, *without("date"), True),
    Seeded("DXSO-X-05", DOCUMENT, *without("date"), True),
    Seeded("DXSO-X-06", LEDGER, *added("dueDate", "2026-12-04", "dueDate"), True),
    Seeded("DXSO-X-07", LEDGER, "<consolidate ", '<consolidate consolidatedTax="1" ', True),
    Seeded("DXSO-X-08", LEDGER, ' generator_info="[^"]*"', "", True),
    Seeded("DXSO-X-08", LEDGER, ' consolidatedCurrencyCode="[^"]*"', "", True),
    Seeded("DXSO-X-08", DOCUMENT, ' datafile="[^"]*"', "", True),
    Seeded("DXSO-X-09", LEDGER, *value("amount", "119.0"), True),
    Seeded("DXSO-X-09", LEDGER, *value("amount", "119,00"), True),
    Seeded("DXSO-X-09", LEDGER, *value("amount", "0.00"), True),
    Seeded("DXSO-X-09", LEDGER, *value("date", "2026-11-20Z"), True),
    Seeded("DXSO-X-09", LEDGER, *value("date", "2026-11-31"), True),
    Seeded("DXSO-X-09", LEDGER, *value("tax", "19"), True),
    Seeded("DXSO-X-09", LEDGER, *value("invoiceId", "RE.2026_1"), True),
    Seeded("DXSO-X-09", LEDGER, *value("accountNo", "0420"), True),
    Seeded("DXSO-X-09", LEDGER, *added("exchangeRate", "1.0812", "dueDate"), True),
    Seeded("DXSO-X-09", LEDGER, *added("vatId", "DE-123", "dueDate"), True),
    Seeded("DXSO-X-09", LEDGER, *added("costCategoryId", "100 ", "tax"), True),
    Seeded("DXSO-X-09", LEDGER, 'version="6.0"', 'version="5.0"', True),
    Seeded("DXSO-X-09", LEDGER, "Kopie nur", "Nur Kopie", True),
    Seeded("DXSO-X-09", DOCUMENT, "T18:30:00", "T18:30:00Z", True),
    Seeded("DXSO-X-09", DOCUMENT, 'guid="[^"]*"', 'guid="1"', True),
    Seeded("DXSO-X-10", LEDGER, *value("invoiceId", "x" * 37), True),
    Seeded("DXSO-X-10", LEDGER, *value("bookingText", "x" * 61), True),
    Seeded("DXSO-X-10", LEDGER, *value("customerName", "x" * 51), True),
    Seeded("DXSO-X-10", LEDGER, *added("information", "x" * 121, "currencyCode"), True),
    Seeded("DXSO-X-11", LEDGER, *value("customerCity", ""), True),
    Seeded("DXSO-X-11", LEDGER, *value("accountNo", ""), True),
    Seeded("DXSO-X-12", LEDGER, *value("bpAccountNo", "4711"), True),
    Seeded("DXSO-X-12", LEDGER, *added("paymentConditionsId", "8", "dueDate"), True),
    Seeded("DXSO-X-12", DOCUMENT, *value("consultantNumber", "999"), True),
    Seeded("DXSO-X-13", LEDGER, "EUR", "eur", True),
    Seeded("DXSO-X-13", LEDGER, "EUR", "XXX", True),
    Seeded("DXSO-X-13", LEDGER, *added("shipToCountry", "UK", "dueDate"), True),
    Seeded("DXSO-X-14", LEDGER, "<consolidate ", "x<consolidate ", True),
    Seeded("DXSO-D-01", DOCUMENT, 'xsi:type="File"', 'xsi:type="Invoice"', True),
    Seeded("DXSO-D-01", DOCUMENT, 'xsi:type="File"', 'xsi:type="Picture"', True),
    Seeded("DXSO-D-06", DOCUMENT, f"({EXTENSION}.*?</extension>)", r"\1\1"),
    Seeded("DXSO-D-07", DOCUMENT, "<document ", '<document processID="1" '),
    Seeded("DXSO-D-08", DOCUMENT, "<document ", '<document processID="2" '),
    Seeded("DXSO-D-09", DOCUMENT, 'type="2"', 'type="1"'),
    Seeded("DXSO-D-10", DOCUMENT, r"\s*<extension xsi:type=\"File\"[^>]*>", ""),
    Seeded("DXSO-D-11", DOCUMENT, 'xsi:type="File"', 'xsi:type="SEPAFile"'),
    Seeded("DXSO-D-12", DOCUMENT, r'\s*<property key="3"[^>]*>', ""),
    Seeded("DXSO-D-13", DOCUMENT, 'value="2026-11"', 'value="11/2026"'),
    Seeded("DXSO-D-17", DOCUMENT, IMAGE, "other.pdf"),
    Seeded("DXSO-D-17", DOCUMENT, LEDGER, "other.xml"),
    Seeded("DXSO-D-18", DOCUMENT, r'(<extension xsi:type="File"[^>]*>)', r"\1\1"),
    Seeded("DXSO-L-01", LEDGER, 'consolidatedAmount="238.00"', 'consolidatedAmount="238.01"'),
    Seeded("DXSO-L-01", LEDGER, ROW, ROW.replace("119.00", "119.01"), times=1),
    Seeded("DXSO-L-02", LEDGER, ROW, ROW.replace("-20", "-21"), times=1),
    Seeded("DXSO-L-03", LEDGER, 'consolidatedInvoiceId="[^"]*"', 'consolidatedInvoiceId="RE-1"'),
    Seeded("DXSO-L-04", LEDGER, 'CurrencyCode="EUR"', 'CurrencyCode="USD"'),
    Seeded(
        "DXSO-L-05",
        LEDGER,
        r"(<consolidate )(.*?)<customerName>",
        r"\1consolidatedDeliveryDate='2026-11-18' \2<deliveryDate>2026-11-19</deliveryDate><customerName>",
    ),
    Seeded(
        "DXSO-L-06",
        LEDGER,
        r"<customerName>(.*)<customerName>",
        r"<orderId>A1</orderId><customerName>\1<orderId>A2</orderId><customerName>",
    ),
    Seeded("DXSO-L-07", LEDGER, "(<consolidate [^>]*>).*</consolidate>", r"\1</consolidate>", True),
    Seeded("DXSO-L-08", DOCUMENT, "accountsReceivableLedger", "accountsPayableLedger"),
    Seeded("DXSO-L-09", LEDGER, ROW, ROW.replace("119.00", "-119.00"), times=1),
    Seeded("DXSO-L-11", LEDGER, *added("discountAmount", "2.38", "accountNo")),
    Seeded("DXSO-L-12", LEDGER, *added("discountAmount2", "1.19", "dueDate")),
    Seeded("DXSO-L-13", DOCUMENT, 'value="2026-11"', 'value="2026-10"'),
    Seeded("DXSO-L-15", LEDGER, *added("deliveryDate", "2026-11-21", "customerName")),
    Seeded("DXSO-L-16", LEDGER, *value("dueDate", "2026-11-20")),
    Seeded("DXSO-L-18", LEDGER, *added("discountAmount", "119.00", "accountNo")),
    Seeded("DXSO-L-19", LEDGER, *added("discountAmount2", "1.19", "dueDate")),
    Seeded("DXSO-L-20", LEDGER, *added("discountPaymentDate", "2026-11-20", "dueDate")),
    Seeded("DXSO-L-21", LEDGER, *added("paymentConditionsId", "10", "dueDate")),
    Seeded(
        "DXSO-L-22",
        LEDGER,
        "<dueDate>[^<]*</dueDate>",
        "<paymentConditionsId>9</paymentConditionsId><paymentOrder>true</paymentOrder>",
    ),
    Seeded("DXSO-L-23", LEDGER, *added("bankCode", "37010050", "dueDate")),
    Seeded(
        "DXSO-L-24", LEDGER, "<dueDate>", "<bankCode>3701</bankCode><bankAccount>1</bankAccount><dueDate>"
    ),
    Seeded("DXSO-L-25", LEDGER, *value("bpAccountNo", "70001")),
    Seeded("DXSO-L-27", LEDGER, *value("bookingText", "x" * 31)),
    Seeded("DXSO-L-28", LEDGER, *value("amount", "+119.00")),
    Seeded("DXSO-L-29", LEDGER, *value("invoiceId", "")),
]

# what the rule is about needs an element that a seeded fault leaves out
FAULTS += [
    Seeded(
        "DXSO-L-17",
        LEDGER,
        r"(?s)<accountNo>8400(.*?)\s*<bpAccountNo>10001</bpAccountNo>",
        r"<discountAmount>2.38</discountAmount><accountNo>8400\1",
    ),
    Seeded(
        "DXSO-L-17",
        LEDGER,
        r"(?s)(<accountNo>8400.*?)<bpAccountNo>10001</bpAccountNo>",
        r"<discountAmount>2.38</discountAmount>\1",
    ),
]


def seeded(fault: Seeded) -> dict[str, bytes]:
    files = good()
    text = files[fault.file].decode()
    changed = re.sub(fault.before, fault.after, text, count=fault.times, flags=re.DOTALL)
    assert changed != text, fault
    return {**files, fault.file: changed.encode()}


def found_in(files: Mapping[str, bytes], known: Known | None = None) -> set[str]:
    return {finding.rule for finding in check_package(files, known or Known())}


def test_the_good_package_has_no_findings() -> None:
    assert list(check_package(good())) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.rule} {fault.after[:40]}")
def test_a_seeded_fault_is_found_by_its_rule_with_file_and_line(fault: Seeded) -> None:
    findings = [each for each in check_package(seeded(fault)) if each.rule == fault.rule]
    assert findings
    if fault.rule not in {"DXSO-D-03", "DXSO-D-04"}:
        assert all(each.file and each.line for each in findings)


@needs_xsd
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.rule} {fault.after[:40]}")
def test_datev_s_schemas_agree_where_they_can_see_the_fault(fault: Seeded) -> None:
    assert bool(schema_faults(seeded(fault))) == fault.in_schema


def test_more_than_forty_faults_are_seeded() -> None:
    assert len(FAULTS) >= 40


def test_a_fault_shows_what_was_expected() -> None:
    fault = Seeded("DXSO-L-01", LEDGER, ROW, ROW.replace("119.00", "119.01"), times=1)
    (finding,) = [each for each in check_package(seeded(fault)) if each.rule == "DXSO-L-01"]
    assert (finding.name, finding.value, finding.expected) == ("consolidatedAmount", "238.00", "238.01")
    assert "cent" in finding.text("en").cure


class TestPackage:
    def test_it_needs_its_management_file(self) -> None:
        files = good()
        del files[DOCUMENT]
        assert "DXSO-P-01" in found_in(files)

    @pytest.mark.parametrize(
        ("name", "rule"),
        [
            ("Rechnung #1.pdf", "DXSO-P-02"),
            ("a/b.pdf", "DXSO-P-02"),
            ("Rechnung 1.pdf", "DXSO-P-11"),
            ("Rechnung-ä.pdf", "DXSO-P-11"),
            (f"{'x' * 252}.pdf", "DXSO-P-03"),
            ("paket.zip", "DXSO-P-10"),
        ],
    )
    def test_names_of_files(self, name: str, rule: str) -> None:
        assert found_in({**good(), name: PDF}) == {rule, "DXSO-P-07"}

    @pytest.mark.parametrize(
        ("sizes", "rule"),
        [
            ([0], "DXSO-P-12"),
            ([COMFORTABLE_FILE + 1], "DXSO-P-09"),
            ([LARGEST_FILE + 1], "DXSO-P-04"),
            ([LARGEST_FILE] * 5, "DXSO-P-06"),
            ([LARGEST_FILE] * 24, "DXSO-P-05"),
        ],
    )
    def test_sizes_of_files_that_are_elsewhere(self, sizes: list[int], rule: str) -> None:
        elsewhere = {f"{number}.pdf": size for number, size in enumerate(sizes)}
        assert rule in {each.rule for each in check_package(good(), elsewhere=elsewhere)}
        assert LARGEST_PACKAGE == 465 * 1024 * 1024

    def test_an_image_may_be_elsewhere(self) -> None:
        files = good()
        del files[IMAGE]
        assert found_in(files) == {"DXSO-D-17"}
        assert list(check_package(files, elsewhere={IMAGE: 10})) == []

    def test_it_has_no_more_than_500_documents(self) -> None:
        many = [entry(revision=str(number)) for number in range(501)]
        assert found_in(files_of(package(many))) == {"DXSO-P-08"}

    def test_documents_are_of_one_month_and_one_ledger_and_have_guids_of_their_own(self) -> None:
        files = good()
        text = files[DOCUMENT].decode()
        document = text[text.index("<document ") : text.index("</content>")]
        other = document.replace("2026-11", "2026-10").replace("Receivable", "Payable").replace('"2"', '"1"')
        files[DOCUMENT] = text.replace("</content>", f"{other}</content>").encode()
        assert {"DXSO-D-02", "DXSO-D-03", "DXSO-D-04"} <= found_in(files)


@pytest.mark.parametrize(
    ("known", "rule"),
    [
        (Known(client="29098-55004"), "DXSO-D-05"),
        (Known(month="2026-12"), "DXSO-D-14"),
        (Known(ledger="payable"), "DXSO-D-15"),
        (Known(folder_names=["Rechnungen 2026"]), "DXSO-D-16"),
        (Known(books=Books(fiscal_year=(date(2025, 1, 1), date(2025, 12, 31)))), "DXSO-L-14"),
        (Known(books=Books(account_length=5)), "DXSO-L-25"),
    ],
)
def test_what_is_known_of_client_and_job_is_compared(known: Known, rule: str) -> None:
    assert found_in(good(), known) == {rule}


def test_a_contra_account_that_is_too_long_is_found_when_the_length_is_known() -> None:
    fault = Seeded("DXSO-L-26", LEDGER, *value("accountNo", "8400001"))
    assert found_in(seeded(fault)) == set()
    assert found_in(seeded(fault), Known(books=Books(account_length=4))) == {"DXSO-L-26"}


def test_what_is_only_doubtful_can_be_sent() -> None:
    doubtful = Seeded("DXSO-L-28", LEDGER, *value("amount", "+119.00"))
    rejected = Seeded("DXSO-X-09", LEDGER, *value("amount", "119.0"))
    assert is_sendable(check_package(seeded(doubtful)))
    assert not is_sendable(check_package(seeded(rejected)))


def test_a_full_discount_has_no_findings() -> None:
    files = good()
    text = files[LEDGER].decode()
    text = text.replace("<accountNo>", "<discountAmount>2.38</discountAmount><accountNo>").replace(
        "<dueDate>",
        "<discountPercentage>2.00</discountPercentage><discountPaymentDate>2026-11-27</discountPaymentDate>"
        "<dueDate>",
    )
    assert list(check_package({**files, LEDGER: text.encode()})) == []


def test_entities_are_never_expanded() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><archive>&b;</archive>'
    outside = b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]><archive>&a;</archive>'
    for content in (bomb, outside):
        (finding,) = [each for each in check_package({DOCUMENT: content}) if each.rule.startswith("DXSO-X")]
        assert finding.rule == "DXSO-X-02"


@needs("dxso/samples/own")
@pytest.mark.parametrize("name", ["ar_minimal", "ar_two_rates", "ap_minimal"])
def test_the_conformance_samples_pass(name: str) -> None:
    files = {path.name: path.read_bytes() for path in located(f"dxso/samples/own/{name}").iterdir()}
    images = {f"{file.removesuffix('.xml')}.pdf": 10 for file in files if file != DOCUMENT}
    assert list(check_package(files, elsewhere=images)) == []
    assert schema_faults(files) == []


def test_every_rule_has_its_texts_and_a_test() -> None:
    tested = {fault.rule for fault in FAULTS}
    elsewhere = {f"DXSO-P-{number:02}" for number in range(1, 13)} | {
        *("DXSO-D-02", "DXSO-D-03", "DXSO-D-04", "DXSO-D-05", "DXSO-D-14", "DXSO-D-15", "DXSO-D-16"),
        *("DXSO-L-14", "DXSO-L-26"),
    }
    assert {rule for rule in rules() if not rule.startswith("DXSO-E")} == tested | elsewhere
    for rule in rules().values():
        for text in (rule.de, rule.en):
            assert text.title
            assert text.reason.endswith(".")
            assert text.cure.endswith(".")
