"""Results of benchmarks know in which order they were stored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLE = "benchmark_results"
_IN_ORDER_OF_START = sa.text(
    "UPDATE benchmark_results SET position = numbered.position FROM "
    "(SELECT id, row_number() OVER (ORDER BY started_utc, id) AS position FROM benchmark_results) "
    "AS numbered WHERE numbered.id = benchmark_results.id"
)


def upgrade() -> None:
    """Add the column; of results stored before, the one that began last remains the newest."""
    op.add_column(_TABLE, sa.Column("position", sa.BigInteger))
    op.execute(_IN_ORDER_OF_START)
    with op.batch_alter_table(_TABLE) as table:
        table.alter_column("position", existing_type=sa.BigInteger, nullable=False)
    op.create_index("ix_benchmark_results_position", _TABLE, ["position"], unique=True)
    op.create_index("ix_benchmark_results_newest", _TABLE, ["key_digest", "position"])
    op.drop_index("ix_benchmark_results_key_digest", _TABLE)
