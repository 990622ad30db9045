"""`Location`: the database of a store and the folder of its files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

import platformdirs

from dlscope.core.errors import StoreError

DATABASE_FILE = "dlscope.sqlite"
_VARIABLE = "DLSCOPE_STORE"
_SERVER = "postgresql+psycopg"
_SCHEMES = ("sqlite", _SERVER)
_AS_OTHERS_WRITE_IT = ("postgresql", "postgres")


@final
@dataclass(frozen=True)
class Location:
    """A database `url` and the `folder` that holds the Parquet files."""

    url: str
    folder: Path

    @classmethod
    def of(cls, location: str | Path | None = None, folder: Path | None = None) -> Self:
        """The store at a folder or at a database URL.

        None is `$DLSCOPE_STORE`, or the user's data folder where that is not set. `folder` says
        where the files of a database URL lie: by default beside an SQLite file, and in the user's
        data folder for a server. Raises `StoreError` for a URL of an unknown database.
        """
        given = location if location is not None else os.environ.get(_VARIABLE) or None
        if given is None:
            return cls._in_folder(folder or _user_folder())
        if isinstance(given, Path) or "://" not in given:
            return cls._in_folder(Path(given).expanduser())
        scheme, _, rest = given.partition("://")
        if scheme in _AS_OTHERS_WRITE_IT:
            scheme, given = _SERVER, f"{_SERVER}://{rest}"
        if scheme not in _SCHEMES:
            raise StoreError(
                f"{scheme!r} is not a database that dlscope can keep a store in",
                where=f"{scheme}://…",
                fix="use a folder, or a URL that starts with postgresql://",
            )
        if not _is_readable(given):
            raise StoreError(
                "the URL of the store cannot be read",
                where=f"{scheme}://…",
                fix="write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, where PORT is a "
                "number",
            )
        if scheme == "sqlite":
            return cls(given, folder or Path(rest.removeprefix("/")).parent)
        return cls(given, folder or _user_folder())

    @classmethod
    def _in_folder(cls, folder: Path) -> Self:
        absolute = folder.absolute()
        return cls(f"sqlite:///{absolute / DATABASE_FILE}", absolute)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file."""
        return self.url.startswith("sqlite")

    @property
    def shown(self) -> str:
        """The location as messages name it: a file, or a URL without its password."""
        if self.is_sqlite:
            return self.url.removeprefix("sqlite:///")
        from sqlalchemy.engine import make_url

        return make_url(self.url).render_as_string(hide_password=True)


def _is_readable(url: str) -> bool:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        make_url(url)
    except (ArgumentError, ValueError):
        return False
    return True


def _user_folder() -> Path:
    return Path(platformdirs.user_data_dir("dlscope")) / "store"
