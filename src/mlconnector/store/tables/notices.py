"""Notices: where people are told what they have to see to, and what each of these places was told."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, Table, Text

from mlconnector.store.tables.base import MOMENT, metadata

# Places that notices are sent to; where they are is sealed among the credentials.
notice_places = Table(
    "notice_places",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("occasions", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("added_at", MOMENT, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("told_at", MOMENT),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_try_at", MOMENT),
    Column("failing_since", MOMENT),
    Column("failure", Text, nullable=False, server_default=""),
)

# What is the case at the moment and a place is to be told, or was; what is over is forgotten.
notices = Table(
    "notices",
    metadata,
    Column("place", Text, ForeignKey("notice_places.name"), primary_key=True),
    Column("occasion", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("since", MOMENT, nullable=False),
    Column("settled_at", MOMENT),
)
