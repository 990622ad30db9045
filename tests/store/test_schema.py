from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from dlscope.store import migrations, schema
from dlscope.store.base import Store


def test_migrations_lead_to_the_tables_of_the_schema(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'dlscope.sqlite'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


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
