"""Searches and their designs, found by a path or by the beginning of a name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from dlscope.api.search_inputs import searches_folder

if TYPE_CHECKING:
    from dlscope.methods.codesign.search_record import SearchRecord

_DESIGN, _RECORD, _REQUEST = "design.json", "record.json", "request.json"


def search_folder(run: str | Path, *, store: str | None = None) -> Path:
    """The folder of a search by its path, or by the beginning of its name in the store.

    Raises `SearchError` where there is none, or several.
    """
    return _given_folder(Path(run)) or _named_folder(str(run), f"searches are called {run}", store)


def search_record(run: str | Path, *, store: str | None = None) -> SearchRecord:
    """The record of a search: of its name, its folder, or the file itself.

    Raises `SearchError` where there is no such search, and for one that has not ended.
    """
    from dlscope.core.errors import SearchError
    from dlscope.methods.codesign.search_record import SearchRecord

    given = Path(run)
    path = given if given.is_file() else search_folder(run, store=store) / _RECORD
    if not path.is_file():
        raise SearchError(
            "the search has not ended",
            where=str(path.parent),
            fix="let it go on: give the same dlscope codesign search again",
        )
    try:
        return SearchRecord.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SearchError(
            f"the record of a search cannot be read: {type(error).__name__}: {error}",
            where=str(path),
            fix="give a folder that `dlscope codesign search` has written, or search --rerun",
        ) from error


def design_path(design: str | Path, *, store: str | None = None) -> Path:
    """The file of a design: itself, the one in a folder, or the chosen one of a search.

    Raises `SearchError` where there is none: no file, no search, or a search that found none.
    """
    from dlscope.core.errors import SearchError

    given = Path(design)
    if given.is_file():
        return given
    what = f"files or searches are called {design}"
    folder = given if given.is_dir() else _named_folder(str(design), what, store)
    path = folder / _DESIGN
    if not path.is_file() and search_record(folder).status == "infeasible":
        raise SearchError(
            "the search chose no design: it is infeasible",
            where=str(folder),
            fix="search again with a longer --target-latency, or for a larger board",
        )
    return path


def _given_folder(path: Path) -> Path | None:
    """A folder of a search by its path, or by that of a file in it."""
    if path.is_file():
        return path.parent
    return path if any((path / name).is_file() for name in (_RECORD, _REQUEST)) else None


def _named_folder(name: str, what: str, store: str | None) -> Path:
    """The only search of the store whose name begins so."""
    from dlscope.core.errors import SearchError

    folder = searches_folder(store)
    every = sorted(each for each in folder.glob("*") if _given_folder(each) == each)
    found = [each for each in every if name and each.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    several = f"give more of one name: {', '.join(each.name for each in found)}"
    none = "give the beginning of a name that dlscope codesign list tells, or a folder"
    raise SearchError(
        f"{len(found) or 'no'} {what}", where=str(folder), fix=several if found else none
    )
