"""The suite passes a good source, and finds each of these mistakes by the test that is there for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlconnector.errors import Broken, ConnectorError, NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Party, Place, TaxMethod
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.source import Delivery, Hint, Page, Reading, Reference
from tests.conformance.source_suite import SourceConformance, source_conformance
from tests.conformance.toy import Cursor, Customer, Invoice, ToySource, decoded, encoded, toy_rig

TestGoodSource = source_conformance(toy_rig)


class CountryAsWritten(ToySource):
    def party(self, customer: Customer) -> Party:
        return Party(external_id=customer.id, name=customer.name, country=customer.country)


class CountryOfTwoLetters(ToySource):
    def party(self, customer: Customer) -> Party:
        party = super().party(customer)
        return msgspec.structs.replace(party, country=party.country or customer.country[:2].upper())


class CountryUnknownWithoutAWord(ToySource):
    def read(self, reference: Reference) -> Reading:
        return replace(super().read(reference), problems=())


class ShippedToTheCustomer(ToySource):
    """A source that lets the customer's country stand in for that of the address of delivery."""

    def ship_to(self, invoice: Invoice, party: Party) -> tuple[Place | None, list[Problem]]:
        place, problems = super().ship_to(invoice, party)
        return place and msgspec.structs.replace(place, country=place.country or party.country), problems


class ShippedAsWritten(ToySource):
    def ship_to(self, invoice: Invoice, _party: Party) -> tuple[Place | None, list[Problem]]:
        return None if invoice.delivery is None else Place(country=invoice.delivery.country), []


class ShippedNowhereWithoutAWord(ToySource):
    def ship_to(self, invoice: Invoice, party: Party) -> tuple[Place | None, list[Problem]]:
        return super().ship_to(invoice, party)[0], []


class NumberOfNought(ToySource):
    def number(self, invoice: Invoice) -> str | None:
        return invoice.number


class NumberFromNone(ToySource):
    def number(self, invoice: Invoice) -> str | None:
        return super().number(invoice) or str(None)


class NumberWithoutNoughts(ToySource):
    def number(self, invoice: Invoice) -> str | None:
        return (super().number(invoice) or "").strip("0") or None


class WrongLines(ToySource):
    """A source whose lines are changed by `wrong`."""

    def lines(self, invoice: Invoice) -> tuple[tuple[Line, ...], list[Problem]]:
        lines, problems = super().lines(invoice)
        return tuple(self.wrong(line) for line in lines), problems

    def wrong(self, line: Line) -> Line:
        raise NotImplementedError


class AmountFromAFloat(WrongLines):
    def wrong(self, line: Line) -> Line:
        return msgspec.structs.replace(line, amount=Decimal(float(line.amount)))


class AmountThroughAFloat(WrongLines):
    def wrong(self, line: Line) -> Line:
        return msgspec.structs.replace(line, amount=Decimal(str(float(line.amount))))


class AmountFromPriceAndQuantity(WrongLines):
    def wrong(self, line: Line) -> Line:
        price = round(float(line.amount / line.quantity), 10)
        return msgspec.structs.replace(line, amount=Decimal(str(price * float(line.quantity))))


class GrossAsNet(ToySource):
    def tax_method(self, _invoice: Invoice) -> TaxMethod:
        return "exclusive"


class NetAsGross(ToySource):
    def tax_method(self, _invoice: Invoice) -> TaxMethod:
        return "inclusive"


class QuantityOfNought(ToySource):
    def lines(self, invoice: Invoice) -> tuple[tuple[Line, ...], list[Problem]]:
        lines, problems = super().lines(
            msgspec.structs.replace(invoice, quantity=invoice.quantity or Decimal(1))
        )
        return tuple(
            msgspec.structs.replace(line, quantity=invoice.quantity or Decimal(0)) for line in lines
        ), problems


class WithoutOverlap(ToySource):
    def changes(self, since: str | None, position: str | None) -> Page:
        page = super().changes(since, position)
        if since is None:
            return page
        begin = decoded(since, Cursor).since.isoformat()
        return replace(
            page, references=tuple(each for each in page.references if (each.changed_at or "") >= begin)
        )


class CursorOfTheLastChange(ToySource):
    def further(self, at: Any, references: Sequence[Reference]) -> datetime | None:
        times = [datetime.fromisoformat(each.changed_at or "") for each in references]
        return max([*times, *([at.reached] if at.reached else [])], default=None)


class CursorOfTheEnd(ToySource):
    def further(self, _at: Any, _references: Sequence[Reference]) -> datetime | None:
        return self.context.now()


