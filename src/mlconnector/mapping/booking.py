"""Booking: a voucher and the rules become a draft, or problems, or a reason to ignore it.

A draft is everything of an entry that rules decide; the party's number and the filed document are added by
`drafts.entry` once they are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import msgspec

from mlconnector.mapping.checks import formal_problems, line_problems, stated_gross
from mlconnector.mapping.commitments import decide_commitment
from mlconnector.mapping.costs import own_nets
from mlconnector.mapping.down_payments import requested, settled, with_down_payments
from mlconnector.mapping.drafts import Draft, Held, Ignored
from mlconnector.mapping.exchange_differences import with_exchange_differences
from mlconnector.mapping.fees import with_fee
from mlconnector.mapping.instalments import with_instalments
from mlconnector.mapping.line_parts import parts_of
from mlconnector.mapping.lookups import Found, cost_centre, exchange_rate, payment_terms
from mlconnector.mapping.open_items import Cleared
from mlconnector.mapping.payments import decide_payment
from mlconnector.mapping.retainage import moves_only_retainage, retainage_alone, with_retainage
from mlconnector.mapping.row_names import row_behind
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.seeds import unconfirmed_cases
from mlconnector.mapping.targets import Target, target
from mlconnector.mapping.tax_keys import tax_keys
from mlconnector.mapping.tax_periods import dated
from mlconnector.mapping.vat_ids import country_prefix, foreign_vat_id
from mlconnector.mapping.withholding import with_withholding
from mlconnector.model.entries import Because, EntryLine
from mlconnector.model.money import ZERO, rounded
from mlconnector.model.problems import Problem
from mlconnector.model.totals import Totals, totals
from mlconnector.model.vouchers import Kind, Line, Party, Voucher

_LINES_NAMED = 8


def decide(
    voucher: Voucher,
    rules: Rules,
    *,
    stands: bool = False,
    cleared: Cleared | None = None,
    today: date | None = None,
) -> Draft | Held | Ignored:
    """Decide a voucher's booking. Everything that is missing or contradictory is said at once.

    `stands` says that DATEV has a booking of it: then it is ours, whenever we began. `cleared` has the
    documents that a payment clears, as they stand in the books, by their numbers. Nothing is paid before
    `today`: of what stands already that is the day for which it was decided, None where no day counted.
    """
    if voucher.standing == "withdrawn":
        return Ignored("withdrawn")
    if voucher.kind == Kind.COMMITMENT:
        return decide_commitment(voucher, rules)
    begin = rules.books.begin
    if begin is not None and voucher.document_date < begin and not stands:
        return Ignored("before_begin")
    if voucher.kind == Kind.PAYMENT:
        decision = _decide_payment(voucher, rules, cleared or {})
    else:
        decision = _decide_document(voucher, rules, today)
    unconfirmed = unconfirmed_cases(decision.lines, rules) if isinstance(decision, Draft) else ()
    return Held(unconfirmed) if unconfirmed else decision


def _decide_payment(voucher: Voucher, rules: Rules, cleared: Cleared) -> Draft | Held | Ignored:
    paid = with_fee(with_down_payments(decide_payment(voucher, rules, cleared), rules), rules)
    return with_exchange_differences(paid, rules, cleared)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the gross of a line goes: target and cost centres; lines of one place are booked as one."""

    target: Found[Target]
    centre_1: Found[str]
    centre_2: Found[str]

    @property
    def because(self) -> tuple[Because, ...]:
        """Why a line goes there."""
        return (*self.target.because, *self.centre_1.because, *self.centre_2.because)

    @property
    def key(self) -> tuple[str, ...]:
        found = self.target.value
        place = (found.account, found.tax_key, found.tax_case.name, f"{found.rate:f}", found.matter)
        return (*place, found.country, found.origin, self.centre_1.value, self.centre_2.value)


def _decide_document(voucher: Voucher, rules: Rules, today: date | None) -> Draft | Held | Ignored:
    alone = moves_only_retainage(voucher)
    decision = retainage_alone(voucher, rules) if alone else _decide_whole(voucher, rules)
    return with_withholding(decision, rules, today)


