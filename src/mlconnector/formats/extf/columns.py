"""The columns that code speaks of, by category; every name is one of the dictionary, or importing this fails.

Nothing else knows columns by number: the type checker objects to a misspelt attribute, the dictionary to a
misspelt name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from mlconnector.formats.extf.dictionary import (
    ADDRESSES,
    BOOKINGS,
    LABELS,
    MASTER_DATA,
    PAYMENT_TERMS,
    RECURRING,
    Field,
    category,
    header_fields,
)


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """DATEV's name of a column, its number (from 1), and its place among a line's cells (from 0).

    Of each column there is one object, and they are in order by their numbers.
    """

    name: str
    number: int
    place: int

    def __lt__(self, other: Column) -> bool:
        return self.number < other.number


@cache
def columns(number: int) -> tuple[Column, ...]:
    """All columns of a category; those of an older version are the first ones."""
    return _columns(category(number).fields)


def column(number: int, name: str) -> Column:
    """A column of a category by DATEV's name; KeyError where it has none of that name."""
    return columns(number)[category(number).by_name[name].index - 1]


def _columns(fields: Iterable[Field]) -> tuple[Column, ...]:
    return tuple(Column(field.name, field.index, field.index - 1) for field in fields)


def _pairs(number: int, kind: str, content: str) -> tuple[tuple[Column, Column], ...]:
    """The columns that are called by these words and a number from 1, in twos."""
    found: list[tuple[Column, Column]] = []
    while f"{kind} {len(found) + 1}" in category(number).by_name:
        which = len(found) + 1
        found.append((column(number, f"{kind} {which}"), column(number, f"{content} {which}")))
    return tuple(found)


HEADER = _columns(header_fields())
_HEADER = {one.name: one for one in HEADER}


class HeaderFields:
    """The header, line 1 of every file."""

    MARK = _HEADER["Kennzeichen"]
    VERSION = _HEADER["Versionsnummer"]
    CATEGORY = _HEADER["Formatkategorie"]
    FORMAT_NAME = _HEADER["Formatname"]
    FORMAT_VERSION = _HEADER["Formatversion"]
    CREATED_AT = _HEADER["Erzeugt am"]
    ORIGIN = _HEADER["Herkunft"]
    EXPORTED_BY = _HEADER["Exportiert von"]
    IMPORTED_BY = _HEADER["Importiert von"]
    CONSULTANT = _HEADER["Beraternummer"]
    CLIENT = _HEADER["Mandantennummer"]
    FISCAL_YEAR_START = _HEADER["WJ-Beginn"]
    ACCOUNT_LENGTH = _HEADER["Sachkontenlänge"]
    DATE_FROM = _HEADER["Datum von"]
    DATE_TO = _HEADER["Datum bis"]
    LABEL = _HEADER["Bezeichnung"]
    DICTATION_CODE = _HEADER["Diktatkürzel"]
    BOOKING_TYPE = _HEADER["Buchungstyp"]
    PURPOSE = _HEADER["Rechnungslegungszweck"]
    LOCK = _HEADER["Festschreibung"]
    CURRENCY = _HEADER["WKZ"]
    DERIVATIVE = _HEADER["Derivatskennzeichen"]
    CHART = _HEADER["Sachkontenrahmen"]
    INDUSTRY_SOLUTION = _HEADER["ID der Branchenlösung"]
    APPLICATION_INFORMATION = _HEADER["Anwendungsinformation"]


