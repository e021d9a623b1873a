"""A source's own words for what mapping tables look at: its tax rules, accounts and places.

People find them in their system by these words, and documents carry them: a row of a mapping table names one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from mlconnector.model.vouchers import Direction

MappingTable = Literal["tax_case", "revenue", "expense", "payments", "cost_centre"]
"""Which table of the mapping looks at a word."""


@dataclass(frozen=True, slots=True)
class OwnWord:
    """A word of a source, as the vouchers that it reads carry it.

    `table` looks at it. `called` is what people call its kind, a key of `own_word` in `words.toml`; no two
    words of a source have both `called` and `value` in common. `name` is what people know it by where `value`
    is but a code. `attribute` names the fact of a line or voucher that carries it. A tax rule has none, for
    lines carry it as their `tax_code`; it has the `direction` of its documents, and its `rate` in per cent,
    None where it has no single one. `waits` says whether a document that names it waits as long as no row
    does; nobody has to map what is not in use any more (`is_active`). A word that joins others has these in
    `consists_of`, by the attributes that carry them: a row for one of them is a row for it.
    """

    table: MappingTable
    called: str
    value: str
    name: str = ""
    attribute: str = ""
    direction: Direction | None = None
    rate: Decimal | None = None
    is_active: bool = True
    waits: bool = True
    consists_of: Mapping[str, str] = field(default_factory=dict)