def _decide_whole(voucher: Voucher, rules: Rules) -> Draft | Held | Ignored:
    decision = _decide_supply(voucher, rules)
    if isinstance(decision, Draft):
        decision = requested(decision, rules) if voucher.requests_down_payment else settled(decision, rules)
    decision = with_instalments(decision) if isinstance(decision, Draft) else decision
    return with_retainage(decision, rules)


def _decide_supply(voucher: Voucher, rules: Rules) -> Draft | Held | Ignored:
    sums = totals(voucher.lines, voucher.currency)
    if not any(sums.line_gross) and not voucher.stated_total:
        return Ignored("zero_value")
    problems = formal_problems(voucher, sums, rules)
    places = {
        index: _place(voucher, voucher.lines[index], rules)
        for index, gross in enumerate(sums.line_gross)
        if gross != ZERO
    }
    rate, terms = exchange_rate(voucher, rules), payment_terms(voucher, rules)
    for place in places.values():
        problems += place if isinstance(place, list) else []
    problems += [found for found in (rate, terms) if isinstance(found, Problem)]
    if problems or voucher.party is None or voucher.number is None or isinstance(rate, Problem):
        return Held(_distinct(problems))
    found = {index: place for index, place in places.items() if isinstance(place, _Place)}
    parts = _parts(voucher, sums, found, rules)
    if isinstance(parts, Problem):
        return Held((parts,))
    gross, because = _shares(voucher, sums, parts, rules)
    if not gross:
        return Ignored("zero_value")
    because += [*rate.because, *(terms.because if isinstance(terms, Found) else ())]
    made = dated(voucher, [_line(voucher, voucher.party, *share, rules) for share in gross], rules)
    if isinstance(made, Problem):
        return Held((made,))
    lines, because = made[0], [*because, *made[1]]
    if faults := line_problems(voucher, lines, rules):
        return Held(faults)
    if any(line.eu_vat_id for line in lines):
        vat_id = next(line.eu_vat_id for line in lines if line.eu_vat_id)
        because.append(Because("eu_vat_id", vat_id, "vat_id_of", {"party_id": voucher.party.external_id}))
    return Draft(
        voucher=voucher,
        party=voucher.party,
        number=voucher.number,
        lines=tuple(lines),
        exchange_rate=rate.value,
        because=tuple(because),
        payment_terms=terms.value if isinstance(terms, Found) else "",
    )


def _place(voucher: Voucher, line: Line, rules: Rules) -> _Place | list[Problem]:
    where = target(voucher, line, rules)
    centre_1 = cost_centre(voucher, line, rules.mapping.cost_centre_1, "cost_centre_1")
    centre_2 = cost_centre(voucher, line, rules.mapping.cost_centre_2, "cost_centre_2")
    if isinstance(where, Problem) or isinstance(centre_1, Problem) or isinstance(centre_2, Problem):
        return [found for found in (where, centre_1, centre_2) if isinstance(found, Problem)]
    return _Place(where, centre_1, centre_2)


@dataclass(frozen=True, slots=True)
class _Part:
    """What of a line (`index`) is booked in one place."""

    index: int
    place: _Place
    gross: Decimal


def _parts(
    voucher: Voucher, sums: Totals, places: Mapping[int, _Place], rules: Rules
) -> list[_Part] | Problem:
    """Each line as a whole, or in the parts that its tax divides it into."""
    parts: list[_Part] = []
    for index, place in places.items():
        made = parts_of(voucher, voucher.lines[index], sums.line_gross[index], place.target, rules)
        if isinstance(made, Problem):
            return made
        parts += [_Part(index, replace(place, target=target), gross) for target, gross in made]
    return parts


