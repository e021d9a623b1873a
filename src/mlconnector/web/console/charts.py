"""Charts as SVG: columns of stacked parts; the table beneath each says the same in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 200
_LEFT, _BELOW, _ABOVE = 8, 20, 16
_GAP = 0.25


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a column; `series` picks its colour and pattern."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True, slots=True)
class Label:
    """A text under or over a column."""

    x: float
    y: float
    text: str
    is_value: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and its data table; cells are as the language writes them, and the first heads its row."""

    key: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    legend: tuple[str, ...]
    bars: tuple[Bar, ...]
    labels: tuple[Label, ...]
    axis: float = HEIGHT - _BELOW
    width: int = WIDTH
    height: int = HEIGHT


def columns_chart(
    key: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    values: Sequence[Sequence[float]],
    *,
    legend: Sequence[str] = (),
    names: Sequence[str] = (),
    tops: Sequence[str] = (),
) -> Chart:
    """A chart with a column for each row of values, its parts stacked; the negative hangs below zero.

    `names` stand under the columns, `tops` over them; empty ones are left out.
    """
    highest = max((sum(max(part, 0) for part in one) for one in values), default=0)
    lowest = min((sum(min(part, 0) for part in one) for one in values), default=0)
    scale = (HEIGHT - _BELOW - _ABOVE) / ((highest - lowest) or 1)
    axis = _ABOVE + highest * scale
    step = (WIDTH - 2 * _LEFT) / max(len(values), 1)
    bars, above = [], []
    for number, parts in enumerate(values):
        up = down = axis
        for series, part in enumerate(parts):
            height = abs(part) * scale
            if not height:
                continue
            top = up - height if part > 0 else down
            up, down = (top, down) if part > 0 else (up, down + height)
            x = _LEFT + (number + _GAP / 2) * step
            bars.append(
                Bar(round(x, 1), round(top, 1), round(step * (1 - _GAP), 1), round(height, 1), series)
            )
        if number < len(tops) and tops[number]:
            middle = round(_LEFT + (number + 0.5) * step, 1)
            above.append(Label(middle, round(up - 3, 1), tops[number], is_value=True))
    labels = [
        Label(round(_LEFT + (number + 0.5) * step, 1), HEIGHT - 5, name) for number, name in enumerate(names)
    ]
    return Chart(
        key, tuple(columns), tuple(rows), tuple(legend), tuple(bars), (*labels, *above), round(axis, 1)
    )