class CursorBehindTies(ToySource):
    """As it would be with a cursor that excludes its own moment, and no overlap."""

    def changes(self, since: str | None, position: str | None) -> Page:
        page = super().changes(since, position)
        if since is None:
            return page
        begin = decoded(since, Cursor).since.isoformat()
        return replace(
            page, references=tuple(each for each in page.references if (each.changed_at or "") > begin)
        )


class AnyPosition(ToySource):
    def changes(self, since: str | None, position: str | None) -> Page:
        try:
            return super().changes(since, position)
        except Broken:
            return super().changes(since, None)


class AnyCursor(ToySource):
    def changes(self, since: str | None, position: str | None) -> Page:
        try:
            return super().changes(since, position)
        except Broken:
            return super().changes(None, position)


class RoundAndRound(ToySource):
    def changes(self, since: str | None, position: str | None) -> Page:
        page = super().changes(since, position)
        if page.position is None:
            return page
        at = msgspec.json.decode(page.position)
        return replace(page, position=encoded({**at, "seen": []}))  # type: ignore[arg-type]  # a position as JSON


class StoppedByOneRecord(ToySource):
    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        return [self.read(each) for each in references]


class UnreadableWithoutAWord(ToySource):
    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        readings = super().fetch(references)
        return [each if each.voucher else replace(each, problems=()) for each in readings]


class UnreadableLeftOut(ToySource):
    def changes(self, since: str | None, position: str | None) -> Page:
        page = super().changes(since, position)
        readable = tuple(each for each in page.references if isinstance(each.content["amount"], int))
        return replace(page, references=readable)


class ProblemWithoutWords(ToySource):
    def lines(self, invoice: Invoice) -> tuple[tuple[Line, ...], list[Problem]]:
        lines, problems = super().lines(invoice)
        return lines, [Problem("toy_is_odd", each.facts) for each in problems]


class ProblemOfAnotherSystem(ToySource):
    def lines(self, invoice: Invoice) -> tuple[tuple[Line, ...], list[Problem]]:
        lines, problems = super().lines(invoice)
        return lines, [Problem("deal_has_instalments", each.facts) for each in problems]


class WrongSteps(ToySource):
    """A source whose failed steps are changed by `wrong`."""

    def check(self) -> Iterator[CheckStep]:
        for step in super().check():
            yield self.wrong(step) if step.outcome == "failed" else step

    def wrong(self, step: CheckStep) -> CheckStep:
        raise NotImplementedError


class StepWithoutTitle(WrongSteps):
    def wrong(self, step: CheckStep) -> CheckStep:
        return replace(step, key="toy.depth")


class CauseWithoutWords(WrongSteps):
    def wrong(self, step: CheckStep) -> CheckStep:
        return replace(step, cause="toy_is_odd")


class CauseOfAnotherSystem(WrongSteps):
    def wrong(self, step: CheckStep) -> CheckStep:
        return replace(step, cause="field_missing", facts={"fields": "amount"})


class ReasonWithoutWords(ToySource):
    def read(self, reference: Reference) -> Reading:
        reading = super().read(reference)
        return replace(reading, reason="vanished") if reading.reason else reading


class BelievesTheSize(ToySource):
    def download(self, attachment_id: str, limit: int) -> bytes:
        number = attachment_id.removeprefix("file")
        if (self.asked(f"/invoices/{number}")["file_size"]) > limit:
            raise NeedsHuman(Problem("document_too_large", {"file": attachment_id, "limit": str(limit)}))
        return self.http.download(f"/files/{attachment_id}", 10**9) or b""


class TakesAnyDelivery(ToySource):
    def verify(self, delivery: Delivery) -> Hint:
        return Hint(None, (delivery.body.decode(),))


