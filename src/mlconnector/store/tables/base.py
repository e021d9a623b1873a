"""What all tables share: names of constraints, moments, counters."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData

from mlconnector.store.tables.moments import Moment

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

MOMENT = Moment()
COUNTED = BigInteger().with_variant(Integer, "sqlite")
