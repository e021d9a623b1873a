"""A rig whose source tells of vouchers of the test's own too, as one of building does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mlconnector.formats.names import voucher_id
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Voucher
from mlconnector.store import vouchers
from mlconnector.systems.source import Page, Reading, Reference, Source
from tests.flow.rig import Rig


@dataclass
class Telling:
    """The source of a rig, and what it tells beside its own records, by external id."""

    source: Source
    told: dict[str, Voucher | Problem] = field(default_factory=dict)

    def changes(self, since: str | None, position: str | None) -> Page:
        page = self.source.changes(since, position)
        ours = [Reference(one) for one in self.told] if position is None else []
        return replace(page, references=(*ours, *page.references))

    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        others = iter(self.source.fetch([one for one in references if one.external_id not in self.told]))
        return [
            _reading(one.external_id, self.told[one.external_id])
            if one.external_id in self.told
            else next(others)
            for one in references
        ]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)


def _reading(external_id: str, said: Voucher | Problem) -> Reading:
    if isinstance(said, Problem):
        return Reading(external_id, None, problems=(said,))
    return Reading(external_id, said)


def telling(made: Rig) -> Rig:
    """A rig with deals of one month, and a source that tells of other vouchers too."""
    made.date(1, 2, 3)
    source = Telling(made.services.source(made.name))
    made.services.source = lambda name: source  # type: ignore[method-assign]  # a source of two
    return made


def tell(rig: Rig, said: Voucher | Problem, external_id: str) -> None:
    """Let the source tell of a voucher, or of a record that it cannot read."""
    rig.context.source.told[external_id] = said  # type: ignore[attr-defined]  # as `telling` made it


def told(rig: Rig, external_id: str, kind: str) -> tuple[str, str]:
    """The state and its reason of a voucher that was told."""
    key = voucher_id(rig.name, f"{kind}/{external_id}")
    with rig.app.database.read() as db:
        row = vouchers.by_ids(db, [key])[key]
    return row.state, row.reason
