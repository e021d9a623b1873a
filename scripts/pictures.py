"""Draws the pictures of docs/how-to/databricks-dashboard.md from the tables that the demo leaves.

Without an argument the demo runs in a folder that is thrown away; a folder that is given is kept, and a later
call goes on with it. The building projects of Procore are booked for a client of their own, so that there are
two legal entities to compare.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_delta
import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mlconnector.app import opened
from mlconnector.commands.demo import JOB_SECONDS, demo_settings, set_up
from mlconnector.commands.demo_tables import loaded_tables
from mlconnector.commands.demonstration import demo_sink, demo_sources, stage
from mlconnector.commands.working import work_through
from mlconnector.systems.databricks.settings import Settings
from mlconnector.systems.databricks.tables import tables

SET = Path(__file__).resolve().parents[1] / "docs/how-to/dashboard"
RECORDS = 200
_CLIENTS = {"procore": "455148-1"}
_ENTITIES = {"29098-55003": "Musterholz GmbH", "455148-1": "Muster GmbH 1"}
ASKED = {"client": "all", "from_month": "2026-07", "to_month": "2026-10", "as_of": "2026-11-30"}
"""What the pictures were asked with."""

_MUSTERHOLZ = {"client": "29098-55003"}

_PARAMETER = re.compile(r"(?<!:):([a-z]\w*)")
_EXTENSION = next(Path(duckdb_extension_delta.__file__).parent.glob("extensions/*/delta.duckdb_extension"))


@dataclass(frozen=True, slots=True)
class Chart:
    """How an answer is drawn: bars for `label`, one for each of `values` or for what stands in `series`."""

    title: str
    axis: str
    label: tuple[str, ...]
    values: tuple[str, ...]
    series: tuple[str, ...] = ()
    lies: bool = False
    stacked: bool = False
    given: Mapping[str, str] = field(default_factory=dict)


CHARTS: Mapping[str, Chart] = {
    "spend_by_cost_center": Chart(
        "Spend of Musterholz GmbH by cost centre, gross",
        *("EUR", ("month",), ("gross_amount",), ("cost_center",)),
        given=_MUSTERHOLZ,
    ),
    "top_suppliers": Chart(
        "The ten largest suppliers, gross", "EUR", ("supplier",), ("gross_amount",), lies=True
    ),
    "revenue_by_account": Chart(
        "Revenue of Musterholz GmbH by account, gross",
        *("EUR", ("month",), ("gross_amount",), ("account", "account_name")),
        stacked=True,
        given=_MUSTERHOLZ,
    ),
    "entities": Chart(
        "Legal entities side by side, gross", "EUR", ("month",), ("revenue", "spend"), ("entity",)
    ),
    "open_items_by_age": Chart(
        "Open items by days overdue on 2026-11-30",
        "EUR",
        ("overdue",),
        ("customers_owe", "suppliers_are_owed"),
    ),
    "completeness": Chart(
        "What links to nothing, by month of the document",
        *("documents or bookings", ("entity", "month")),
        ("documents_without_booking", "bookings_without_document"),
    ),
    "tax_cases": Chart(
        "Special rules of VAT: volume by tax case",
        *("EUR", ("direction", "tax_case"), ("amount",), ("entity",)),
        lies=True,
        stacked=True,
    ),
    "waiting": Chart(
        "What waits, by cause and age of the document on 2026-11-30",
        *("vouchers", ("cause", "source")),
        ("up_to_30_days", "days_31_to_90", "over_90_days", "without_date"),
        lies=True,
        stacked=True,
    ),
    "transfers": Chart(
        "Files that DATEV got, and what it made of them",
        *("files", ("entity", "month", "files_of"), ("succeeded", "partly", "failed", "pending")),
        lies=True,
        stacked=True,
    ),
    "time_to_datev": Chart(
        "Days from the document until the booking is ready in DATEV",
        *("bookings", ("month",)),
        ("up_to_7_days", "days_8_to_30", "days_31_to_90", "over_90_days"),
        stacked=True,
    ),
    "load_reconciliation": Chart(
        "Rows sent to the tables and rows found there",
        "rows",
        ("kind",),
        ("rows_sent", "rows_found"),
        lies=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a query under the names of its columns."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def column(self, name: str) -> list[Any]:
        """The values of a column."""
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


def made_tables(out: Path) -> Path:
    """The folder of the tables that the demo of all sources leaves under `out`."""
    usual = demo_settings(out)
    warehouse = Settings(folder=out / "delta", entities=_ENTITIES)
    settings = usual.model_copy(update={"warehouses": {"databricks": warehouse}})
    with stage(out, [*demo_sources(), demo_sink()], RECORDS, JOB_SECONDS) as scene, opened(settings) as app:
        for source in demo_sources():
            set_up(app, source, scene, lambda _text: None, client=_CLIENTS.get(source, ""))
        with app.working() as workflows:
            # One after the other, so that a small machine is not asked for everything at once.
            for source in demo_sources():
                work_through(app, workflows, [f"demo-{source}"], None)
        loaded = loaded_tables(app)
    # Names of accounts come with files of other software alone.
    if loaded.missing or not all(rows for name, rows in loaded.rows.items() if name != "account_labels"):
        raise SystemExit(f"the demo did not fill its tables: {loaded}")
    return out / "delta"


def ask(folder: Path, query: str, given: Mapping[str, str] = ASKED) -> Answer:
    """What DuckDB answers to a query of the set over a folder of tables."""
    connection = duckdb.connect(config={"allow_unsigned_extensions": True})
    connection.execute(f"LOAD '{_EXTENSION}'; SET TimeZone = 'UTC'")
    for name in tables():
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM delta_scan('{folder / name}')")  # noqa: S608 - our own names
    for view in sorted((folder / "views").glob("*.sql")):
        connection.execute(view.read_text("utf-8"))
    values = {name: given[name] for name in _PARAMETER.findall(query)}
    found = connection.execute(_PARAMETER.sub(r"$\1", query), values)
    return Answer(tuple(one[0] for one in found.description), found.fetchall())


_SHOWN = 16
_LONGEST = 46
_LEGEND = 40
_COLOURS = ("#2f5d8a", "#e0a030", "#5a9e6f", "#b5544d", "#7d6aa8", "#4fa3b8", "#9a8b6f", "#c77ba4", "#6b7785")
_GREY = "#5c6670"
_STYLE = {
    "svg.hashsalt": "ml-connector",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": "#c3cad1",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "text.color": "#20262c",
    "axes.labelcolor": _GREY,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
}
_WIDTH, _ROW, _CHART, _LYING, _FOOT = 10.0, 0.235, 2.7, 0.28, 0.35
_LETTER = 0.075
"""Inches of a letter of the table, at most."""


def drawn(answer: Answer, chart: Chart, file: Path) -> None:
    """Draw an answer as a chart with its rows beneath; the same answer gives the same bytes."""
    labels, series = bars(answer, chart)
    rows = table(answer)
    beside = max(1, len(series)) if not chart.stacked else 1
    chart_height = 0.4 + _LYING * len(labels) * (1 + 0.4 * (beside - 1)) if chart.lies else _CHART
    columns, lines = _legend(series)
    head = 0.55 + 0.19 * lines
    below = _FOOT + _ROW * (len(rows) + 1) + (0.75 if chart.lies else 0.5)
    height = below + chart_height + head
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height), facecolor="white")
        left = min(3.6, 0.35 + _LETTER * max(len(label) for label in labels)) if chart.lies else 1.0
        axes = figure.add_axes(
            (left / _WIDTH, below / height, (_WIDTH - left - 0.45) / _WIDTH, chart_height / height)
        )
        _draw_bars(axes, labels, series, chart)
        if lines:
            place = {"loc": "upper left", "bbox_to_anchor": (0.25 / _WIDTH, 1 - 0.5 / height)}
            figure.legend(
                ncols=columns, **place, frameon=False, fontsize=8, borderaxespad=0, columnspacing=1.6
            )
        figure.text(0.3 / _WIDTH, 1 - 0.3 / height, chart.title, fontsize=12, fontweight="bold", va="center")
        _draw_table(figure, rows, answer, height)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})


def bars(answer: Answer, chart: Chart) -> tuple[list[str], dict[str, list[float]]]:
    """The labels of the bars, and what each series says of them."""
    between = " " if chart.lies else "\n"
    said = [
        between.join(_shown(row[answer.columns.index(name)]) for name in chart.label) for row in answer.rows
    ]
    labels = list(dict.fromkeys(said))[:_SHOWN]
    series: dict[str, list[float]] = {}
    for label, row in zip(said, answer.rows, strict=True):
        if label not in labels:
            continue
        by_name = dict(zip(answer.columns, row, strict=True))
        parts = [_shown(by_name[name]) for name in chart.series]
        for value in chart.values:
            name = " ".join([*parts, *([value.replace("_", " ")] if len(chart.values) > 1 else [])])
            heights = series.setdefault(name or value.replace("_", " "), [0.0] * len(labels))
            heights[labels.index(label)] += float(by_name[value] or 0)
    names = sorted(series) if chart.series else list(series)
    return [_cut(label) for label in labels], {name: series[name] for name in names}


def table(answer: Answer) -> list[tuple[str, ...]]:
    """The rows as they stand beneath a chart; of many the first ones, and how many there are."""
    return [tuple(_cut(_shown(value)) for value in row) for row in answer.rows[:_SHOWN]]


def _draw_bars(axes: Axes, labels: list[str], series: Mapping[str, list[float]], chart: Chart) -> None:
    places = range(len(labels))
    thick = 0.7 if chart.stacked else 0.8 / max(1, len(series))
    ups, downs = [0.0] * len(labels), [0.0] * len(labels)
    for number, (name, heights) in enumerate(series.items()):
        shift = 0.0 if chart.stacked else (number - (len(series) - 1) / 2) * thick
        at = [place + shift for place in places]
        begins = [0.0] * len(labels)
        if chart.stacked:
            begins = [up if one >= 0 else down for one, up, down in zip(heights, ups, downs, strict=True)]
            ups = [up + max(one, 0) for one, up in zip(heights, ups, strict=True)]
            downs = [down + min(one, 0) for one, down in zip(heights, downs, strict=True)]
        look = {"color": _COLOURS[number % len(_COLOURS)], "label": _cut(name, _LEGEND), "zorder": 2}
        if chart.lies:
            axes.barh(at, heights, thick, left=begins, **look)
            if not chart.stacked:
                _write_ends(axes, at, heights)
        else:
            axes.bar(at, heights, thick, bottom=begins, **look)
    if chart.lies:
        if chart.stacked:
            _write_ends(axes, list(places), ups)
        axes.set_xlim(right=1.1 * max(axes.dataLim.xmax, 1))
    along = axes.xaxis if chart.lies else axes.yaxis
    along.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:,.0f}"))
    along.set_major_locator(MaxNLocator(6, integer=True))
    axes.grid(axis="x" if chart.lies else "y", color="#e6eaee", zorder=0)
    axes.tick_params(length=0)
    if chart.lies:
        axes.set_yticks(list(places), labels)
        axes.invert_yaxis()
        axes.set_xlabel(chart.axis)
    else:
        axes.set_xticks(list(places), labels, fontsize=9 if len(labels) <= 6 else 7.5)
        axes.set_ylabel(chart.axis)


def _write_ends(axes: Axes, places: Sequence[float], ends: Sequence[float]) -> None:
    for place, end in zip(places, ends, strict=True):
        look = {"va": "center", "fontsize": 8, "color": _GREY}
        axes.annotate(f"{end:,.0f}", (max(end, 0), place), (4, 0), textcoords="offset points", **look)


def _legend(series: Mapping[str, list[float]]) -> tuple[int, int]:
    """How many columns and lines the legend has; none for a single series."""
    if len(series) < 2:
        return 1, 0
    columns = 3 if max(len(name) for name in series) > 24 else 4
    return columns, -(-len(series) // columns)


def _draw_table(figure: Figure, rows: list[tuple[str, ...]], answer: Answer, height: float) -> None:
    heads = [name.replace("_", " ") for name in answer.columns]
    is_number = [
        any(isinstance(one, int | Decimal | float) for one in answer.column(name)) for name in answer.columns
    ]
    lengths = [max(len(one) for one in column) for column in zip(heads, *rows, strict=True)]
    scale = (_WIDTH - 0.6) / sum(length + 2 for length in lengths)
    size = min(8.0, 8.0 * scale / _LETTER)
    top = _FOOT + _ROW * (len(rows) + 0.5)
    start = 0.3
    step = min(scale, _LETTER * 1.25)
    for place, (head, length) in enumerate(zip(heads, lengths, strict=True)):
        x = (start + length * step if is_number[place] else start) / _WIDTH
        align = "right" if is_number[place] else "left"
        figure.text(
            x, top / height, head, ha=align, va="center", fontsize=size, color=_GREY, fontweight="bold"
        )
        for number, row in enumerate(rows, 1):
            figure.text(x, (top - _ROW * number) / height, row[place], ha=align, va="center", fontsize=size)
        start += (length + 2) * step
    line = (top - _ROW / 2) / height
    figure.add_artist(Line2D([0.3 / _WIDTH, 1 - 0.3 / _WIDTH], [line, line], color="#c3cad1", linewidth=0.8))
    more = len(answer.rows) - len(rows)
    foot = f"Made-up records of the demo.{f' {more} more rows are not shown.' if more else ''}"
    figure.text(0.3 / _WIDTH, 0.17 / height, foot, fontsize=7.5, color=_GREY, va="center")


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:,}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _cut(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def main(out: Path) -> None:
    """Make the tables, ask each query, and draw what it answers."""
    folder = made_tables(out)
    draw_all(folder)


def draw_all(folder: Path, target: Path = SET) -> None:
    """Draw every query of the set over a folder of tables."""
    for name, chart in CHARTS.items():
        answer = ask(folder, (SET / f"{name}.sql").read_text("utf-8"), {**ASKED, **chart.given})
        if not answer.rows:
            raise SystemExit(f"{name} has nothing to show")
        drawn(answer, chart, target / f"{name}.svg")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as thrown_away:
            main(Path(thrown_away))
