"""Benchmarks and their results."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INDEXED = ("key_digest", "brick_id", "fingerprint")


def upgrade() -> None:
    """Create the tables of the benchmark database; those of Runs are left alone."""
    op.create_table(
        "benchmarks",
        sa.Column("brick_id", sa.String(512), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("canonical", sa.Text, nullable=False),
        sa.Column("work", sa.Text, nullable=False),
    )
    op.create_table("benchmark_results", *_identity(), *_key(), *_values())
    for name in _INDEXED:
        op.create_index(f"ix_benchmark_results_{name}", "benchmark_results", [name])


def _identity() -> tuple[sa.Column[str], ...]:
    brick, environment = (
        sa.ForeignKey(target) for target in ("benchmarks.brick_id", "environments.fingerprint")
    )
    return (
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("key_digest", sa.String(64), nullable=False),
        sa.Column("brick_id", sa.String(512), brick, nullable=False),
        sa.Column("fingerprint", sa.String(64), environment, nullable=False),
    )


def _key() -> tuple[sa.Column[Any], ...]:
    kinds: dict[str, Any] = {
        **dict.fromkeys(("implementation", "implementation_version", "algorithm"), sa.Text),
        **dict.fromkeys(("dtype", "layout", "math"), sa.Text),
        **dict.fromkeys(("batch", "threads"), sa.Integer),
        **dict.fromkeys(("state", "scope"), sa.String(16)),
        **dict.fromkeys(("in_place", "clock", "protocol"), sa.Text),
        "process": sa.Integer,
        "tool_version": sa.Text,
    }
    return tuple(sa.Column(name, kind, nullable=False) for name, kind in kinds.items())


def _values() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("median_ns", sa.Double),
        sa.Column("p20_ns", sa.BigInteger),
        sa.Column("min_ns", sa.BigInteger),
        sa.Column("trimmed_mean_ns", sa.Double),
        sa.Column("ci_lo_ns", sa.Double),
        sa.Column("ci_hi_ns", sa.Double),
        sa.Column("workspace_bytes", sa.BigInteger),
        sa.Column("samples", sa.LargeBinary, nullable=False),
        sa.Column("started_utc", sa.String(40), nullable=False),
        sa.Column("extra", sa.Text, nullable=False),
    )
