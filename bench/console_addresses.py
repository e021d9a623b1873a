"""The pages of the console that are measured, and what is taken along, asked for as people ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, func, select

from mlconnector.model.vouchers import decode
from mlconnector.store import lookup
from mlconnector.store.lookup import Scope
from mlconnector.store.tables import batches, entries, revisions, vouchers

LARGEST = "hamburg"
FAR = 400


def pages(db: Connection) -> dict[str, str]:
    """Addresses below `/console/` by what they show."""
    some = _samples(db)
    of = {"connection": LARGEST}
    return {
        "Übersicht": "",
        "Einrichten": "connections",
        "Einrichten: Verbindung": _at("connections/connection", of),
        "Einrichten: Assistent": _at("connections/draft", of),
        "Verbindung prüfen": "check",
        "Verbindung prüfen: Ergebnis": _at("check/result", of),
        "Zuordnung: Bestätigen": _at("mapping", of),
        "Zuordnung: Zeilen": _at("mapping/rows", of),
        "Zuordnung: Wörter": _at("mapping/words", of),
        "Zuordnung: Konten": _at("mapping/chart", of),
        "Zuordnung: Nummern": _at("mapping/numbers", of),
        "Zuordnung: Verlauf": _at("mapping/history", of),
        "Buchungsvorschau": _at("preview", of),
        "Buchungsvorschau: alle": _at("preview", {**of, "stand": "all"}),
        "Buchungsvorschau: alle, weit hinten": _at("preview", {**of, "stand": "all", "page": FAR}),
        "Buchungsvorschau: alle, mit Summen": _at("preview", {**of, "stand": "all", "sums": 1}),
        "Buchungsvorschau: Warum?": _at("preview", {**of, "stand": "all", "view": "why"}),
        "Buchungsvorschau: Zeitraum": _at("preview", {**of, "stand": "all", "period": some["month"]}),
        "Buchungsvorschau: Konto": _at("preview", {**of, "stand": "all", "account": some["account"]}),
        "Buchungsvorschau: Nummer": _at("preview", {**of, "stand": "all", "text": some["number"]}),
        "Buchungsvorschau: Kunde": _at("preview", {**of, "stand": "all", "customer": some["customer"]}),
        "Buchungsvorschau: Kunden aller Art": _at("preview", {**of, "stand": "all", "customer": "gmbh"}),
        "Buchungsvorschau: Betrag": _at("preview", {**of, "stand": "all", "amount": some["amount"]}),
        "Buchungsvorschau: ein Beleg": _at("preview/voucher", {"voucher": some["settled"]}),
        "Buchungsvorschau: Freigabe": _at("preview/release", of),
        "Ausnahmen": "exceptions",
        "Ausnahmen: Zeitraum": _at("exceptions", {"period": some["month"]}),
        "Ausnahmen: Kunde": _at("exceptions", {"customer": some["customer"]}),
        "Ausnahmen: Kunden aller Art": _at("exceptions", {"customer": "gmbh"}),
        "Ausnahmen: Betrag": _at("exceptions", {"amount": "100..900"}),
        "Ausnahmen: Nummer oder Kunde": _at("exceptions", {"text": some["customer"]}),
        "Ausnahmen: Ursache": _at("exceptions/cause", {**of, "cause": some["cause"]}),
        "Ausnahmen: Ursache, Betrag": _at(
            "exceptions/cause", {**of, "cause": some["cause"], "amount": "100..900"}
        ),
        "Ausnahmen: ausgelassen": "exceptions/aside",
        "Ausnahmen: von Hand gebucht": _at("exceptions/aside", {"state": "booked_by_hand"}),
        "Ausnahmen: ausgelassen, Kunde": _at("exceptions/aside", {"customer": "gmbh"}),
        "Übertragungen": "batches",
        "Übertragungen, letzte Seite": _at("batches", {"page": FAR}),
        "Übertragungen: gescheitert": _at("batches", {"state": "failed"}),
        "Übertragungen: Nummer eines Belegs": _at("batches", {"text": some["number"]}),
        "Übertragungen: ein Stapel": _at("batches/batch", {"name": some["batch"]}),
        "Übertragungen: gescheiterter Stapel": _at("batches/batch", {"name": some["failed"]}),
        "Auswertungen": "reports",
        **_reports(some),
        "Nachweis": "evidence",
        "Nachweis: Nummer": _at("evidence", {"text": some["number"]}),
        "Nachweis: Kunde": _at("evidence", {"text": some["customer"]}),
        "Nachweis: Kunden aller Art": _at("evidence", {"text": "gmbh"}),
        "Nachweis: nichts gefunden": _at("evidence", {"text": "gibt es nicht"}),
        "Nachweis: Betrag": _at("evidence", {"amount": some["amount"]}),
        "Nachweis: Beträge von bis": _at("evidence", {"amount": "100..900"}),
        "Nachweis: Betrag, nichts gefunden": _at("evidence", {"amount": "0,01"}),
        "Nachweis: Zeitraum": _at("evidence", {"period": some["month"]}),
        "Nachweis: Kunde, Betrag, Jahr": _at(
            "evidence", {"text": "gmbh", "amount": "100..900", "period": some["year"]}
        ),
        "Nachweis: Geschichte eines Belegs": _at("evidence/voucher", {"key": some["settled"]}),
        "Nachweis: Protokoll": "evidence/trail",
        "Nachweis: Protokoll, weit hinten": _at("evidence/trail", {"page": 4 * FAR}),
        "Nachweis: Protokoll, Tage": _at(
            "evidence/trail", {"from": f"{some['month']}-01", "to": f"{some['month']}-20"}
        ),
        "Nachweis: Verfahrensdokumentation": "evidence/procedure",
        "Benutzer": "people",
        "Konto": "account",
        "Hilfe": _at("help", {"screen": "exceptions"}),
    }


def downloads(db: Connection) -> dict[str, str]:
    """What is taken along as a whole, whose time is that of its rows."""
    some = _samples(db)
    of = {"connection": LARGEST}
    return {
        "Buchungsvorschau, CSV": _at("preview", {**of, "stand": "all", "as": "csv"}),
        "Primanota eines Jahres, CSV": _at("reports/bookings", {**of, "period": some["year"], "as": "csv"}),
        "OPOS, XLSX": _at("reports/opos", {**of, "as": "xlsx"}),
        "Ausnahmen, CSV": _at("exceptions", {"as": "csv"}),
        "Übertragungen, CSV": _at("batches", {"as": "csv"}),
        "Datei eines Stapels": _at("batches/batch", {"name": some["batch"], "as": "file"}),
        "Protokoll mit Beweis": _at("evidence/trail", {"as": "export"}),
    }


def _reports(some: Mapping[str, Any]) -> dict[str, str]:
    of = {"connection": LARGEST}
    titles = {
        "balances": "Summen und Salden",
        "vat": "Umsatzsteuer-Verprobung",
        "completeness": "Vollständigkeit",
        "costs": "Kosten",
        "bookings": "Primanota",
    }
    found = {
        "OPOS": _at("reports/opos", of),
        "OPOS: ganzer Mandant": _at("reports/opos", {**of, "client": "yes"}),
        "OPOS: mit Geplantem": _at("reports/opos", {**of, "planned": "yes"}),
        "OPOS: auch Ausgeglichenes": _at("reports/opos", {**of, "all": "yes"}),
        "OPOS: zu einem Tag": _at("reports/opos", {**of, "on": f"{some['month']}-15"}),
    }
    for kind, title in titles.items():
        for when in ("month", "year"):
            asked = {**of, "period": some[when]}
            word = {"month": "Monat", "year": "Jahr"}[when]
            found[f"{title}: {word}"] = _at(f"reports/{kind}", asked)
    far = {**of, "period": f"{some['year']}", "page": FAR // 2}
    return {
        **found,
        "Primanota: Jahr, weit hinten": _at("reports/bookings", far),
        "Primanota: ganzer Mandant, alles": _at("reports/bookings", {**of, "client": "yes", "page": FAR}),
    }


def _at(path: str, asked: Mapping[str, object]) -> str:
    return f"{path}?{urlencode(asked)}"


def _samples(db: Connection) -> dict[str, Any]:
    """A number, a customer and so on that there are, from the midst of everything."""
    settled = db.execute(
        select(vouchers, revisions.c.content)
        .join(revisions, revisions.c.voucher == vouchers.c.id)
        .where(vouchers.c.connection == LARGEST, vouchers.c.state == "settled", vouchers.c.kind == "invoice")
        .order_by(vouchers.c.document_date, vouchers.c.id)
        .offset(db.execute(select(func.count()).select_from(vouchers)).scalar_one() // 6)
    ).first()
    assert settled is not None
    said = decode(settled.content)
    assert said.party is not None
    assert said.stated_total is not None
    booked = db.execute(select(entries).where(entries.c.voucher == settled.id)).first()
    assert booked is not None
    failed = select(batches.c.id).where(batches.c.connection == LARGEST, batches.c.state == "failed").limit(1)
    return {
        "settled": settled.id,
        "number": settled.number,
        "customer": said.party.name,
        "amount": f"{said.stated_total:.2f}",
        "month": f"{settled.document_date:%Y-%m}",
        "year": f"{settled.document_date:%Y}",
        "batch": booked.batch,
        "failed": db.execute(failed).scalar_one(),
        "account": "8400",
        "cause": lookup.causes(db, Scope(LARGEST))[0].cause,
    }
