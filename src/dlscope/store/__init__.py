"""Where runs are kept: SQLite with Parquet beside it."""
