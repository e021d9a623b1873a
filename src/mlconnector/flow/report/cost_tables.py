"""The tables of the report of costs by cost centre, for terminals, pages and files."""

from __future__ import annotations

from mlconnector.flow.report.costs import Cost, Costs
from mlconnector.flow.report.report_tables import Table
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.texts.catalogue import sentence
from mlconnector.texts.language import Language

_CENTRES = ("cost_centre_1", "cost_centre_2")
_COST = ("cost", "documents", "cost_by_datev", "cost_difference")


def cost_table(made: Costs, spoken: Language) -> Table:
    """The costs by KOST1 and KOST2."""
    rows = [
        [_shown(centre.number, spoken), _shown(number, spoken), *_cells(cost)]
        for centre in made.centres
        for number, cost in centre.costs
    ]
    return Table(sentence("report_costs_sheet", {}, spoken), (*_CENTRES, *_COST), rows, spoken)


def cost_sum_table(made: Costs, spoken: Language) -> Table:
    """What each KOST1 comes to, and all of them."""
    rows: list[list[Cell]] = [[_shown(one.number, spoken), *_cells(one.total)] for one in made.centres]
    rows.append([sentence("report_sum", {}, spoken), *_cells(made.total)])
    title = sentence("report_cost_sums_sheet", {}, spoken)
    return Table(title, ("cost_centre_1", *_COST), rows, spoken, frozenset({len(rows) - 1}))


def shown_cost_table(made: Costs, spoken: Language) -> Table:
    """The costs with their sums; DATEV's own figures only where they differ."""
    kept = len(_COST) if made.differs else 2
    rows: list[list[Cell]] = []
    sums: set[int] = set()
    for centre in made.centres:
        first = _shown(centre.number, spoken)
        rows += [[first, _shown(number, spoken), *_cells(cost)[:kept]] for number, cost in centre.costs]
        sums.add(len(rows))
        rows.append([first, sentence("report_sum", {}, spoken), *_cells(centre.total)[:kept]])
    sums.add(len(rows))
    rows.append(
        [
            sentence("report_costs_all", {}, spoken),
            sentence("report_sum", {}, spoken),
            *_cells(made.total)[:kept],
        ]
    )
    title = sentence("report_costs_sheet", {}, spoken)
    return Table(title, (*_CENTRES, *_COST[:kept]), rows, spoken, frozenset(sums))


def _cells(cost: Cost) -> list[Cell]:
    return [cost.net, cost.documents, cost.by_datev, cost.difference]


def _shown(number: str, spoken: Language) -> str:
    return number or sentence("report_no_cost_centre", {}, spoken)
