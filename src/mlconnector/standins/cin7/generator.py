"""A whole account made from a seed: the same seed and number of records give the same account.

About half of the records are sales, a third purchases, the rest credit notes. They are spread evenly over the
period in `account.toml`. A record counts as changed when the last thing in it was typed; a share of the sales
was changed by the platform, all at one stamp.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from mlconnector.standins.cin7 import credit_cases
from mlconnector.standins.cin7.attachments import purchase_files, sale_files
from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.parties import Parties, parties
from mlconnector.standins.cin7.purchase_cases import fill_purchase
from mlconnector.standins.cin7.purchases import purchase_head
from mlconnector.standins.cin7.records import Generated, Row, attributes
from mlconnector.standins.cin7.sale_cases import fill_sale
from mlconnector.standins.cin7.sales import put_cost, sale_head
from mlconnector.standins.cin7.statuses import put_purchase_statuses, put_sale_statuses
from mlconnector.standins.cin7.vocabulary import Case, vocabulary
from mlconnector.standins.cin7.work import Numbers, Work

_FORCED_TIES = range(1, 7, 2)


class _Generator:
    def __init__(self, records: int, seed: int) -> None:
        self.seed = seed
        self.purchase_count, self.credit_count = records // 3, records // 6
        self.sale_count = records - self.purchase_count - self.credit_count
        self.parties: Parties = parties(records, seed)
        self.made = Generated(self.parties.all_customers, self.parties.all_suppliers)
        self.numbers = Numbers()
        self.unpaired: list[str] = []

    def run(self) -> Generated:
        """Make everything, in the order in which one thing needs another."""
        for place, case, day in self._cases(vocabulary().sales, self.sale_count, "sale"):
            self._sale(place, case, day)
        for place, case, day in self._cases(vocabulary().purchases, self.purchase_count, "purchase"):
            self._purchase(place, case, day)
        self.credited_sales = credit_cases.targets(self.made.cases, self.made.sales, "CreditNotes")
        self.credited_purchases = credit_cases.targets(self.made.cases, self.made.purchases, "CreditNote")
        for place, case, day in self._cases(vocabulary().credit_notes, self.credit_count, "credit"):
            self._credit(place, case, day)
        self._finish()
        return self.made

    def _cases(self, kinds: list[Case], count: int, name: str) -> Iterator[tuple[int, Case, date]]:
        random, company = Random(f"{self.seed}-{name}-cases"), vocabulary().company
        chosen = kinds[:count]
        chosen += random.choices(kinds, weights=[kind.share for kind in kinds], k=count - len(chosen))
        days = (company.last_day - company.first_day).days
        for place, case in enumerate(chosen):
            yield place, case, company.first_day + timedelta(days=days * place // max(count, 1))

    def _sale(self, place: int, case: Case, day: date) -> None:
        random = Random(f"{self.seed}-sale-{place}")
        case, customer = self._customer(random, case)
        company, number = vocabulary().company, self.numbers.next_order()
        head = sale_head(
            guid("sale", self.seed, place),
            number,
            customer,
            day,
            CustomerCurrency=case.currency,
            CustomerReference=f"Bestellung {random.randrange(1000, 9999)}" if random.random() < 0.5 else "",
            SourceChannel=random.choice(company.channels),
            Location=self._location(random),
            AdditionalAttributes=attributes(random.choice(company.cost_centres)),
        )
        work = Work(self.made, self.numbers, random, case, day, head)
        fill_sale(work)
        self._keep_sale(work, place)

    def _location(self, random: Random) -> str:
        locations = vocabulary().locations
        return random.choices(locations, weights=[location.share for location in locations])[0].name

    def _customer(self, random: Random, case: Case) -> tuple[Case, Row]:
        if case.customers != "overpaid":
            return case, random.choice(self.parties.customers[case.customers])
        left = [credit for credit in self.made.credits if credit["RemainingAmount"] > 0]
        if not left:
            usual = vocabulary().sales[0]
            return usual, random.choice(self.parties.customers[usual.customers])
        wanted = left[0]["CustomerID"]
        return case, next(one for one in self.made.customers if one["ID"] == wanted)

    def _keep_sale(self, work: Work, place: int) -> None:
        sale, company = work.head, vocabulary().company
        tied = place in _FORCED_TIES or work.random.randrange(1000) < company.same_stamp_share
        sale["LastModifiedOn"] = max(work.moment, company.same_stamp) if tied else work.moment
        self.made.sales[sale["ID"]] = sale
        self.made.cases[sale["ID"]] = work.case.name
        if work.case.name == "drop_ship":
            self.unpaired.append(sale["ID"])
        for document in sale["Invoices"] + sale["CreditNotes"]:
            number = document.get("InvoiceNumber") or document.get("CreditNoteNumber")
            self.made.labels[number or sale["Order"]["SaleOrderNumber"]] = work.case.name

    def _purchase(self, place: int, case: Case, day: date) -> None:
        random = Random(f"{self.seed}-purchase-{place}")
        case, pair = self._pair(case)
        supplier = random.choice(self.parties.suppliers[case.suppliers])
        head = purchase_head(
            guid("purchase", self.seed, place),
            self.numbers.next_purchase(),
            supplier,
            day,
            SupplierCurrency=case.currency,
            RelatedDropShipSaleTask=pair,
            AdditionalAttributes=attributes(random.choice(vocabulary().company.cost_centres)),
        )
        work = Work(self.made, self.numbers, random, case, day, head)
        fill_purchase(work)
        head["LastUpdatedDate"] = work.moment
        self.made.purchases[head["ID"]] = head
        self.made.cases[head["ID"]] = case.name
        for invoice in head["Invoice"]:
            self.made.labels[invoice["InvoiceNumber"] or head["OrderNumber"]] = case.name

    def _pair(self, case: Case) -> tuple[Case, str | None]:
        """The sale that a drop-ship purchase delivers; without one the purchase is a usual one."""
        if case.name != "drop_ship":
            return case, None
        if not self.unpaired:
            return vocabulary().purchases[0], None
        return case, self.unpaired.pop(0)

    def _credit(self, place: int, case: Case, day: date) -> None:
        random = Random(f"{self.seed}-credit-{place}")
        if case.name == "credit_standalone":
            self._standalone(place, random, day)
            return
        is_purchase = case.name.startswith("purchase")
        record = next(self.credited_purchases if is_purchase else self.credited_sales, None)
        if record is None:
            self._standalone(place, random, day)
            return
        stamp = "LastUpdatedDate" if is_purchase else "LastModifiedOn"
        work = Work(self.made, self.numbers, random, case, day, record, moment=record[stamp])
        number = credit_cases.add_credit(work)
        record[stamp] = work.moment
        if number:
            self.made.labels[number] = case.name

    def _standalone(self, place: int, random: Random, day: date) -> None:
        case = next(one for one in vocabulary().credit_notes if one.name == "credit_standalone")
        customer = random.choice(self.parties.customers["business"])
        head = sale_head(
            guid("credit", self.seed, place),
            self.numbers.next_order(),
            customer,
            day,
            AdditionalAttributes=attributes(random.choice(vocabulary().company.cost_centres)),
        )
        work = Work(self.made, self.numbers, random, case, day, head)
        credit_cases.fill_standalone(work)
        self._keep_sale(work, place=0)

    def _finish(self) -> None:
        for sale in self.made.sales.values():
            put_cost(sale)
            put_sale_statuses(sale)
            self.made.files[sale["ID"]] = sale_files(sale, self.seed)
        for purchase in self.made.purchases.values():
            put_purchase_statuses(purchase)
            self.made.files[purchase["ID"]] = purchase_files(purchase)


def generate(records: int, seed: int) -> Generated:
    """The account with so many records that belongs to `seed`."""
    return _Generator(records, seed).run()
