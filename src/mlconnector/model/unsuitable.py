"""Why a value that somebody has set cannot be used, as data, so that it can be said in any language."""

from __future__ import annotations

from collections.abc import Sequence


class Unsuitable(ValueError):
    """A value that cannot be used.

    `template` says why in English, with its `facts` in braces; the texts have the same in German. `where`
    is the place it concerns, e.g. `mapping.revenue row 2`, where that is not clear already.
    """

    def __init__(self, template: str, /, *, where: str = "", **facts: object) -> None:
        self.template = template
        self.where = where
        self.facts = {name: str(value) for name, value in facts.items()}
        said = template.format(**self.facts)
        super().__init__(f"{where}: {said}" if where else said)

    def at(self, where: str) -> Unsuitable:
        """The same, at a place that is known only now."""
        return Unsuitable(self.template, where=where, **self.facts)


class SeveralUnsuitable(ValueError):
    """Several values that cannot be used, all of which are told at once."""

    def __init__(self, faults: Sequence[Unsuitable]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)
