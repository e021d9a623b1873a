"""A whole environment made from a seed: the same seed and number of invoices give the same environment.

The first invoices show one case each (see `account.toml`), the others are drawn by the shares. They are
spread evenly over the company's period, in the order of their places; `modifiedon` rises with the place.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random

from mlconnector.standins.dynamics import papers
from mlconnector.standins.dynamics.cases import Draft, add_lines, due_days
from mlconnector.standins.dynamics.catalogue import add_catalogue, currency
from mlconnector.standins.dynamics.einvoices import invoice_xml, paper_lines
from mlconnector.standins.dynamics.identities import SALES_USER_ID, guid
from mlconnector.standins.dynamics.parties import Parties, add_parties
from mlconnector.standins.dynamics.pricing import total_invoice
from mlconnector.standins.dynamics.records import Generated, Labels, Row
from mlconnector.standins.dynamics.times import ZONE, instant, local_day, local_midnight
from mlconnector.standins.dynamics.vocabulary import Case, Paper, vocabulary

FIRST_VERSION = 915_000
_FINAL = frozenset({4, 100001, 100002})
_MONEY = {"usd": "USD", "chf": "CHF"}
_LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_SHIP_TO = tuple(f"shipto_{part}" for part in ("name", "line1", "line2", "postalcode", "city", "country"))


def generate(records: int, seed: int) -> Generated:
    """The environment with `records` invoices that belongs to `seed`."""
    made = Generated(version=FIRST_VERSION)
    add_catalogue(made)
    parties = add_parties(made, records, seed)
    taken: Counter[str] = Counter()
    previous = ""
    for place, (case, paper) in enumerate(_kinds(records, seed), start=1):
        random = Random(f"{seed}-invoice-{place}")
        draft = _draft(place, random, case, paper, _moment(place, records, random))
        taken[case.customers] += 1
        _put_customer(draft, parties, taken[case.customers])
        _put_number(draft, previous)
        previous = draft.invoice["invoicenumber"] or previous
        add_lines(draft)
        total_invoice(draft.invoice, draft.lines)
        if case.name == "totals_differ":
            draft.invoice["totalamount"] += 10
        _add(made, draft)
    _number_versions(made)
    return made


def _kinds(records: int, seed: int) -> list[tuple[Case, Paper]]:
    words, random = vocabulary(), Random(f"{seed}-kinds")
    first = [(words.case(case), words.paper(paper)) for case, paper in words.first[:records]]
    count = records - len(first)
    cases = random.choices(words.cases, weights=[case.share for case in words.cases], k=count)
    kept = random.choices(words.papers, weights=[paper.share for paper in words.papers], k=count)
    return [*first, *zip(cases, kept, strict=True)]


def _moment(place: int, records: int, random: Random) -> float:
    company = vocabulary().company
    begin = datetime.combine(company.first_day, time(6), UTC).timestamp()
    end = datetime.combine(company.last_day, time(18), UTC).timestamp()
    step = (end - begin) / records
    return begin + (place - 1 + 0.8 * random.random()) * step


def _draft(place: int, random: Random, case: Case, paper: Paper, moment: float) -> Draft:
    code = _MONEY.get(case.name, "EUR")
    money = next(each for each in vocabulary().money if each.code == code)
    rate = money.per_euro if code == "EUR" else money.per_euro * random.randrange(985, 1_016) // 1_000
    issued = datetime.fromtimestamp(moment, ZONE).date() + timedelta(days=random.randrange(2))
    terms = random.choice((1, 1, 1, 2, 3))
    state = {1: 0, 4: 0, 100001: 2, 100002: 2, 100003: 3}[case.status]
    invoice: Row = {
        "invoiceid": guid("invoice", place),
        "name": f"Bauvorhaben {random.choice(vocabulary().words.streets)} {place}",
        "salesorderid": ("salesorder", guid("salesorder", place)),
        "transactioncurrencyid": currency(code),
        "exchangerate": Decimal(rate) / 10_000,
        "ownerid": ("systemuser", SALES_USER_ID),
        "datedelivered": local_midnight(issued - timedelta(days=random.randrange(14))),
        "duedate": (issued + due_days(terms)).isoformat(),
        "paymenttermscode": terms,
        "pricingerrorcode": 0,
        "ispricelocked": case.status != 1,
        "statecode": state,
        "statuscode": case.status,
        "new_invoicedate": issued.isoformat(),
        "new_costcenter": random.choice((100, 210, 220, 300)),
        "new_taxclass": case.tax_class,
        "createdon": instant(moment),
        "modifiedon": instant(moment + random.randrange(60, 600)),
    }
    return Draft(place, random, case, paper, invoice, issued)


def _put_customer(draft: Draft, parties: Parties, turn: int) -> None:
    table, customer = parties.choose(draft.case.customers, draft.random, turn)
    address = {
        f"billto_{part}": customer.get(f"address1_{part}")
        for part in ("line1", "line2", "postalcode", "city", "country")
    }
    name = customer["name"] if table == "account" else customer["fullname"]
    draft.invoice |= address | {"billto_name": name, "emailaddress": customer["emailaddress1"]}
    # Sellers leave the address of delivery empty where it is the customer's own.
    draft.invoice |= dict.fromkeys(_SHIP_TO) | {"willcall": False}
    draft.invoice["customerid"] = (table, customer[f"{table}id"])
    draft.invoice["new_vatid"] = None


def _put_number(draft: Draft, previous: str) -> None:
    suffix = "".join(draft.random.choices(_LETTERS, k=6))
    number = f"INV-{1000 + draft.place:05d}-{suffix}"
    draft.invoice["invoicenumber"] = previous if draft.case.name == "duplicate_number" else number


def _add(made: Generated, draft: Draft) -> None:
    invoice, case = made.add("invoice", draft.invoice), draft.case
    for line in draft.lines:
        made.add("invoicedetail", line)
    _add_order(made, draft)
    kept = draft.paper.name
    if kept == "einvoice" and case.name != "domestic":
        kept = "note"
    made.labels[invoice["invoiceid"]] = Labels(
        case=case.name,
        paper=kept,
        final=case.status in _FINAL,
        hold=case.hold or draft.paper.hold,
    )
    _add_papers(made, draft, kept)


def _add_order(made: Generated, draft: Draft) -> None:
    invoice, place = draft.invoice, draft.place
    created = instant(datetime.fromisoformat(invoice["createdon"]).timestamp() - 5 * 86_400)
    shared = ("customerid", "transactioncurrencyid", "exchangerate", "totalamount", "totalamount_base")
    made.add(
        "salesorder",
        {name: invoice[name] for name in shared}
        | {
            "salesorderid": guid("salesorder", place),
            "ordernumber": f"ORD-{1000 + place:05d}",
            "name": invoice["name"],
            "ownerid": invoice["ownerid"],
            "requestdeliveryby": local_day(invoice["datedelivered"]).isoformat(),
            "statecode": 4,
            "statuscode": 100003,
            "createdon": created,
            "modifiedon": invoice["createdon"],
        },
    )
    for line in draft.lines:
        copied = ("productid", "productname", "lineitemnumber", "quantity", "createdon", "modifiedon")
        made.add(
            "salesorderdetail",
            {name: line.get(name) for name in copied}
            | {
                "salesorderdetailid": guid("salesorderdetail", place, line["lineitemnumber"]),
                "salesorderid": ("salesorder", guid("salesorder", place)),
            },
        )


def _add_papers(made: Generated, draft: Draft, kept: str) -> None:
    shown = paper_lines(draft.invoice, draft.lines)
    name = f"Rechnung_{draft.invoice['invoicenumber'] or draft.place}.pdf"
    if kept == "none":
        return
    if kept == "file":
        draft.invoice["new_file"] = {"name": name, "paper": papers.pdf_paper(shown)}
        return
    paper = papers.pdf_paper(shown)
    if kept == "einvoice":
        paper = papers.einvoice_paper(shown, invoice_xml(draft.invoice, draft.lines))
    if kept == "damaged":
        paper = papers.damaged_paper(shown)
    if kept == "note_among_others":
        photo = papers.photo_paper("Baustelle.jpg")
        _add_note(made, draft, 2, "Foto", filename="Baustelle.jpg", mimetype="image/jpeg", documentbody=photo)
        _add_note(made, draft, 3, "Telefonat", notetext="Kunde bittet um Zusendung per Post.")
    _add_note(made, draft, 1, "Rechnung", filename=name, mimetype="application/pdf", documentbody=paper)


def _add_note(made: Generated, draft: Draft, number: int, subject: str, **values: object) -> None:
    made.add(
        "annotation",
        values
        | {
            "annotationid": guid("annotation", draft.place, number),
            "objectid": ("invoice", draft.invoice["invoiceid"]),
            "objecttypecode": "invoice",
            "subject": subject,
            "isdocument": "documentbody" in values,
            "ownerid": ("systemuser", SALES_USER_ID),
            "createdon": draft.invoice["modifiedon"],
            "modifiedon": draft.invoice["modifiedon"],
        },
    )


def _number_versions(made: Generated) -> None:
    rows = [row for table in made.rows.values() for row in table]
    for row in sorted(rows, key=lambda row: str(row["modifiedon"])):
        made.version += 1
        row["versionnumber"] = made.version