MISTAKES: list[tuple[type[ToySource], str]] = [
    (CountryAsWritten, "test_a_country_is_a_code_however_it_is_written"),
    (CountryAsWritten, "test_nothing_that_is_read_is_empty_or_nought_in_place_of_none"),
    (CountryOfTwoLetters, "test_a_country_that_is_none_is_a_problem"),
    (CountryUnknownWithoutAWord, "test_a_country_that_is_none_is_a_problem"),
    (ShippedAsWritten, "test_where_goods_go_is_a_country_by_its_code"),
    (ShippedAsWritten, "test_where_goods_go_is_not_known_without_a_country_and_not_the_customers"),
    (ShippedToTheCustomer, "test_where_goods_go_is_not_known_without_a_country_and_not_the_customers"),
    (ShippedNowhereWithoutAWord, "test_where_goods_go_is_not_known_without_a_country_and_not_the_customers"),
    (NumberOfNought, "test_a_document_without_a_number_has_none"),
    (NumberFromNone, "test_a_document_without_a_number_has_none"),
    (NumberWithoutNoughts, "test_a_document_has_its_number"),
    (AmountFromAFloat, "test_an_amount_is_read_as_the_wire_has_it"),
    (AmountThroughAFloat, "test_an_amount_is_read_as_the_wire_has_it"),
    (AmountFromPriceAndQuantity, "test_an_amount_is_read_as_the_wire_has_it"),
    (GrossAsNet, "test_an_amount_is_read_as_the_wire_has_it"),
    (NetAsGross, "test_an_amount_is_read_as_the_wire_has_it"),
    (QuantityOfNought, "test_a_missing_quantity_is_not_nought"),
    (WithoutOverlap, "test_a_record_that_shows_up_late_is_found_by_the_overlap"),
    (CursorOfTheLastChange, "test_the_cursor_does_not_pass_the_start_of_its_pass"),
    (CursorOfTheEnd, "test_the_cursor_does_not_pass_the_start_of_its_pass"),
    (CursorOfTheEnd, "test_a_pass_may_end_behind_every_page"),
    (CursorBehindTies, "test_a_pass_may_end_behind_every_page"),
    (AnyPosition, "test_a_position_of_somebody_else_is_refused"),
    (AnyCursor, "test_a_cursor_of_somebody_else_is_refused"),
    (RoundAndRound, "test_pages_that_go_round_in_a_circle_are_noticed"),
    (StoppedByOneRecord, "test_one_unreadable_record_costs_itself_alone"),
    (UnreadableWithoutAWord, "test_one_unreadable_record_costs_itself_alone"),
    (UnreadableLeftOut, "test_one_unreadable_record_costs_itself_alone"),
    (ProblemWithoutWords, "test_every_problem_has_words_and_fitting_facts"),
    (ProblemOfAnotherSystem, "test_no_text_names_another_system"),
    (StepWithoutTitle, "test_every_step_of_a_check_has_words"),
    (CauseWithoutWords, "test_every_step_of_a_check_has_words"),
    (CauseOfAnotherSystem, "test_no_text_names_another_system"),
    (ReasonWithoutWords, "test_every_reason_has_words"),
    (BelievesTheSize, "test_an_attachment_that_is_longer_than_it_says_is_refused"),
    (TakesAnyDelivery, "test_a_forged_delivery_is_refused"),
    (TakesAnyDelivery, "test_a_delivery_without_proof_is_refused"),
    (TakesAnyDelivery, "test_a_genuine_delivery_that_cannot_be_understood_is_malformed"),
]


@pytest.mark.parametrize(
    ("kind", "test"), MISTAKES, ids=[f"{kind.__name__}-{test}" for kind, test in MISTAKES]
)
def test_a_mistake_is_found(kind: type[ToySource], test: str) -> None:
    assert not all(passes(kind, test, case) for case in cases(test))


@pytest.mark.parametrize("test", sorted({test for _, test in MISTAKES}))
def test_the_same_test_passes_a_good_source(test: str) -> None:
    assert all(passes(ToySource, test, case) for case in cases(test))


def cases(test: str) -> list[dict[str, Any]]:
    """The values of a test's parameters, each way once; one empty set where it has none."""
    found: list[dict[str, Any]] = [{}]
    for mark in getattr(getattr(SourceConformance, test), "pytestmark", []):
        names, values = mark.args
        names = [names] if isinstance(names, str) else list(names)
        sets = [dict(zip(names, value if len(names) > 1 else [value], strict=True)) for value in values]
        found = [{**before, **more} for before in found for more in sets]
    assert found
    return found


def passes(kind: type[ToySource], test: str, case: dict[str, Any]) -> bool:
    """Whether the suite's test lets a source pass: one that breaks down in it does not."""
    run: Callable[..., None] = getattr(SourceConformance(), test)
    with toy_rig(kind) as rig:
        known = {"rig": lambda: rig, "source": rig.open}
        given = {name: known[name]() for name in inspect.signature(run).parameters if name in known}
        try:
            run(**given, **case)
        except (AssertionError, pytest.fail.Exception, ConnectorError):
            return False
        finally:
            for source in rig.opened:
                source.close()
            rig.outside.close()
    return True
