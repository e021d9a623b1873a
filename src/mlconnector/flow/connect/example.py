"""The settings that a new connection begins with, for its user to fill in."""

from __future__ import annotations

from mlconnector.systems.registry import sink_systems
from mlconnector.systems.source import SourceSystem
from mlconnector.texts.language import Language
from mlconnector.texts.templates import template

CENTRES = """\
[mapping.cost_centre_1]
attribute = "cost_centre"
table = {}
"""

BOOKS = """\
[books]
chart = "SKR03"                # SKR03 or SKR04, as DATEV has it for this client
account_length = 4             # Sachkontenlänge
begin = ""                     # e.g. 2026-01-01, first document date that is booked; older ones are left out
fiscal_year_start = 1          # month in which the fiscal year begins
festschreibung = false         # true locks the Buchungsstapel at import
# reversals = "swap"           # how corrections are written: swapped sides, or "generalumkehr"
# credit_notes = "swap"        # how credit notes are written, too
# [books.debtors]              # numbers for new customers; suppliers: [books.creditors]
# first = 10000
# last = 69999

[mapping]
supply = "goods"               # goods or service: what is sold where no row says otherwise
default_revenue = false        # true books lines without a row on the account of their tax case
# oss = true                   # sales to EU consumers are declared in the one-stop shop
# confirmed_by = "…"           # who confirmed these accounts and tax keys (or: ml-connector confirm) …
# confirmed_on = 2026-01-31    # … and when
# require_confirmation = true  # lets vouchers wait whose tax case nobody has confirmed

[mapping.cost_centre_1]
attribute = "cost_centre"
table = {}

# One row for each account. The most specific row that fits wins.
# [[mapping.revenue]]
# product_code = "MONT"
# supply = "service"
# valid_from = 2026-07-01      # follows a row with the same facts from this document date on

[documents]
missing = "booking_document"   # of vouchers without file; "invoice" writes one (needs the seller); or "hold"
en16931 = false                # true checks e-invoices by the rules of EN 16931 too (needs an extra package)
# [documents.seller]           # who issues invoices: name, street, postal_code, city, vat_id or tax_number

[master_data]                  # debtors and creditors, sent before the bookings that use them
# send = "new"                 # those whose number was given here; "changes": what changed, too; or "off"
# overwrite = "ask"            # what changed waits for `ml-connector persons`; "send": it goes at once
# parties = "booked"           # "all": customers without an invoice, too, where the source tells of them
# fields = ["name", "address", "email", "vat_id"]   # all others stay as DATEV has them

[schedule]
cron = "*/15 * * * *"          # how often the source is polled

# In which format documents go, from which day on (the first of a month); extf where no row says otherwise.
# [[channels]]
# kind = "sales"               # sales or purchases; payments are always extf
# format = "dxso"              # booking suggestions, for which datev.services needs "dxso"
# from = 2026-01-01
"""


def example(name: str, source: SourceSystem, language: Language) -> str:
    """The text of a connection with this source, its comments in a language."""
    sink = next(iter(sink_systems().values()))
    books = BOOKS.replace(CENTRES, source.cost_centres or CENTRES)
    return template(f'name = "{name}"\n\n{source.template}\n{sink.template}\n{books}', language)