def _line(
    voucher: Voucher, party: Party, place: _Place, gross: Decimal, net: Decimal | None, rules: Rules
) -> EntryLine:
    found = place.target.value
    case = found.tax_case
    known = tax_keys().get(found.tax_key.lstrip("0"))
    selectable = known is not None and known.complete
    vat_id = (foreign_vat_id(party) or "") if case.eu == "vat_id" else ""
    country = country_prefix(found.country)
    refers = f" zu {voucher.refers_to}" if voucher.refers_to else ""
    clears = voucher.kind == Kind.CREDIT_NOTE and rules.books.credit_note_number == "invoice"
    return EntryLine(
        account="",
        contra_account=found.account,
        amount=gross if voucher.direction == "sale" else -gross,
        tax_case=case.name,
        tax_rate=found.rate,
        tax_added=bool(case.own_rate),
        tax_key=found.tax_key,
        text=f"{party.name} {voucher.number}{refers}",
        number=(voucher.refers_to or "") if clears else "",
        cost_centre_1=place.centre_1.value,
        cost_centre_2=place.centre_2.value,
        eu_vat_id=vat_id or country,
        eu_rate=found.rate if country else None,
        origin_vat_id=found.origin,
        matter=found.matter,
        matter_rate=case.own_rate if found.matter else None,
        key_rate=found.rate if selectable else None,
        key_country=found.country if selectable else "",
        net=None if net is None else -net,
    )


def _distinct(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    first: dict[str, Problem] = {}
    for problem in problems:
        first.setdefault(problem.cause, problem)
    return tuple(first.values())


_Key = tuple[str, ...]


def _shares(
    voucher: Voucher, sums: Totals, parts: Sequence[_Part], rules: Rules
) -> tuple[list[tuple[_Place, Decimal, Decimal | None]], list[Because]]:
    gross: dict[_Key, Decimal] = {}
    kept: dict[_Key, list[_Place]] = {}
    lines: dict[_Key, list[int]] = {}
    for part in parts:
        key = part.place.key
        gross[key] = gross.get(key, ZERO) + part.gross
        kept.setdefault(key, []).append(part.place)
        lines.setdefault(key, []).append(part.index + 1)
    summed = dict(gross)
    rounding = _absorb_rounding(voucher, sums, gross, rules)
    booked = {key: number for number, key in enumerate((key for key in gross if gross[key] != ZERO), start=1)}
    notes = [
        why for key, number in booked.items() for why in _why(kept[key], lines[key], summed[key], number)
    ]
    notes += [
        Because("dropped", line.text, "moves_nothing")
        for index, line in enumerate(voucher.lines)
        if index not in {part.index for part in parts}
    ]
    notes += [
        Because("dropped", places[0].target.value.account, "adds_up_to_zero")
        for key, places in kept.items()
        if key not in booked
    ]
    notes += [msgspec.structs.replace(why, line=booked.get(key, 0)) for key, why in rounding]
    nets = own_nets(
        voucher, sums, [(one.index, one.place.key, one.place.target.value.tax_case) for one in parts], gross
    )
    return [(kept[key][0], gross[key], nets.get(key)) for key in booked], notes


def _why(places: Sequence[_Place], lines: Sequence[int], gross: Decimal, number: int) -> list[Because]:
    """Why a line of the entry has its amount, account, key and cost centres.

    Parts that are booked as one may owe their place to several rows; all of them are told.
    """
    shown = ", ".join(map(str, lines[:_LINES_NAMED])) + (" …" if len(lines) > _LINES_NAMED else "")
    amount = Because("amount", f"{gross:f}", "gross_of_lines", {"lines": shown})
    first, *others = places
    reasons = [amount, *first.because]
    for why in (one for place in others for one in place.because):
        if row_behind(why) is not None and why not in reasons:
            reasons.append(why)
    return [msgspec.structs.replace(one, line=number) for one in reasons]


def _absorb_rounding(
    voucher: Voucher, sums: Totals, gross: dict[_Key, Decimal], rules: Rules
) -> list[tuple[_Key, Because]]:
    """Put the cents by which the document's own gross differs on the largest share, and say on which."""
    stated = voucher.stated_total
    if stated is None:
        return []
    own_gross = stated_gross(voucher, sums, rules)
    if own_gross is None:
        if stated in {sums.net, sums.gross}:
            return []
        booked = {"net": f"{sums.net:f}", "gross": f"{sums.gross:f}"}
        return [((), Because("stated_total", f"{stated:f}", "lines_are_booked", booked))]
    difference = rounded(own_gross, voucher.currency) - sums.gross
    if difference == ZERO:
        return []
    largest = max(gross, key=lambda key: abs(gross[key]))
    gross[largest] += difference
    facts = {"total": f"{own_gross:f}", "account": largest[0]}
    return [(largest, Because("rounding", f"{difference:f}", "rounded_to_total", facts))]
