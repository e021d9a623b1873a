"""The endpoints of parties and reference data."""

from __future__ import annotations

from mlconnector.standins.cin7.account import Account
from mlconnector.standins.cin7.answers import refusal
from mlconnector.standins.cin7.endpoint import Asked, Handler
from mlconnector.standins.cin7.query import beginning, matching, paged
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.shown import with_stamps


class ReferenceApi:
    """Customers, suppliers, accounts, banks, tax rules, terms, locations, credits and deposits."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def endpoints(self) -> dict[str, Handler]:
        """The endpoints by their names."""
        return {
            "me": lambda _: self.account.catalogue.company,
            "customer": lambda asked: self._parties(self.account.customers, asked, "CustomerList"),
            "supplier": lambda asked: self._parties(self.account.suppliers, asked, "SupplierList"),
            "ref/account": self._accounts,
            "ref/account/bank": self._banks,
            "ref/tax": self._tax_rules,
            "ref/paymentterm": self._terms,
            "ref/location": self._locations,
            "ref/customer/credits": self._credits,
            "ref/supplier/deposits": self._deposits,
        }

    def _parties(self, parties: dict[str, Row], asked: Asked, key: str) -> Row:
        query = asked.query
        rows = matching(list(parties.values()), query, {"ID": "ID"})
        rows = beginning(rows, query, "Name")
        since = query.moment("ModifiedSince")
        rows = [row for row in rows if not since or row["LastModifiedOn"] >= since]
        if not query.flag("IncludeDeprecated"):
            rows = [row for row in rows if row["Status"].lower() == "active"]
        page = paged(sorted(rows, key=lambda row: str(row["Name"])), query, key)
        page[key] = [with_stamps(row) for row in page[key]]
        return page

    def _accounts(self, asked: Asked) -> Row:
        names = {name: name for name in ("Code", "Type", "Status")}
        rows = beginning(matching(self.account.catalogue.accounts, asked.query, names), asked.query, "Name")
        if not rows and asked.query.text("Code"):
            raise refusal(400, "Account was not found")
        return paged(rows, asked.query, "AccountsList")

    def _banks(self, asked: Asked) -> Row:
        rows = matching(self.account.catalogue.banks, asked.query, {"ID": "AccountID", "Bank": "Bank"})
        return paged(rows, asked.query, "BankAccountsList")

    def _tax_rules(self, asked: Asked) -> Row:
        names = {name: name for name in ("ID", "Account", "IsActive", "IsTaxForSale", "IsTaxForPurchase")}
        rows = matching(self.account.catalogue.tax_rules, asked.query, names)
        return paged(beginning(rows, asked.query, "Name"), asked.query, "TaxRuleList")

    def _terms(self, asked: Asked) -> Row:
        names = {name: name for name in ("ID", "Method", "IsActive", "IsDefault")}
        rows = matching(self.account.catalogue.terms, asked.query, names)
        return paged(beginning(rows, asked.query, "Name"), asked.query, "PaymentTermList")

    def _locations(self, asked: Asked) -> Row:
        names = {"ID": "ID", "Deprecated": "IsDeprecated"}
        rows = matching(self.account.catalogue.locations, asked.query, names)
        return paged(beginning(rows, asked.query, "Name"), asked.query, "LocationList")

    def _credits(self, asked: Asked) -> Row:
        used = asked.query.flag("ShowUsedCredits")
        rows = matching(self.account.credits, asked.query, {"CustomerID": "CustomerID"})
        return _without_total(
            [row for row in rows if used or row["RemainingAmount"]], asked, "CustomerCredits"
        )

    def _deposits(self, asked: Asked) -> Row:
        used = asked.query.flag("ShowUsedDeposits")
        rows = matching(self.account.deposits, asked.query, {"SupplierID": "SupplierID"})
        return _without_total(
            [row for row in rows if used or row["RemainingAmount"]], asked, "SupplierDeposits"
        )


def _without_total(rows: list[Row], asked: Asked, key: str) -> Row:
    page = paged(rows, asked.query, key)
    page.pop("Total")
    return page
