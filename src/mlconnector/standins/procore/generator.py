"""A whole account made from a seed: the same seed and number of records give the same account.

Three fifths of the records are requisitions, the rest direct costs. The first ones take the cases in the
order of `account.toml`, the others are drawn by their shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeVar

from mlconnector.standins.procore.catalogue import Catalogue
from mlconnector.standins.procore.commitments import contract
from mlconnector.standins.procore.direct_costs import direct_cost
from mlconnector.standins.procore.records import Generated, Row
from mlconnector.standins.procore.requisitions import fill_contract
from mlconnector.standins.procore.vocabulary import CommitmentCase, DirectCostCase, vocabulary
from mlconnector.standins.procore.work import Work

Case = TypeVar("Case", CommitmentCase, DirectCostCase)


def generate(records: int, seed: int, tax_on_payment: bool = False) -> Generated:
    """The account with so many requisitions and direct costs that belongs to `seed`."""
    made = Generated()
    work = Work(made, Catalogue(made, seed), seed, tax_on_payment)
    left = records - records * 2 // 5
    for place, commitment in enumerate(_drawn(vocabulary().commitments, f"{seed}-commitments")):
        if left <= 0:
            break
        left -= len(fill_contract(work, contract(work, place, commitment), left))
    mirrors = _mirrored(made)
    usual = vocabulary().direct_costs[0]
    costs = _drawn(vocabulary().direct_costs, f"{seed}-direct-costs")
    for place, case in zip(range(records * 2 // 5), costs, strict=False):
        mirrored = next(mirrors, None) if case.type == "subcontractor_invoice" else None
        is_alone = case.type == "subcontractor_invoice" and mirrored is None
        direct_cost(work, place, usual if is_alone else case, mirrored)
    return made


def _drawn(cases: Sequence[Case], name: str) -> Iterator[Case]:
    """All cases in their order, then by their shares without end."""
    yield from cases
    random, shares = Random(name), [case.share for case in cases]
    while True:
        yield from random.choices(cases, shares, k=50)


def _mirrored(made: Generated) -> Iterator[Row]:
    """The requisitions that direct costs may repeat: each once, and none that is empty or not approved."""
    for requisition in list(made.tables["requisitions"].values()):
        if requisition["status"] == "approved" and made.cases[requisition["id"]] == "progress_retainage":
            yield requisition
