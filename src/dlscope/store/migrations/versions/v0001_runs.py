"""Runs with their plans, environments, metrics, conditions and stages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INDEXED = ("started_utc", "model", "framework", "dataset", "task", "scenario")


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "plans",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("workload", sa.String(80), nullable=False),
        sa.Column("json", sa.Text, nullable=False),
    )
    op.create_table(
        "environments",
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("json", sa.Text, nullable=False),
    )
    _create_runs()
    _create_metrics()
    _create_conditions_and_stages()


def _create_runs() -> None:
    names = (
        *("workload", "model", "model_version", "framework", "framework_version"),
        *("dataset", "dataset_version", "task", "scenario"),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("plan_digest", sa.String(64), sa.ForeignKey("plans.digest"), nullable=False),
        sa.Column(
            "fingerprint", sa.String(64), sa.ForeignKey("environments.fingerprint"), nullable=False
        ),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("acceptance", sa.String(16), nullable=False),
        sa.Column("started_utc", sa.String(40), nullable=False),
        *(sa.Column(name, sa.String(80), nullable=False) for name in names),
        sa.Column("batch_size", sa.Integer, nullable=False),
        sa.Column("samples", sa.BigInteger, nullable=False),
        sa.Column("items", sa.BigInteger, nullable=False),
        sa.Column("is_valid", sa.Boolean, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("details", sa.Text, nullable=False),
    )
    for name in _INDEXED:
        op.create_index(f"ix_runs_{name}", "runs", [name])
    op.create_index(
        "one_accepted_run",
        "runs",
        ["plan_digest", "fingerprint"],
        unique=True,
        sqlite_where=sa.text("acceptance = 'accepted'"),
        postgresql_where=sa.text("acceptance = 'accepted'"),
    )


def _create_metrics() -> None:
    op.create_table(
        "metrics",
        sa.Column("run_id", sa.String(128), sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("lo", sa.Double),
        sa.Column("hi", sa.Double),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger),
        sa.Column("unit", sa.String(40), nullable=False),
    )
    op.create_index("ix_metrics_name", "metrics", ["name"])


def _create_conditions_and_stages() -> None:
    op.create_table(
        "conditions",
        sa.Column("run_id", sa.String(128), sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("measured", sa.Text, nullable=False),
        sa.Column("required", sa.Text, nullable=False),
        sa.Column("holds", sa.Boolean, nullable=False),
        sa.Column("advice", sa.Text, nullable=False),
    )
    op.create_table(
        "stages",
        sa.Column("run_id", sa.String(128), sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("duration_ns", sa.BigInteger, nullable=False),
        sa.Column("cpu_ns", sa.BigInteger, nullable=False),
    )
