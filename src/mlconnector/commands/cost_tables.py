"""The tables of the report of costs by cost centre, for a terminal and for files."""

from __future__ import annotations

from mlconnector.commands.output import phrase
from mlconnector.commands.report_tables import Table
from mlconnector.flow.report.costs import Cost, Costs
from mlconnector.flow.report.spreadsheets import Cell

_CENTRES = ("cost_centre_1", "cost_centre_2")
_COST = ("cost", "documents", "cost_by_datev", "cost_difference")


def cost_table(made: Costs) -> Table:
    """The costs by KOST1 and KOST2."""
    rows = [
        [_shown(centre.number), _shown(number), *_cells(cost)]
        for centre in made.centres
        for number, cost in centre.costs
    ]
    return Table(phrase("report_costs_sheet"), (*_CENTRES, *_COST), rows)


def cost_sum_table(made: Costs) -> Table:
    """What each KOST1 comes to, and all of them."""
    rows: list[list[Cell]] = [[_shown(one.number), *_cells(one.total)] for one in made.centres]
    rows.append([phrase("report_sum"), *_cells(made.total)])
    return Table(phrase("report_cost_sums_sheet"), ("cost_centre_1", *_COST), rows)


def shown_cost_table(made: Costs) -> Table:
    """The costs with their sums; DATEV's own figures only where they differ."""
    kept = len(_COST) if made.differs else 2
    rows: list[list[Cell]] = []
    for centre in made.centres:
        first = _shown(centre.number)
        rows += [[first, _shown(number), *_cells(cost)[:kept]] for number, cost in centre.costs]
        rows.append([first, phrase("report_sum"), *_cells(centre.total)[:kept]])
    rows.append([phrase("report_costs_all"), phrase("report_sum"), *_cells(made.total)[:kept]])
    return Table(phrase("report_costs_sheet"), (*_CENTRES, *_COST[:kept]), rows)


def _cells(cost: Cost) -> list[Cell]:
    return [cost.net, cost.documents, cost.by_datev, cost.difference]


def _shown(number: str) -> str:
    return number or phrase("report_no_cost_centre")
