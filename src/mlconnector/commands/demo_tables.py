"""The demo's tables: what passed is loaded into a warehouse in the demo's folder, and counted there."""

from __future__ import annotations

from dataclasses import dataclass

from mlconnector.app import Application
from mlconnector.commands.output import console, heading, paragraph, phrase, print_table
from mlconnector.flow.warehouse.loading import load_everything
from mlconnector.flow.warehouse.target import targets


@dataclass(frozen=True, slots=True)
class LoadedTables:
    """Where the tables are, how many rows each has, and how many loads did not arrive."""

    place: str
    rows: dict[str, int]
    missing: int


def loaded_tables(app: Application) -> LoadedTables:
    """Load what the runs have not loaded yet, and count the rows."""
    report = load_everything(app.services)
    rows: dict[str, int] = {}
    places = []
    for target in targets(app.services):
        places.append(target.place)
        with target.opened() as warehouse:
            rows |= {table.name: table.rows - table.deleted for table in warehouse.status()}
    return LoadedTables(", ".join(places), rows, report.failed + report.later)


def show_tables(loaded: LoadedTables) -> None:
    """Print the tables with their rows."""
    if not loaded.rows:
        return
    console.print()
    heading(phrase("demo_tables", place=loaded.place))
    columns = [phrase("heading_tables"), phrase("heading_rows")]
    print_table(columns, list(loaded.rows.items()), indent=2, right={1})
    if loaded.missing:
        paragraph(phrase("demo_not_loaded", count=loaded.missing))
