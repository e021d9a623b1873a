"""The endpoints of purchases."""

from __future__ import annotations

from mlconnector.standins.cin7.account import Account
from mlconnector.standins.cin7.answers import DEPRECATED_TEXT, refusal, refusal_with_200
from mlconnector.standins.cin7.endpoint import Asked, Handler
from mlconnector.standins.cin7.listing import PURCHASE_FILTERS, PURCHASE_SEARCHED, purchase_row
from mlconnector.standins.cin7.query import changed_within, found_by, matching, paged
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.shown import attachment_lines, purchase_shown, simple_purchase, with_stamps
from mlconnector.standins.cin7.times import shown


class PurchaseApi:
    """Lists and details of purchases, their payments and attachments."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.never_ending = False

    def endpoints(self) -> dict[str, Handler]:
        """The endpoints by their names."""
        return {
            "purchaseList": self.purchases,
            "purchaseCreditNoteList": self.credit_notes,
            "purchase": self.deprecated,
            "advanced-purchase": self.purchase,
            "advanced-purchase/payment": self.payments,
            "purchase/attachment": self.attachments,
        }

    def purchases(self, asked: Asked) -> Row:
        """The list, by order number from the oldest."""
        return self._page(list(self.account.purchases.values()), asked, "Z")

    def credit_notes(self, asked: Asked) -> Row:
        """The list of purchases with credit notes; its stamps have no zone."""
        purchases = [each for each in self.account.purchases.values() if each["CreditNote"]]
        return self._page(purchases, asked, "")

    def _page(self, purchases: list[Row], asked: Asked, zone: str) -> Row:
        query = asked.query
        kept = changed_within(purchases, query, "LastUpdatedDate")
        if query.has(*PURCHASE_FILTERS, "Search"):
            rows = matching([purchase_row(each) for each in kept], query, PURCHASE_FILTERS)
            wanted = {row["ID"] for row in found_by(rows, query, PURCHASE_SEARCHED)}
            kept = [each for each in kept if each["ID"] in wanted]
        kept.sort(key=lambda each: str(each["OrderNumber"]))
        page = paged(kept, query, "PurchaseList", self.never_ending)
        page["PurchaseList"] = [
            purchase_row(each) | {"LastUpdatedDate": shown(each["LastUpdatedDate"]).rstrip("Z") + zone}
            for each in page["PurchaseList"]
        ]
        return page

    def purchase(self, asked: Asked) -> Row:
        """A purchase of any kind with everything in it."""
        purchase = self._found(asked, "ID")
        files = self.account.files.get(purchase["ID"], [])
        return purchase_shown(purchase, files, asked.address, asked.query)

    def deprecated(self, asked: Asked) -> Row:
        """A simple purchase; others are refused, also those that were simple once."""
        purchase = self._found(asked, "ID")
        if purchase["Type"] != "Simple Purchase":
            raise refusal(400, DEPRECATED_TEXT)
        return simple_purchase(self.purchase(asked))

    def payments(self, asked: Asked) -> list[Row]:
        """The payments of the purchases that are meant, or of all, as a list without anything around it."""
        query = asked.query
        found = []
        for purchase in self.account.purchases.values():
            wanted = {
                "PurchaseID": [purchase["ID"]],
                "OrderNumber": [purchase["OrderNumber"]],
                "InvoiceNumber": [each["InvoiceNumber"] for each in purchase["Invoice"]],
                "CreditNoteNumber": [each["CreditNoteNumber"] for each in purchase["CreditNote"]],
            }
            given = {name: query.text(name) for name in wanted if query.text(name)}
            if all(_is_in(value, wanted[name]) for name, value in given.items()):
                found += self.account.payments.get(purchase["ID"], [])
        return [with_stamps(each) for each in found]

    def attachments(self, asked: Asked) -> Row:
        """The files of a purchase; the parameter is named for a task, and means the purchase."""
        purchase = self._found(asked, "TaskID")
        lines = attachment_lines(self.account.files.get(purchase["ID"], []), asked.address)
        return {"TaskID": purchase["ID"], "Lines": lines}

    def _found(self, asked: Asked, name: str) -> Row:
        purchase_id = asked.query.required(name)
        found = self.account.purchases.get(purchase_id)
        if found is None:
            text = f"Purchase with ID {purchase_id} was not found"
            raise refusal(400, text, as_list=True) if name == "ID" else refusal_with_200(text)
        return found


def _is_in(value: str, found: list[str | None]) -> bool:
    return value.lower() in {(each or "").lower() for each in found}
