"""The suite finds each of these mistakes by the test that is there for it, which passes a good source.

That Toyshop passes the whole suite is shown in `tests/docs/test_add_a_system.py`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlconnector.errors import Broken, ConnectorError, NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Line, Party, Place
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.source import Delivery, Hint, Page, Reading, Reference
from tests.conformance.source_suite import SourceConformance
from tests.conformance.toyshop import Toyshop, toyshop_rig

PARTY = ("invoices", "party_of")
NUMBER = ("invoices", "number_of")
LINES = ("invoices", "lines_of")
SHIP_TO = ("invoices", "ship_to_of")
APART = ("source", "read_apart")


def party_with(country: Callable[[Any, str | None], str | None]) -> Callable[[Any], Any]:
    """Makes a function that gives a party another country: by its customer, and the country that it had."""

    def wrong(good: Any) -> Any:
        def party_of(customer: Any) -> Any:
            party, problems = good(customer)
            return msgspec.structs.replace(party, country=country(customer, party.country)), problems

        return party_of

    return wrong


class CountryAsWritten(Toyshop):
    replaced = ((PARTY, party_with(lambda customer, _code: customer.country)),)


class CountryOfTwoLetters(Toyshop):
    replaced = ((PARTY, party_with(lambda customer, code: code or customer.country[:2].upper())),)


def shipped_to_the_customer(good: Any) -> Any:
    """The customer's country stands in for that of the address of delivery."""

    def ship_to_of(invoice: Any, party: Party) -> Any:
        place, problems = good(invoice, party)
        return place and msgspec.structs.replace(place, country=place.country or party.country), problems

    return ship_to_of


def shipped_without_a_word(good: Any) -> Any:
    def ship_to_of(invoice: Any, party: Party) -> Any:
        return good(invoice, party)[0], []

    return ship_to_of


def shipped_as_written(_good: Any) -> Any:
    def ship_to_of(invoice: Any, _party: Party) -> Any:
        return None if invoice.ship_to is None else Place(country=invoice.ship_to.country), []

    return ship_to_of


class ShippedToTheCustomer(Toyshop):
    replaced = ((SHIP_TO, shipped_to_the_customer),)


class ShippedAsWritten(Toyshop):
    replaced = ((SHIP_TO, shipped_as_written),)


class ShippedNowhereWithoutAWord(Toyshop):
    replaced = ((SHIP_TO, shipped_without_a_word),)


class NumberOfNought(Toyshop):
    replaced = ((NUMBER, lambda _good: lambda invoice: invoice.number),)


class NumberFromNone(Toyshop):
    replaced = ((NUMBER, lambda good: lambda invoice: good(invoice) or str(None)),)


class NumberWithoutNoughts(Toyshop):
    replaced = ((NUMBER, lambda good: lambda invoice: (good(invoice) or "").strip("0") or None),)


def of_one(good: Any) -> Any:
    """Lines of a quantity that is missing as if it were one, and nought afterwards."""

    def lines_of(invoice: Any) -> Any:
        lines, problems = good(msgspec.structs.replace(invoice, quantity=invoice.quantity or Decimal(1)))
        quantity = invoice.quantity or Decimal(0)
        return tuple(msgspec.structs.replace(line, quantity=quantity) for line in lines), problems

    return lines_of


class QuantityOfNought(Toyshop):
    replaced = ((LINES, of_one),)


class StoppedByOneRecord(Toyshop):
    replaced = ((APART, lambda _good: lambda references, read: read(references)),)


class WrongReadings(Toyshop):
    """Toyshop whose readings are changed by `wrong`."""

    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        return [self.wrong(each) for each in super().fetch(references)]

    def wrong(self, reading: Reading) -> Reading:
        raise NotImplementedError


class CountryUnknownWithoutAWord(WrongReadings):
    def wrong(self, reading: Reading) -> Reading:
        return replace(reading, problems=())


class UnreadableWithoutAWord(WrongReadings):
    def wrong(self, reading: Reading) -> Reading:
        return reading if reading.voucher else replace(reading, problems=())


class ProblemWithoutWords(WrongReadings):
    def wrong(self, reading: Reading) -> Reading:
        return replace(
            reading, problems=tuple(Problem("toy_is_odd", each.facts) for each in reading.problems)
        )


class ProblemOfAnotherSystem(WrongReadings):
    def wrong(self, reading: Reading) -> Reading:
        return replace(
            reading, problems=tuple(Problem("deal_has_instalments", each.facts) for each in reading.problems)
        )


