"""The engine that carries the SQL out on real Delta tables: Sail, one for each process, begun when needed.

It knows nothing of catalogs and permissions: tables have plain names of their own in a schema for each
workspace, so that several workspaces share one engine.
"""

from __future__ import annotations

import os
import sys
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import RLock
from typing import Any

from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession

from mlconnector.standins.databricks.sql_errors import translated


class Engine:
    """A Spark session over Sail; writes of all workspaces wait for each other, for Sail loses their races."""

    def __init__(self, session: Any, server: Any) -> None:
        self.session = session
        self.server = server
        self.writing = RLock()

    def run(self, sql: str) -> Any:
        """Carry out a query; the answer is an Arrow table. Raises SqlError."""
        with _told():
            return self.session.sql(sql).toArrow()

    def change(self, sql: str) -> None:
        """Carry out a command, whose answer nobody wants to hear. Raises SqlError."""
        with _told():
            self.session.sql(sql)

    def new_schema(self, folder: Path) -> str:
        """A schema for the tables of a workspace; its name."""
        name = f"w{uuid.uuid4().hex}"
        self.change(f"CREATE SCHEMA {name} LOCATION '{folder}'")
        return name

    def attach(self, name: str, folder: Path) -> None:
        """Let a Delta table that lies in a folder be known by a name, as it is now."""
        self.change(f"DROP TABLE IF EXISTS {name}")
        self.change(f"CREATE TABLE {name} USING DELTA LOCATION '{folder}'")

    def read_json(self, path: Path, schema: str, name: str) -> None:
        """Let a file, or the files of a folder, with one JSON object a line be a view with these columns."""
        with _told():
            self.session.read.schema(schema).json(str(path)).createOrReplaceTempView(name)


# What warns is kept for the whole process: a thread that comes back from here would let others be warned.
_ASKING = RLock()


@contextmanager
def _told() -> Iterator[None]:
    """Let what the engine raises be an SqlError, and its client not warn; one question at a time."""
    try:
        with _ASKING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as raised:
        raise translated(raised) from raised


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The engine of this process."""
    os.environ.setdefault("RUST_LOG", "off")
    # The client takes a process whose main module has no file (a worker of tests) for its own doctests.
    vars(sys.modules["__main__"]).setdefault("__file__", __file__)
    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = SparkSession.builder.remote(f"sc://127.0.0.1:{server.listening_address[1]}").getOrCreate()
        session.conf.set("spark.sql.session.timeZone", "UTC")
    return Engine(session, server)
