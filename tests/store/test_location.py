from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from dlscope.core.errors import StoreError
from dlscope.store.location import Location


def test_a_folder_holds_database_and_files(tmp_path: Path) -> None:
    expected = Location(f"sqlite:///{tmp_path / 'dlscope.sqlite'}", tmp_path)
    assert Location.of(tmp_path) == Location.of(str(tmp_path)) == expected
    assert expected.shown == str(tmp_path / "dlscope.sqlite")


def test_the_variable_names_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLSCOPE_STORE", str(tmp_path))
    assert Location.of().folder == tmp_path
    monkeypatch.setenv("DLSCOPE_STORE", "")
    assert Location.of().folder == Path(platformdirs.user_data_dir("dlscope")) / "store"


def test_an_sqlite_url_keeps_its_files_beside_it(tmp_path: Path) -> None:
    assert Location.of(f"sqlite:///{tmp_path / 'x.sqlite'}").folder == tmp_path


def test_a_server_has_a_folder_of_its_own_and_shows_no_password(tmp_path: Path) -> None:
    location = Location.of("postgresql+psycopg://me:secret@db/bench", tmp_path)
    assert location.folder == tmp_path
    assert location.shown == "postgresql+psycopg://me:***@db/bench"


def test_refuses_another_database() -> None:
    with pytest.raises(StoreError) as caught:
        Location.of("mysql://me:secret@db/bench")
    assert str(caught.value) == (
        "StoreError: 'mysql' is not a database that dlscope can keep a store in\n"
        "  where  mysql://…\n"
        "  fix    use a folder, or a URL that starts with postgresql://"
    )


def test_refuses_a_url_that_cannot_be_read_and_shows_no_password() -> None:
    with pytest.raises(StoreError) as caught:
        Location.of("postgresql://me:secret@db:port/bench")
    assert str(caught.value) == (
        "StoreError: the URL of the store cannot be read\n"
        "  where  postgresql+psycopg://…\n"
        "  fix    write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, where PORT is a number"
    )


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_server_may_be_named_as_other_programs_name_it(scheme: str, tmp_path: Path) -> None:
    found = Location.of(f"{scheme}://me@db/runs", tmp_path)
    assert found.url == "postgresql+psycopg://me@db/runs"