class ReasonWithoutWords(WrongReadings):
    def wrong(self, reading: Reading) -> Reading:
        return replace(reading, reason="vanished") if reading.reason else reading


class WrongLines(WrongReadings):
    """Toyshop whose lines are changed by `wrong_line`."""

    def wrong(self, reading: Reading) -> Reading:
        if reading.voucher is None:
            return reading
        lines = tuple(self.wrong_line(line) for line in reading.voucher.lines)
        return replace(reading, voucher=msgspec.structs.replace(reading.voucher, lines=lines))

    def wrong_line(self, line: Line) -> Line:
        raise NotImplementedError


class AmountFromAFloat(WrongLines):
    def wrong_line(self, line: Line) -> Line:
        return msgspec.structs.replace(line, amount=Decimal(float(line.amount)))


class AmountThroughAFloat(WrongLines):
    def wrong_line(self, line: Line) -> Line:
        return msgspec.structs.replace(line, amount=Decimal(str(float(line.amount))))


class AmountFromPriceAndQuantity(WrongLines):
    def wrong_line(self, line: Line) -> Line:
        price = round(float(line.amount / line.quantity), 10)
        return msgspec.structs.replace(line, amount=Decimal(str(price * float(line.quantity))))


class GrossAsNet(WrongLines):
    def wrong_line(self, line: Line) -> Line:
        return msgspec.structs.replace(line, tax_method="exclusive")


class NetAsGross(WrongLines):
    def wrong_line(self, line: Line) -> Line:
        return msgspec.structs.replace(line, tax_method="inclusive")


def begin_of(since: str | None) -> str:
    """The moment in a cursor, as references have theirs; a text before all moments without one."""
    return "" if since is None else datetime.fromisoformat(msgspec.json.decode(since)["reached"]).isoformat()


class WithoutOverlap(Toyshop):
    def changes(self, since: str | None, position: str | None) -> Page:
        page = super().changes(since, position)
        return replace(
            page,
            references=tuple(each for each in page.references if (each.changed_at or "") >= begin_of(since)),
        )


class CursorBehindTies(Toyshop):
    """As it would be with a cursor that excludes its own moment, and no overlap."""

    def changes(self, since: str | None, position: str | None) -> Page:
        page = super().changes(since, position)
        return replace(
            page,
            references=tuple(each for each in page.references if (each.changed_at or "") > begin_of(since)),
        )


class WrongCursors(Toyshop):
    """Toyshop whose pages lead as far as `further` says, of how far they came and what they list."""

    def changes(self, since: str | None, position: str | None) -> Page:
        page = super().changes(since, position)
        before = None if position is None else msgspec.json.decode(position)["reached"]
        reached = self.further(before or "", page.references)
        cursor = written({"reached": reached})
        if page.position is None:
            return replace(page, cursor=cursor)
        position = written({**msgspec.json.decode(page.position), "reached": reached})
        return replace(page, position=position, cursor=cursor)

    def further(self, before: str, references: Sequence[Reference]) -> str:
        raise NotImplementedError


def written(state: Any) -> str:
    return msgspec.json.encode(state).decode()


class CursorOfTheLastChange(WrongCursors):
    def further(self, before: str, references: Sequence[Reference]) -> str:
        return max([before, *(each.changed_at or "" for each in references)])


class CursorOfTheEnd(WrongCursors):
    def further(self, before: str, references: Sequence[Reference]) -> str:
        return self.context.now().isoformat()


class AnyPosition(Toyshop):
    def changes(self, since: str | None, position: str | None) -> Page:
        with suppress(Broken):
            return super().changes(since, position)
        return super().changes(since, None)


class CursorForEver(Toyshop):
    """As it would be where what is kept of the outside is never looked at."""

    def changes(self, since: str | None, position: str | None) -> Page:
        page = super().changes(since, position)
        if page.anew:
            raise Broken("a cursor that is none of ours")
        return page


class GivenUpWithoutAWord(Toyshop):
    def changes(self, since: str | None, position: str | None) -> Page:
        return replace(super().changes(since, position), anew=False)


class GoesOnForEver(Toyshop):
    def goes_on(self, cursor: str) -> bool:
        return True


class OnlyWhatIsFinalAgain(Toyshop):
    """As it would be if reading again were the same as the first load."""

    def changes(self, since: str | None, position: str | None) -> Page:
        page = super().changes(since, position)
        final = tuple(each for each in page.references if each.content["final"])
        return replace(page, references=final)