class Bookings:
    """Buchungsstapel (21)."""

    AMOUNT = column(BOOKINGS, "Umsatz (ohne Soll/Haben-Kz)")
    SIDE = column(BOOKINGS, "Soll/Haben-Kennzeichen")
    CURRENCY = column(BOOKINGS, "WKZ Umsatz")
    EXCHANGE_RATE = column(BOOKINGS, "Kurs")
    BASE_AMOUNT = column(BOOKINGS, "Basis-Umsatz")
    BASE_CURRENCY = column(BOOKINGS, "WKZ Basis-Umsatz")
    ACCOUNT = column(BOOKINGS, "Konto")
    CONTRA_ACCOUNT = column(BOOKINGS, "Gegenkonto (ohne BU-Schlüssel)")
    TAX_KEY = column(BOOKINGS, "BU-Schlüssel")
    DOCUMENT_DATE = column(BOOKINGS, "Belegdatum")
    DOCUMENT_FIELD_1 = column(BOOKINGS, "Belegfeld 1")
    DOCUMENT_FIELD_2 = column(BOOKINGS, "Belegfeld 2")
    DISCOUNT = column(BOOKINGS, "Skonto")
    TEXT = column(BOOKINGS, "Buchungstext")
    ITEM_BLOCK = column(BOOKINGS, "Postensperre")
    ADDRESS_NUMBER = column(BOOKINGS, "Diverse Adressnummer")
    PARTNER_BANK = column(BOOKINGS, "Geschäftspartnerbank")
    DUNNING = column(BOOKINGS, "Sachverhalt")
    INTEREST_BLOCK = column(BOOKINGS, "Zinssperre")
    DOCUMENT_LINK = column(BOOKINGS, "Beleglink")
    COST_CENTRE_1 = column(BOOKINGS, "KOST1 - Kostenstelle")
    COST_CENTRE_2 = column(BOOKINGS, "KOST2 - Kostenstelle")
    COST_QUANTITY = column(BOOKINGS, "Kost-Menge")
    EU_VAT_ID = column(BOOKINGS, "EU-Land u. UStID (Bestimmung)")
    EU_RATE = column(BOOKINGS, "EU-Steuersatz (Bestimmung)")
    MATTER = column(BOOKINGS, "Sachverhalt L+L")
    MATTER_RATE = column(BOOKINGS, "Funktionsergänzung L+L")
    KEY_49 = (
        column(BOOKINGS, "BU 49 Hauptfunktionstyp"),
        column(BOOKINGS, "BU 49 Hauptfunktionsnummer"),
        column(BOOKINGS, "BU 49 Funktionsergänzung"),
    )
    ORDER_NUMBER = column(BOOKINGS, "Auftragsnummer")
    PREPAYMENT_TYPE = column(BOOKINGS, "Buchungstyp")
    PREPAYMENT_KEY = column(BOOKINGS, "USt-Schlüssel (Anzahlungen)")
    PREPAYMENT_COUNTRY = column(BOOKINGS, "EU-Land (Anzahlungen)")
    PREPAYMENT_MATTER = column(BOOKINGS, "Sachverhalt L+L (Anzahlungen)")
    PREPAYMENT_RATE = column(BOOKINGS, "EU-Steuersatz (Anzahlungen)")
    PREPAYMENT_ACCOUNT = column(BOOKINGS, "Erlöskonto (Anzahlungen)")
    MANDATE = column(BOOKINGS, "SEPA-Mandatsreferenz")
    ITEM_BLOCK_UNTIL = column(BOOKINGS, "Postensperre bis")
    LOCK = column(BOOKINGS, "Festschreibung")
    SERVICE_DATE = column(BOOKINGS, "Leistungsdatum")
    TAX_PERIOD = column(BOOKINGS, "Datum Zuord. Steuerperiode")
    DUE_DATE = column(BOOKINGS, "Fälligkeit")
    REVERSAL = column(BOOKINGS, "Generalumkehr (GU)")
    KEY_RATE = column(BOOKINGS, "Steuersatz")
    KEY_COUNTRY = column(BOOKINGS, "Land")
    BVV = column(BOOKINGS, "BVV-Position")
    ORIGIN_VAT_ID = column(BOOKINGS, "EU-Land u. UStID (Ursprung)")
    ORIGIN_RATE = column(BOOKINGS, "EU-Steuersatz (Ursprung)")
    DISCOUNT_ACCOUNT = column(BOOKINGS, "Abw. Skontokonto")
    DOCUMENT_INFORMATION = _pairs(BOOKINGS, "Beleginfo - Art", "Beleginfo - Inhalt")
    FURTHER_INFORMATION = _pairs(BOOKINGS, "Zusatzinformation - Art", "Zusatzinformation- Inhalt")


