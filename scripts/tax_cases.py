"""Writes docs/reference/tax-cases.md from the seeded tax cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from mlconnector.mapping.charts import TaxCase, seeded_accounts, tax_cases
from mlconnector.mapping.discount_accounts import discount_accounts
from mlconnector.mapping.tax_keys import tax_keys

PAGE = Path(__file__).resolve().parents[1] / "docs/reference/tax-cases.md"
_BEGINNING = """\
# Tax cases

A tax case says which tax a line has, and so which account and which tax key (BU-Schlüssel) it gets. The table
is made from `src/mlconnector/mapping/tax_cases.toml` by `scripts/tax_cases.py`. All of it is a proposal until
your tax adviser has confirmed it for the client.

- **When** has the facts that make the case. Cases that are *chosen by a row* never follow from facts alone: a
  row `[[mapping.tax_case]]` names them. What fits no case, or more than one, waits.
- **SKR03**, **SKR04**: the account proposed. *A* is an automatic account (Automatikkonto): DATEV works out
  the tax by the account, and no key is written beside it. A row `[[mapping.revenue]]` or
  `[[mapping.expense]]` may name another account.
- **Key** is written beside accounts that are not automatic. Where a key meant something else in an earlier
  year, it follows the date of the document.
- **Further columns** of the Buchungsstapel that such a row fills.
- **Kz** has the Kennzahlen of the Umsatzsteuer-Voranmeldung (form USt 1 A of 2026) where it is declared. A
  tax case without any is not declared there.
- **Period** says which day decides the period of the Voranmeldung (column 116, with `service_date = true`):
  that of the *supply*, that of the *invoice* but not before the supply and at the latest the end of the month
  after it, or the *later* one of both. A credit note counts by its own day (§ 17 Abs. 1 Satz 8 UStG).
- **Skonto** is the account of a discount on payment in SKR03 and SKR04; *+ key* where the key of the case
  goes with it.
- *Owed* tax is not on the document: the client owes it on top, and deducts it unless the case says otherwise.

Worked examples of every case, with rows and postings, are in `tests/golden/vouchers`.
"""
_SECTIONS = {"sale": "Sales", "purchase": "Purchases"}
_COLUMNS = "| Case | When | SKR03 | SKR04 | Key | Further columns | Kz | Period | Skonto | Source |"
_CUSTOMERS = {"business": "business", "consumer": "consumer, `oss = true`"}
_REGIONS = {
    "domestic": "Germany",
    "eu": "another member state",
    "third": "third country",
    "named": "chosen by a row",
}
_PERIODS = {
    "supply": "supply",
    "invoice": "invoice",
    "later": "later",
    "matter": "supply or invoice, by the matter",
}
_SUPPLIES = {"goods": "goods", "service": "service", "on_site": "service bound to a place"}


def page() -> str:
    """The whole page."""
    parts = [_BEGINNING.rstrip()]
    for direction, title in _SECTIONS.items():
        parts += [f"\n## {title}\n", _COLUMNS, "|---" * (_COLUMNS.count("|") - 1) + "|"]
        parts += [_row(case) for case in tax_cases().values() if case.direction == direction]
    return "\n".join(parts) + "\n"


def _row(case: TaxCase) -> str:
    cells = [
        f"`{case.name}`<br>{case.title['en']}<br>*{case.title['de']}*",
        ", ".join(_facts(case)),
        _account(case, "SKR03"),
        _account(case, "SKR04"),
        _key(case),
        "; ".join(_further(case)),
        _boxes(case),
        _PERIODS[case.period],
        _discount(case),
        case.source,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _facts(case: TaxCase) -> Iterator[str]:
    yield "rate of the other country" if case.rate is None else f"{case.rate:f} %"
    yield "`small_business = true`" if case.name == "small_business" else _REGIONS[case.region]
    if case.vat_id != "any":
        yield {
            "yes": "with a VAT id of another member state",
            "no": "without a VAT id of another member state",
        }[case.vat_id]
    if case.customer in _CUSTOMERS:
        yield _CUSTOMERS[case.customer]
    if case.supply in _SUPPLIES:
        yield _SUPPLIES[case.supply]
    if case.own_rate:
        yield f"{case.own_rate:f} % owed"
    if case.deduction == "no":
        yield "no deduction of input tax"
    if case.valid:
        yield "supplied " + " or ".join(_period(*period) for period in case.valid)
    if "service_date" in case.needs:
        yield "date of supply stated"


def _period(first: date, last: date | None) -> str:
    return f"from {first}" if last is None else f"{first} to {last}"


def _account(case: TaxCase, chart: str) -> str:
    number = case.account.get(chart, "")
    if not number:
        return "named by a row"
    known = seeded_accounts("SKR03" if chart == "SKR03" else "SKR04", 4)[number]
    return f"{number} *A*" if known.automatic else number


def _key(case: TaxCase) -> str:
    if case.key_until is None:
        return case.key or "none"
    last, before = case.key_until
    return f"{case.key}; {before} on documents up to {last}"


def _boxes(case: TaxCase) -> str:
    if not case.boxes:
        return "none"
    return ", ".join(case.boxes) + (", by the matter" if case.matter else "")


def _discount(case: TaxCase) -> str:
    accounts = discount_accounts()[case.name]
    seeded = seeded_accounts("SKR03", 4)[accounts["SKR03"]]
    key = " + key" if case.key and not seeded.automatic else ""
    return f"{accounts['SKR03']}, {accounts['SKR04']}{key}"


def _further(case: TaxCase) -> Iterator[str]:
    key = tax_keys().get(case.key)
    if case.eu == "vat_id":
        yield "40: VAT id"
    if case.eu == "country":
        yield "40: country, 41: its rate"
    if case.matter:
        yield "43: matter that the row names, 44: rate × 10"
    if key is not None and key.complete:
        yield "119: rate, 120: country"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
