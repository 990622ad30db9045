"""The schema's history: numbered steps that Alembic applies in order, and how to apply them."""
