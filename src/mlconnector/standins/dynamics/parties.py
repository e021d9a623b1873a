"""The accounts and contacts of the generated environment, in pools by what is the matter with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from stdnum.eu import vat

from mlconnector.standins.dynamics.identities import SALES_USER_ID, guid
from mlconnector.standins.dynamics.records import Generated, Row
from mlconnector.standins.dynamics.vocabulary import Place, vocabulary

CREATED = "2025-01-15T09:00:00Z"
_EU = ("AT", "FR", "NL", "PL")
_THIRD = ("CH", "NO", "US")
_VAT_DIGITS = {"DE": 9, "AT": 8, "FR": 9, "NL": 9, "PL": 10}


@dataclass
class Parties:
    """Customers by pool, each as table and row."""

    pools: dict[str, list[tuple[str, Row]]] = field(default_factory=dict)

    def choose(self, pool: str, random: Random, place: int) -> tuple[str, Row]:
        """A customer of the pool; the first invoices of a pool take its customers in turn."""
        customers = self.pools[pool]
        return customers[place - 1] if place <= len(customers) else random.choice(customers)


def add_parties(made: Generated, records: int, seed: int) -> Parties:
    """Add the parties of an environment with `records` invoices; every pool has at least one."""
    found, random = Parties(), Random(f"{seed}-parties")
    domestic, words = vocabulary().place("DE"), vocabulary().words
    for _ in range(max(12, records // 8)):
        _account(made, found, random, "domestic", domestic)
    for number in range(max(8, records // 30)):
        _account(made, found, random, "eu", vocabulary().place(_EU[number % len(_EU)]))
    for number in range(max(6, records // 60)):
        _account(made, found, random, "third", vocabulary().place(_THIRD[number % len(_THIRD)]))
    for pool, country in (("us", "US"), ("ch", "CH")):
        for _ in range(max(2, records // 100)):
            _account(made, found, random, pool, vocabulary().place(country))
    _account(made, found, random, "eu_without_vat_id", vocabulary().place("FR"))
    _account(made, found, random, "eu_invalid_vat_id", vocabulary().place("AT"))
    _account(made, found, random, "no_country", domestic)["address1_country"] = None
    for written in words.unknown_countries:
        _account(made, found, random, "unknown_country", domestic)["address1_country"] = written
    for _ in range(3):
        _account(made, found, random, "english_country", domestic)["address1_country"] = domestic.english
    for number in range(max(4, records // 20)):
        _contact(made, found, random, number)
    return found


def _account(made: Generated, found: Parties, random: Random, pool: str, place: Place) -> Row:
    words, number = vocabulary().words, len(made.rows.get("account", []))
    postal_code, city = random.choice(place.cities)
    name = " ".join(
        (random.choice(words.surnames), random.choice(words.trades), city, random.choice(place.legal_forms))
    )
    row = made.add(
        "account",
        {
            "accountid": guid("account", number),
            "name": name,
            "accountnumber": f"KD-{1000 + number}",
            "ownerid": ("systemuser", SALES_USER_ID),
            "transactioncurrencyid": ("transactioncurrency", guid("transactioncurrency", "EUR")),
            "emailaddress1": f"rechnung@kunde{number}.example.com",
            "telephone1": f"+49 30 23125 {number % 1000:03d}",
            "paymenttermscode": 1,
            "creditonhold": False,
            "address1_line1": f"{random.choice(words.streets)} {random.randrange(1, 140)}",
            "address1_postalcode": postal_code,
            "address1_city": city,
            "address1_country": random.choice(place.names),
            "statecode": 0,
            "statuscode": 1,
            "new_vatid": _vat_id(pool, place.country, random),
            "new_debtornumber": str(10_000 + number) if random.random() < 0.4 else None,
            "createdon": CREATED,
            "modifiedon": CREATED,
        },
    )
    found.pools.setdefault(pool, []).append(("account", row))
    return row


def _contact(made: Generated, found: Parties, random: Random, number: int) -> None:
    words, place = vocabulary().words, vocabulary().place("DE")
    first, last = random.choice(words.given_names), random.choice(words.surnames)
    postal_code, city = random.choice(place.cities)
    row = made.add(
        "contact",
        {
            "contactid": guid("contact", number),
            "fullname": f"{first} {last}",
            "firstname": first,
            "lastname": last,
            "ownerid": ("systemuser", SALES_USER_ID),
            "emailaddress1": f"person{number}@privat.example.com",
            "address1_line1": f"{random.choice(words.streets)} {random.randrange(1, 140)}",
            "address1_postalcode": postal_code,
            "address1_city": city,
            "address1_country": place.names[0],
            "statecode": 0,
            "statuscode": 1,
            "createdon": CREATED,
            "modifiedon": CREATED,
        },
    )
    found.pools.setdefault("private", []).append(("contact", row))


def _vat_id(pool: str, country: str, random: Random) -> str | None:
    if pool in ("eu", "eu_invalid_vat_id") or (pool == "domestic" and random.random() < 0.5):
        number = valid_vat_id(country, random)
        return number if pool != "eu_invalid_vat_id" else _with_another_last_digit(number)
    return None


def valid_vat_id(country: str, random: Random) -> str:
    """A VAT identification number of an invented company whose check digits are right."""
    while True:
        digits = str(random.randrange(10 ** (_VAT_DIGITS[country] - 1), 10 ** _VAT_DIGITS[country]))
        number = country + _written(country, digits)
        if vat.is_valid(number):
            return number


def _written(country: str, digits: str) -> str:
    if country == "AT":
        return f"U{digits}"
    if country == "FR":
        return f"{int(digits + '12') % 97:02d}{digits}"
    return f"{digits}B01" if country == "NL" else digits


def _with_another_last_digit(number: str) -> str:
    return number[:-1] + str((int(number[-1]) + 1) % 10)
