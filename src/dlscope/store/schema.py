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
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

REVISION = "0004"
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
    Column("p50_ns", BigInteger, index=True),
    Column("p50_lo_ns", Double),
    Column("p50_hi_ns", Double),
    Column("p90_ns", BigInteger),
    Column("queries_per_s", Double),
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

# Pages of a listing, newest first, come out of this index alone, however far down they are.
Index("ix_runs_newest", runs.c.started_utc, runs.c.id)

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

benchmarks = Table(
    "benchmarks",
    metadata,
    Column("brick_id", String(512), primary_key=True, doc="Name by content, or a foreign name."),
    Column("kind", String(16), nullable=False, doc="layer, fused, brick or calibration."),
    Column("canonical", Text, nullable=False, doc="JSON: what is computed, without weights."),
    Column("work", Text, nullable=False, doc="JSON: FLOP, bytes and what else it does."),
)

# No row is ever changed: a later measurement under the same key is another row.
benchmark_results = Table(
    "benchmark_results",
    metadata,
    Column("id", String(64), primary_key=True, doc="SHA-256 of the key and the start."),
    Column(
        "key_digest",
        String(64),
        nullable=False,
        doc="SHA-256 of the key: the columns from brick_id to tool_version.",
    ),
    Column(
        "brick_id",
        String(512),
        ForeignKey("benchmarks.brick_id"),
        nullable=False,
        index=True,
        doc="What was measured.",
    ),
    Column(
        "fingerprint",
        String(64),
        ForeignKey("environments.fingerprint"),
        nullable=False,
        index=True,
        doc="On which environment.",
    ),
    Column("implementation", Text, nullable=False, doc="Whose code ran."),
    Column("implementation_version", Text, nullable=False, doc="Its version."),
    Column("algorithm", Text, nullable=False, doc="Its algorithm or plan."),
    Column("dtype", Text, nullable=False, doc="Type of the elements."),
    Column("layout", Text, nullable=False, doc="Layout of the tensors."),
    Column("math", Text, nullable=False, doc="Precision of the arithmetic."),
    Column("batch", Integer, nullable=False, doc="Items in one execution."),
    Column("threads", Integer, nullable=False, doc="Threads it was given."),
    Column("state", String(16), nullable=False, doc="hot, walk, cold or touch."),
    Column("scope", String(16), nullable=False, doc="What one walk passes over: model, suite."),
    Column("in_place", Text, nullable=False, doc="Pairs of input and output in one place."),
    Column("clock", Text, nullable=False, doc="The clock that was read."),
    Column("protocol", Text, nullable=False, doc="Digest of how it was measured."),
    Column("process", Integer, nullable=False, doc="Which of several fresh processes."),
    Column("tool_version", Text, nullable=False, doc="Version of what measured."),
    Column("status", String(16), nullable=False, doc="ok, failed, unsupported or wrong."),
    Column("reason", Text, nullable=False, doc="Why it is not ok."),
    Column("n", Integer, nullable=False, doc="Number of samples."),
    Column("median_ns", Double, doc="Median of the samples, ns."),
    Column("p20_ns", BigInteger, doc="Sample that a fifth lie below, ns."),
    Column("min_ns", BigInteger, doc="Shortest sample, ns."),
    Column("trimmed_mean_ns", Double, doc="Mean without the outer fifths, ns."),
    Column("ci_lo_ns", Double, doc="Lower end of the 95 % interval of the median, ns."),
    Column("ci_hi_ns", Double, doc="Upper end of the 95 % interval of the median, ns."),
    Column("workspace_bytes", BigInteger, doc="Scratch memory it took, where known."),
    Column("samples", LargeBinary, nullable=False, doc="zlib of int64 ns, little-endian."),
    Column("started_utc", String(40), nullable=False, doc="When it began, ISO 8601, UTC."),
    Column("extra", Text, nullable=False, doc="JSON: whatever else was found out."),
    Column(
        "position",
        BigInteger,
        nullable=False,
        index=True,
        unique=True,
        doc="Order in which results were stored; of one key the greatest is the newest.",
    ),
)

# The newest result of a key comes out of this index alone.
Index("ix_benchmark_results_newest", benchmark_results.c.key_digest, benchmark_results.c.position)
