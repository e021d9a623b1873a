"""The reference data: accounts, banks, tax rules, payment terms, locations, and the company itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from mlconnector.standins.cin7.amounts import ZERO
from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.times import day_text
from mlconnector.standins.cin7.vocabulary import Location, TaxRule, vocabulary


@dataclass
class Catalogue:
    """The lists as they are served."""

    tax_rules: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    banks: list[Row] = field(default_factory=list)
    terms: list[Row] = field(default_factory=list)
    locations: list[Row] = field(default_factory=list)
    company: Row = field(default_factory=dict)


def catalogue() -> Catalogue:
    """The reference data of a new account."""
    words = vocabulary()
    return Catalogue(
        [_tax_rule(rule) for rule in words.tax_rules],
        [_account(*account) for account in words.chart.accounts],
        [
            {
                "AccountID": guid("bank", bank.code),
                "Bank": bank.bank,
                "AccountName": bank.bank,
                "AccountNumber": bank.number,
                "AccountCode": bank.code,
                "Currency": words.company.currency,
                "StatementBalance": ZERO,
                "BalanceInDear": ZERO,
                "InitialBalance": ZERO,
            }
            for bank in words.banks
        ],
        [
            {
                "ID": guid("term", term.name),
                "Name": term.name,
                "Duration": term.duration,
                "Method": term.method,
                "IsActive": True,
                "IsDefault": term.default,
            }
            for term in words.terms
        ],
        [_location(location) for location in words.locations],
        _company(),
    )


def location_id(name: str) -> str:
    """The id of a location."""
    return guid("location", name)


def _company() -> Row:
    company = vocabulary().company
    rule = vocabulary().tax_rules[0]
    return {
        "Company": company.name,
        "Currency": company.currency,
        "TimeZone": company.timezone,
        "DefaultWeightUnits": "g",
        "DefaultDimensionsUnits": "cm",
        "LockDate": None,
        "OpeningBalanceDate": day_text(date(2025, 12, 31)),
        "TaxCalculationMethod": "Total",
        "DefaultSaleTaxRuleId": guid("tax rule", rule.name),
        "DefaultSaleTaxRuleName": rule.name,
        "MaximumDecimalPlacesInQuantity": "N2",
        "ApplyCustomerDiscountsAfterOtherDiscounts": True,
        "DiscountRule": "Discount",
        "AutomaticallyApplyDiscounts": False,
        "RoundingTable": [
            {
                "RangeTo": 10,
                "RoundToNearest": Decimal("0.01"),
                "AdjustmentRule": "N",
                "AdjustmentValue": 0,
            }
        ],
    }


def _tax_rule(rule: TaxRule) -> Row:
    parts = rule.components or [(rule.name, rule.percent or 0)]
    return {
        "ID": guid("tax rule", rule.name),
        "Name": rule.name,
        "Account": "820",
        "IsActive": rule.active,
        "TaxInclusive": False,
        "TaxPercent": rule.percent,
        "IsTaxForSale": rule.sale,
        "IsTaxForPurchase": rule.purchase,
        "Components": [
            {
                "ID": guid("tax component", rule.name, place).upper(),
                "Name": name,
                "Percent": f"{percent}.0000000000",
                "AccountCode": "820",
                "Compound": "0",
                "ComponentOrder": str(place),
            }
            for place, (name, percent) in enumerate(parts, start=1)
        ],
    }


def _account(code: str, name: str, kind: str, group: str, system: str) -> Row:
    bank = next((bank for bank in vocabulary().banks if bank.code == code), None)
    return {
        "Code": code,
        "Status": "ACTIVE",
        "Name": name,
        "Type": kind,
        "Description": "",
        "Class": group,
        "SystemAccount": name if system else None,
        "SystemAccountCode": system or None,
        "BankAccountNumber": bank.number if bank else None,
        "BankAccountId": guid("bank", code) if bank else None,
        "ForPayments": bank is not None,
        "DisplayName": f"{code}: {name}",
        "OldCode": None,
    }


def _location(location: Location) -> Row:
    return {
        "ID": location_id(location.name),
        "Name": location.name,
        "IsDefault": location.default,
        "IsDeprecated": False,
        "Bins": None,
        "FixedAssetsLocation": False,
        "ParentID": None,
        "ParentName": None,
        "ReferenceCount": 0,
        "AddressLine1": location.street,
        "AddressLine2": "",
        "AddressCitySuburb": location.city,
        "AddressStateProvince": "",
        "AddressZipPostCode": location.postcode,
        "AddressCountry": vocabulary().place(location.country).name,
        "PickZones": None,
        "IsShopfloor": False,
        "IsCoMan": False,
        "IsStaging": False,
    }
