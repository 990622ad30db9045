"""The tables of the database as they stand after the last migration.

Text that is JSON is kept in plain text columns: every database reads it back exactly as written.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

REVISION = "0001"
"""The last migration; the one a store must be at to be used."""

metadata = MetaData()

plans = Table(
    "plans",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("workload", String(80), nullable=False),
    Column("json", Text, nullable=False),
)

environments = Table(
    "environments",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("json", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("plan_digest", String(64), ForeignKey("plans.digest"), nullable=False),
    Column("fingerprint", String(64), ForeignKey("environments.fingerprint"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("acceptance", String(16), nullable=False),
    Column("started_utc", String(40), nullable=False, index=True),
    Column("workload", String(80), nullable=False),
    Column("model", String(80), nullable=False, index=True),
    Column("model_version", String(80), nullable=False),
    Column("framework", String(80), nullable=False, index=True),
    Column("framework_version", String(80), nullable=False),
    Column("dataset", String(80), nullable=False, index=True),
    Column("dataset_version", String(80), nullable=False),
    Column("task", String(80), nullable=False, index=True),
    Column("scenario", String(80), nullable=False, index=True),
    Column("batch_size", Integer, nullable=False),
    Column("samples", BigInteger, nullable=False),
    Column("items", BigInteger, nullable=False),
    Column("is_valid", Boolean, nullable=False),
    Column("error", Text),
    Column("details", Text, nullable=False),
)

# The compare-and-set of acceptance: the database itself refuses a second accepted Run.
Index(
    "one_accepted_run",
    runs.c.plan_digest,
    runs.c.fingerprint,
    unique=True,
    sqlite_where=text("acceptance = 'accepted'"),
    postgresql_where=text("acceptance = 'accepted'"),
)

metrics = Table(
    "metrics",
    metadata,
    Column("run_id", String(128), ForeignKey("runs.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String(200), nullable=False, index=True),
    Column("value", Double),
    Column("lo", Double),
    Column("hi", Double),
    Column("n", BigInteger, nullable=False),
    Column("count", BigInteger),
    Column("unit", String(40), nullable=False),
)

conditions = Table(
    "conditions",
    metadata,
    Column("run_id", String(128), ForeignKey("runs.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("measured", Text, nullable=False),
    Column("required", Text, nullable=False),
    Column("holds", Boolean, nullable=False),
    Column("advice", Text, nullable=False),
)

stages = Table(
    "stages",
    metadata,
    Column("run_id", String(128), ForeignKey("runs.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("duration_ns", BigInteger, nullable=False),
    Column("cpu_ns", BigInteger, nullable=False),
)
