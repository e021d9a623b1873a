"""The endpoints of sales."""

from __future__ import annotations

from collections.abc import Callable

from mlconnector.standins.cin7.account import Account
from mlconnector.standins.cin7.answers import refusal, refusal_with_200
from mlconnector.standins.cin7.endpoint import Asked, Handler
from mlconnector.standins.cin7.listing import SALE_FILTERS, SALE_SEARCHED, credit_row, sale_row
from mlconnector.standins.cin7.query import changed_within, found_by, matching, paged
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.shown import attachment_lines, credit_notes_shown, sale_shown, with_stamps
from mlconnector.standins.cin7.times import shown

_STANDALONE = "Credit Note"


class SaleApi:
    """Lists and details of sales, their payments, credit notes and attachments."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.never_ending = False

    def endpoints(self) -> dict[str, Handler]:
        """The endpoints by their names."""
        return {
            "saleList": self.sales,
            "saleCreditNoteList": self.credit_notes,
            "sale": self.sale,
            "sale/payment": self.payments,
            "sale/creditnote": self.credit_notes_of,
            "sale/attachment": self.attachments,
        }

    def sales(self, asked: Asked) -> Row:
        """The list, by order number from the newest: not in the order of change."""
        sales = [sale for sale in self.account.sales.values() if sale["Type"] != _STANDALONE]
        created = asked.query.moment("CreatedSince")
        if created:
            sales = [sale for sale in sales if sale["SaleOrderDate"] >= created[:19]]
        ready = asked.query.flag("ReadyForShipping")
        return self._page([] if ready else sales, sale_row, asked)

    def credit_notes(self, asked: Asked) -> Row:
        """The list of sales with credit notes, standalone ones among them; its key is that of the sales."""
        sales = [sale for sale in self.account.sales.values() if sale["CreditNotes"]]
        return self._page(sales, credit_row, asked)

    def _page(self, sales: list[Row], row_of: Callable[[Row], Row], asked: Asked) -> Row:
        query = asked.query
        kept = changed_within(sales, query, "LastModifiedOn")
        # Rows cost more than the rest, so they are made of what is shown unless it is they that are asked.
        if query.has(*SALE_FILTERS, "Search"):
            rows = {sale["ID"]: row_of(sale) for sale in kept}
            fitting = found_by(matching(list(rows.values()), query, SALE_FILTERS), query, SALE_SEARCHED)
            wanted = {row["SaleID"] for row in fitting}
            kept = [sale for sale in kept if sale["ID"] in wanted]
        kept.sort(key=lambda sale: str(sale["Order"]["SaleOrderNumber"]), reverse=True)
        page = paged(kept, query, "SaleList", self.never_ending)
        rows_shown = (row_of(sale) for sale in page["SaleList"])
        page["SaleList"] = [row | {"Updated": shown(row["Updated"])} for row in rows_shown]
        return page

    def sale(self, asked: Asked) -> Row:
        """A sale with everything in it."""
        sale = self._found(asked, "ID")
        return sale_shown(sale, self.account.files.get(sale["ID"], []), asked.address, asked.query)

    def payments(self, asked: Asked) -> list[Row]:
        """The payments of a sale, as a list without anything around it."""
        sale = self._found(asked, "SaleID")
        return [with_stamps(each) for each in self.account.payments.get(sale["ID"], [])]

    def credit_notes_of(self, asked: Asked) -> Row:
        """The credit notes of a sale."""
        sale = self._found(asked, "SaleID")
        return credit_notes_shown(sale, self.account.payments.get(sale["ID"], []), asked.query)

    def attachments(self, asked: Asked) -> Row:
        """The files of a sale."""
        sale = self._found(asked, "SaleID")
        lines = attachment_lines(self.account.files.get(sale["ID"], []), asked.address)
        return {"SaleID": sale["ID"], "Lines": lines}

    def _found(self, asked: Asked, name: str) -> Row:
        sale_id = asked.query.required(name)
        found = self.account.sales.get(sale_id)
        if found is None:
            text = f"Sale with ID {sale_id} was not found"
            raise refusal(400, text, as_list=True) if name == "ID" else refusal_with_200(text)
        return found
