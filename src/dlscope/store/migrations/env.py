"""Entered by Alembic: applies steps on the connection it is handed, inside its transaction."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], render_as_batch=True, compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
