"""What listings show of the samples of a Run, and an index of Runs from the newest on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; Runs stored before have none, their samples tell as before."""
    for name in ("p50_ns", "p90_ns"):
        op.add_column("runs", sa.Column(name, sa.BigInteger))
    for name in ("p50_lo_ns", "p50_hi_ns", "queries_per_s"):
        op.add_column("runs", sa.Column(name, sa.Double))
    op.create_index("ix_runs_p50_ns", "runs", ["p50_ns"])
    op.create_index("ix_runs_newest", "runs", ["started_utc", "id"])
