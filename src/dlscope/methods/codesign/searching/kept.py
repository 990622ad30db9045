"""`Kept`: results of the parts of a search in a folder, so that no part is done twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, final

from dlscope.core.errors import SearchError
from dlscope.core.whole_file import write_whole

T = TypeVar("T")


@final
class Kept:
    """Plain data by name, a file each, whole or not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def made(
        self, name: str, make: Callable[[], T], to: Callable[[T], Any], back: Callable[[Any], T]
    ) -> T:
        """What is kept under `name`, made and kept now where there is none.

        Raises `SearchError` for a damaged file.
        """
        path = self.folder / f"{name}.json"
        if path.is_file():
            try:
                return back(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise SearchError(
                    f"what was kept cannot be read: {type(error).__name__}: {error}",
                    where=str(path),
                    fix="remove it; that part is then done again",
                ) from None
        found = make()
        self.write(name, to(found))
        return found

    def write(self, name: str, data: Any) -> None:
        """Keep `data` under `name`, in place of what was there."""
        path = self.folder / f"{name}.json"
        write_whole(path, json.dumps(data, indent=1) + "\n")