class Recurring:
    """Wiederkehrende Buchungen (65)."""

    NUMBERING = column(RECURRING, "B1")
    CURRENCY = column(RECURRING, "WKZ (Umsatz)")
    AMOUNT = column(RECURRING, "Umsatz (ohne Soll/Haben-Kz)")
    SIDE = column(RECURRING, "Soll/Haben-Kennzeichen")
    EXCHANGE_RATE = column(RECURRING, "Kurs")
    BASE_AMOUNT = column(RECURRING, "Basis-Umsatz")
    BASE_CURRENCY = column(RECURRING, "WKZ Basis-Umsatz")
    TAX_KEY = column(RECURRING, "BU-Schlüssel")
    CONTRA_ACCOUNT = column(RECURRING, "Gegenkonto (ohne BU-Schlüssel)")
    DOCUMENT_FIELD_1 = column(RECURRING, "Belegfeld1")
    DOCUMENT_FIELD_2 = column(RECURRING, "Belegfeld2")
    BEGIN = column(RECURRING, "Beginndatum")
    ACCOUNT = column(RECURRING, "Kontonummer")
    COST_CENTRE_1 = column(RECURRING, "KOST1-Kostenstelle")
    COST_CENTRE_2 = column(RECURRING, "KOST2-Kostenstelle")
    DISCOUNT = column(RECURRING, "Skonto")
    PARTNER_BANK = column(RECURRING, "Geschäftspartnerbank")
    DOCUMENT_LINK = column(RECURRING, "Beleglink")
    EU_VAT_ID = column(RECURRING, "EU-Land u. UStId (Bestimmung)")
    MATTER = column(RECURRING, "Sachverhalt L+L")
    LAST = column(RECURRING, "Zuletzt per")
    NEXT = column(RECURRING, "Nächste Fälligkeit")
    END = column(RECURRING, "Enddatum")
    INTERVAL = column(RECURRING, "Zeitintervallart")
    WEEKDAY = column(RECURRING, "Wochentag")
    MONTH = column(RECURRING, "Monat")
    DAY_OF_MONTH = column(RECURRING, "Ordnungszahl Tag im Monat")
    WEEKDAY_OF_MONTH = column(RECURRING, "Ordnungszahl Wochentag")
    END_KIND = column(RECURRING, "EndeTyp")
    MANDATE = column(RECURRING, "SEPA-Mandatsreferenz")
    REVERSAL = column(RECURRING, "Generalumkehr (GU)")
    KEY_COUNTRY = column(RECURRING, "Land")
    ORIGIN_VAT_ID = column(RECURRING, "EU-Land u. UStID (Ursprung)")
    FURTHER_INFORMATION = _pairs(RECURRING, "Zusatzinformation - Art", "Zusatzinformation- Inhalt")


class Parties:
    """Debitoren/Kreditoren (16)."""

    ACCOUNT = column(MASTER_DATA, "Konto")
    COMPANY = column(MASTER_DATA, "Name (Adressattyp Unternehmen)")
    SURNAME = column(MASTER_DATA, "Name (Adressattyp natürl. Person)")
    FIRST_NAME = column(MASTER_DATA, "Vorname (Adressattyp natürl. Person)")
    NAME = column(MASTER_DATA, "Name (Adressattyp keine Angabe)")
    ADDRESSEE_TYPE = column(MASTER_DATA, "Adressattyp")
    SHORT_NAME = column(MASTER_DATA, "Kurzbezeichnung")
    EU_COUNTRY = column(MASTER_DATA, "EU-Land")
    EU_VAT_ID = column(MASTER_DATA, "EU-UStID")
    ADDRESS_KIND = column(MASTER_DATA, "Adressart")
    STREET = column(MASTER_DATA, "Straße")
    POST_CODE = column(MASTER_DATA, "Postleitzahl")
    CITY = column(MASTER_DATA, "Ort")
    COUNTRY = column(MASTER_DATA, "Land")
    CORRESPONDENCE = column(MASTER_DATA, "Kennz. Korrespondenzadresse")
    EMAIL = column(MASTER_DATA, "E-Mail")
    LINKED_ACCOUNT = column(MASTER_DATA, "Verknüpftes OPOS-Konto")
    CUSTOMER_NUMBER = column(MASTER_DATA, "Kunden-/Lief.-Nr.")