class EverythingSinceAMoment(Toyshop):
    def cursor_from(self, moment: datetime | None) -> str:
        return super().cursor_from(None)


class NothingAgain(Toyshop):
    def cursor_from(self, moment: datetime | None) -> str:
        return super().cursor_from(self.context.now())


class EverythingGivenUp(Toyshop):
    def cursor_from(self, moment: datetime | None) -> str:
        return ""


class RoundAndRound(Toyshop):
    def changes(self, since: str | None, position: str | None) -> Page:
        page = super().changes(since, position)
        if page.position is None:
            return page
        return replace(page, position=written({**msgspec.json.decode(page.position), "seen": []}))


class UnreadableLeftOut(Toyshop):
    def changes(self, since: str | None, position: str | None) -> Page:
        page = super().changes(since, position)
        readable = tuple(each for each in page.references if isinstance(each.content["amount"], int))
        return replace(page, references=readable)


class WrongSteps(Toyshop):
    """Toyshop whose failed steps are changed by `wrong`."""

    def check(self) -> Iterator[CheckStep]:
        for step in super().check():
            yield self.wrong(step) if step.outcome == "failed" else step

    def wrong(self, step: CheckStep) -> CheckStep:
        raise NotImplementedError


class StepWithoutTitle(WrongSteps):
    def wrong(self, step: CheckStep) -> CheckStep:
        return replace(step, key="toyshop.depth")


class CauseWithoutWords(WrongSteps):
    def wrong(self, step: CheckStep) -> CheckStep:
        return replace(step, cause="toy_is_odd")


class CauseOfAnotherSystem(WrongSteps):
    def wrong(self, step: CheckStep) -> CheckStep:
        return replace(step, cause="field_missing", facts={"fields": "amount"})


class AddressWithoutQuotes(Toyshop):
    replaced = ((("settings", "web_address"), lambda _good: lambda *parts: "/".join(parts)),)


class OneAddressForAll(Toyshop):
    replaced = ((("settings", "web_address"), lambda _good: lambda base, *_path: base),)


class BelievesTheSize(Toyshop):
    def download(self, attachment_id: str, limit: int) -> bytes:
        voucher = self.fetch([Reference(attachment_id.removeprefix("f"))])[0].voucher
        assert voucher is not None
        if (voucher.attachments[0].size or 0) > limit:
            raise NeedsHuman(Problem("document_too_large", {"file": attachment_id, "limit": str(limit)}))
        return super().download(attachment_id, 10**9)


class TakesAnyDelivery(Toyshop):
    def verify(self, delivery: Delivery) -> Hint:
        return Hint(None, (delivery.body.decode(),))


MISTAKES: list[tuple[type[Toyshop], str]] = [
    (AddressWithoutQuotes, "test_a_record_has_an_address_for_people_whatever_its_id_is"),
    (OneAddressForAll, "test_a_record_has_an_address_for_people_whatever_its_id_is"),
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
    (CursorForEver, "test_a_cursor_that_does_not_fit_is_given_up_and_everything_is_read_again"),
    (GivenUpWithoutAWord, "test_a_cursor_that_does_not_fit_is_given_up_and_everything_is_read_again"),
    (GoesOnForEver, "test_a_cursor_that_does_not_fit_is_given_up_and_everything_is_read_again"),
    (NothingAgain, "test_reading_everything_again_doubles_nothing"),
    (EverythingGivenUp, "test_reading_everything_again_doubles_nothing"),
    (OnlyWhatIsFinalAgain, "test_reading_everything_again_finds_what_is_no_longer_final"),
    (EverythingSinceAMoment, "test_reading_again_since_a_moment_finds_what_changed_since_then"),
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
def test_a_mistake_is_found(kind: type[Toyshop], test: str) -> None:
    assert not all(passes(kind, test, case) for case in cases(test))


@pytest.mark.parametrize("test", sorted({test for _, test in MISTAKES}))
def test_the_same_test_passes_a_good_source(test: str) -> None:
    assert all(passes(Toyshop, test, case) for case in cases(test))


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


def passes(kind: type[Toyshop], test: str, case: dict[str, Any]) -> bool:
    """Whether the suite's test lets a source pass: one that breaks down in it does not."""
    run: Callable[..., None] = getattr(SourceConformance(), test)
    with toyshop_rig(kind) as rig:
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
