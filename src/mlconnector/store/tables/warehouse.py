"""The warehouse: loads as they are written down before anything of them leaves."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text

from mlconnector.store.tables.base import COUNTED, MOMENT, metadata

# A load of one source, e.g. of a batch; the id is a hash of kind, source and content. `latest` counts the
# loads of a source: the highest one holds. `content` are the bytes of a file that was imported, which are
# nowhere else, or the records of the newest load of a source, by which the next one knows what is no more;
# `amounts` is what was sent and what was read back, as JSON. `refusals` counts how often in a row the
# warehouse took nothing for want of what a person has to do; one load of a warehouse, at most, has any.
loads = Table(
    "loads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("warehouse", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("latest", COUNTED, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("amounts", Text, nullable=False, server_default=""),
    Column("cause", Text, nullable=False, server_default=""),
    Column("facts", Text, nullable=False, server_default=""),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("file_name", Text, nullable=False, server_default=""),
    Column("content", LargeBinary),
    Column("planned_at", MOMENT, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
    CheckConstraint("state in ('planned', 'staged', 'applied', 'verified', 'failed')", name="state"),
)
Index("ix_loads_source", loads.c.warehouse, loads.c.kind, loads.c.source)
Index("ix_loads_state", loads.c.state)
