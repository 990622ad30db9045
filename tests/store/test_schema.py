from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, create_engine, text

from dlscope.store import migrations, schema
from dlscope.store.base import Store
from dlscope.store.location import Location


def test_migrations_lead_to_the_tables_of_the_schema(untouched: Location) -> None:
    Store.open(untouched.url, folder=untouched.folder).close()
    engine = create_engine(untouched.url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


@pytest.mark.parametrize("table", [schema.benchmarks, schema.benchmark_results], ids=str)
def test_columns_of_benchmarks_are_documented(table: Table) -> None:
    assert [column.name for column in table.columns if not column.doc] == []


def test_the_database_itself_refuses_a_second_accepted_run(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'dlscope.sqlite'}")
    query = text("SELECT sql FROM sqlite_master WHERE name = 'one_accepted_run'")
    with engine.connect() as connection:
        sql = connection.execute(query).scalar_one()
    engine.dispose()
    assert sql.startswith("CREATE UNIQUE INDEX")
    assert sql.endswith("(plan_digest, fingerprint) WHERE acceptance = 'accepted'")


def test_the_last_migration_is_the_one_the_code_expects() -> None:
    (folder,) = migrations.__path__
    script = ScriptDirectory(folder)
    assert script.get_current_head() == schema.REVISION
    steps = list(script.walk_revisions())
    assert [step.revision for step in steps] == [
        f"{number:04d}" for number in range(len(steps), 0, -1)
    ]
