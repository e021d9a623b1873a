"""The customers and suppliers of the generated account, in pools by what is the matter with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from mlconnector.standins.cin7.amounts import ZERO
from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.records import Row, attributes
from mlconnector.standins.cin7.vocabulary import vocabulary
from mlconnector.standins.vat_ids import vat_id

_EU = ("AT", "FR", "NL", "PL")
_STAMP = "2026-06-15T09:12:{:02d}.4370000Z"


@dataclass
class Parties:
    """All parties, and the pools that the cases take theirs from."""

    customers: dict[str, list[Row]] = field(default_factory=dict)
    suppliers: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def all_customers(self) -> list[Row]:
        """Every customer once."""
        return [customer for pool in self.customers.values() for customer in pool]

    @property
    def all_suppliers(self) -> list[Row]:
        """Every supplier once."""
        return [supplier for pool in self.suppliers.values() for supplier in pool]


def parties(records: int, seed: int) -> Parties:
    """The parties of an account with so many records; every pool has somebody."""
    made, random = Parties(), Random(f"{seed}-parties")
    for _ in range(max(6, records // 8)):
        _customer(made, random, "business", "DE")
    for _ in range(max(4, records // 20)):
        _customer(made, random, "consumer", "DE")
    for number in range(max(4, records // 30)):
        _customer(made, random, "eu", _EU[number % len(_EU)])
    for pool, country in (("swiss", "CH"), ("american", "US"), ("deprecated", "DE")):
        for _ in range(max(2, records // 100)):
            _customer(made, random, pool, country)
    _customer(made, random, "tax_office_number", "DE")
    _children(made, random)
    for pool, countries in _SUPPLIERS.items():
        for number in range(max(2, records // 20)):
            _supplier(made, random, pool, countries[number % len(countries)])
    return made


_SUPPLIERS = {
    "domestic": ("DE",),
    "eu": ("NL", "AT"),
    "austrian": ("AT",),
    "chinese": ("CN",),
    "forwarder": ("DE",),
}


def _children(made: Parties, random: Random) -> None:
    parent = made.customers["business"][0]
    child = _customer(made, random, "child", "DE")
    child |= {
        "CustomerParentID": parent["ID"],
        "CustomerParentName": parent["Name"],
        "IsBillParent": True,
    }
    parent["ChildCustomers"] = [{"CustomerID": child["ID"], "CustomerName": child["Name"]}]


def _customer(made: Parties, random: Random, pool: str, country: str) -> Row:
    number = len(made.all_customers)
    customer_id = guid("customer", number)
    name = _person_name(random, number) if pool == "consumer" else _company_name(random, country, number)
    debtor = str(10_001 + number) if pool != "consumer" and random.random() < 0.6 else ""
    customer: Row = {
        "ID": customer_id,
        "Name": name,
        "DisplayName": name,
        "Currency": {"american": "USD"}.get(pool, "EUR"),
        "PaymentTerm": random.choice(vocabulary().terms[:3]).name,
        "Discount": ZERO,
        "TaxRule": {"eu": "IG Lieferung 0%", "swiss": "Ausfuhr 0%", "american": "Ausfuhr 0%"}.get(
            pool, "19% USt"
        ),
        "Carrier": None,
        "SalesRepresentative": random.choice(vocabulary().company.representatives),
        "Location": vocabulary().locations[0].name,
        "Comments": "",
        "AccountReceivable": "610",
        "RevenueAccount": "200",
        "PriceTier": "Tier 1",
        "TaxNumber": _tax_number(random, pool, country),
        **attributes(debtor),
        "AttributeSet": "Buchhaltung",
        "Tags": "",
        "Status": "Deprecated" if pool == "deprecated" else "Active",
        "CreditLimit": ZERO,
        "IsOnCreditHold": False,
        "IsLegalEntity": pool != "consumer",
        "CustomerParentID": None,
        "CustomerParentName": None,
        "IsBillParent": False,
        "LastModifiedOn": _STAMP.format(number % 60),
        "Addresses": [_address(random, country, "Billing", customer_id)],
        "Contacts": [_contact(random, customer_id)],
        "ChildCustomers": [],
    }
    made.customers.setdefault(pool, []).append(customer)
    return customer


def _supplier(made: Parties, random: Random, pool: str, country: str) -> Row:
    number = len(made.all_suppliers)
    supplier_id = guid("supplier", number)
    address = _address(random, country, "Business", supplier_id)
    address.pop("ID")
    contact = _contact(random, supplier_id)
    for name in ("JobTitle", "MarketingConsent", "ID"):
        contact.pop(name)
    rules = {"eu": "IG Erwerb", "austrian": "§13b", "chinese": "Einfuhr 0%"}
    supplier: Row = {
        "ID": supplier_id,
        "Name": _company_name(random, country, number, "Lieferant"),
        "Currency": "USD" if pool == "chinese" else "EUR",
        "PaymentTerm": random.choice(vocabulary().terms[:3]).name,
        "TaxRule": rules.get(pool, "19% VSt"),
        "Discount": ZERO,
        "Comments": "",
        "AccountPayable": "800",
        "TaxNumber": "" if country == "CN" else vat_id(country, random),
        **attributes(str(70_001 + number) if random.random() < 0.6 else ""),
        "AttributeSet": "Buchhaltung",
        "Status": "Active",
        "LastModifiedOn": _STAMP.format(number % 60),
        "Addresses": [address],
        "Contacts": [contact],
    }
    made.suppliers.setdefault(pool, []).append(supplier)
    return supplier


def _tax_number(random: Random, pool: str, country: str) -> str | None:
    if pool == "consumer":
        return random.choice(("", None))
    if pool == "tax_office_number":
        return _tax_office_number(random)
    return vat_id(country, random) if country in ("DE", *_EU) else ""


def _tax_office_number(random: Random) -> str:
    """A German tax number as a tax office writes it, which is no VAT identification number."""
    return f"{random.randrange(20, 60)}/{random.randrange(100, 900)}/{random.randrange(10_000, 99_999)}"


def _company_name(random: Random, country: str, number: int, kind: str = "") -> str:
    words, place = vocabulary().words, vocabulary().place(country)
    legal_form = place.legal_form or random.choice(words.legal_forms)
    parts = (random.choice(words.surnames), kind or random.choice(words.trades), str(number + 1), legal_form)
    return " ".join(parts)


def _person_name(random: Random, number: int) -> str:
    words = vocabulary().words
    return f"{random.choice(words.given_names)} {random.choice(words.surnames)} ({number + 1})"


def _address(random: Random, country: str, kind: str, owner: str) -> Row:
    place = vocabulary().place(country)
    postcode, city = random.choice(place.cities)
    return {
        "Line1": f"{random.choice(vocabulary().words.streets)} {random.randrange(1, 140)}",
        "Line2": "",
        "City": city,
        "State": "",
        "Postcode": postcode,
        "Country": place.name,
        "Type": kind,
        "DefaultForType": True,
        "ID": guid("address", owner),
    }


def _contact(random: Random, owner: str) -> Row:
    words = vocabulary().words
    return {
        "Name": f"{random.choice(words.given_names)} {random.choice(words.surnames)}",
        "JobTitle": None,
        "Phone": f"+49 40 2312 {random.randrange(1000, 9999)}",
        "MobilePhone": None,
        "Fax": None,
        "Email": f"rechnung{random.randrange(100, 999)}@kunde.example.com",
        "Website": None,
        "Default": True,
        "Comment": None,
        "IncludeInEmail": False,
        "MarketingConsent": 1,
        "ID": guid("contact", owner),
    }