class Addresses:
    """Diverse Adressen (48)."""

    NUMBER = column(ADDRESSES, "Adressnummer")
    ACCOUNT = column(ADDRESSES, "Konto")
    ADDRESSEE_TYPE = column(ADDRESSES, "Adressattyp")


class Labels:
    """Kontenbeschriftungen (20)."""

    ACCOUNT = column(LABELS, "Konto")
    SHORT = column(LABELS, "Kontobeschriftung")
    LANGUAGE = column(LABELS, "SprachId")
    LONG = column(LABELS, "Kontenbeschriftung lang")


class PaymentTerms:
    """Zahlungsbedingungen (46)."""

    NUMBER = column(PAYMENT_TERMS, "Nummer")
    KIND = column(PAYMENT_TERMS, "Fälligkeitstyp")
    PERCENTAGE_1 = column(PAYMENT_TERMS, "Skonto 1%")
    DAYS_1 = column(PAYMENT_TERMS, "Skonto 1 Tage")
    PERCENTAGE_2 = column(PAYMENT_TERMS, "Skonto 2 %")
    DAYS_2 = column(PAYMENT_TERMS, "Skonto 2 Tage")
    DUE_DAYS = column(PAYMENT_TERMS, "Fällig Tage")
    UNTIL_AND_DUE = tuple(
        (
            column(PAYMENT_TERMS, f"Rechnung bis / Zeitraum {period}"),
            column(PAYMENT_TERMS, f"Fällig Datum / Zeitraum {period}"),
        )
        for period in (1, 2, 3)
    )


# Columns of recurring bookings and addresses that mean the same as one of bookings and parties.
SAME_AS: Mapping[int, Mapping[Column, tuple[int, Column]]] = {
    RECURRING: {
        here: (BOOKINGS, there)
        for here, there in (
            (Recurring.CURRENCY, Bookings.CURRENCY),
            (Recurring.AMOUNT, Bookings.AMOUNT),
            (Recurring.SIDE, Bookings.SIDE),
            (Recurring.EXCHANGE_RATE, Bookings.EXCHANGE_RATE),
            (Recurring.BASE_AMOUNT, Bookings.BASE_AMOUNT),
            (Recurring.BASE_CURRENCY, Bookings.CURRENCY),
            (Recurring.TAX_KEY, Bookings.TAX_KEY),
            (Recurring.CONTRA_ACCOUNT, Bookings.CONTRA_ACCOUNT),
            (Recurring.DOCUMENT_FIELD_1, Bookings.DOCUMENT_FIELD_1),
            (Recurring.DOCUMENT_FIELD_2, Bookings.DOCUMENT_FIELD_2),
            (Recurring.ACCOUNT, Bookings.ACCOUNT),
            (Recurring.COST_CENTRE_1, Bookings.COST_CENTRE_1),
            (Recurring.COST_CENTRE_2, Bookings.COST_CENTRE_2),
            (Recurring.DISCOUNT, Bookings.DISCOUNT),
            (Recurring.DOCUMENT_LINK, Bookings.DOCUMENT_LINK),
            (Recurring.EU_VAT_ID, Bookings.EU_VAT_ID),
            (Recurring.REVERSAL, Bookings.REVERSAL),
            (Recurring.ORIGIN_VAT_ID, Bookings.EU_VAT_ID),
            (Recurring.MATTER, Bookings.MATTER),
        )
    },
    BOOKINGS: {
        Bookings.BASE_CURRENCY: (BOOKINGS, Bookings.CURRENCY),
        Bookings.ORIGIN_VAT_ID: (BOOKINGS, Bookings.EU_VAT_ID),
        Bookings.PREPAYMENT_MATTER: (BOOKINGS, Bookings.MATTER),
    },
    ADDRESSES: {
        Addresses.ACCOUNT: (MASTER_DATA, Parties.ACCOUNT),
        Addresses.ADDRESSEE_TYPE: (MASTER_DATA, Parties.ADDRESSEE_TYPE),
    },
    PAYMENT_TERMS: {PaymentTerms.PERCENTAGE_2: (PAYMENT_TERMS, PaymentTerms.PERCENTAGE_1)},
}
