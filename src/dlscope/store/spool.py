"""`Spool`: Runs that a full or locked store would not take, kept until it does."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import final

import platformdirs

from dlscope.core.errors import StoreError
from dlscope.core.run import Run
from dlscope.store import exchange
from dlscope.store.base import Store
from dlscope.store.refusal import is_passing

_WAITS_S = (1, 2, 4, 8, 15)
_VARIABLE = "DLSCOPE_SPOOL"
_NOTE = "note.json"


@final
class Spool:
    """A folder with one folder for each Run that is still to be stored.

    It is `$DLSCOPE_SPOOL`, or lies in the user's state folder: elsewhere than the store, whose
    disk may be the one that is full.
    """

    def __init__(
        self, folder: Path | None = None, sleep_s: Callable[[float], None] = time.sleep
    ) -> None:
        named = os.environ.get(_VARIABLE)
        default = Path(platformdirs.user_state_dir("dlscope", appauthor=False)) / "spool"
        self.folder = folder or (Path(named) if named else default)
        self._sleep_s = sleep_s

    def accept(self, store: Store, run: Run, *, replaces: bool = False) -> StoreError | None:
        """Store `run`, or keep it here: then the refusal of the store, else None.

        A store that is full, locked or out of reach is asked again for 30 s.
        """
        is_again = False
        for wait_s in (*_WAITS_S, None):
            try:
                # A server may have stored it and been lost before it could say so.
                if not (is_again and store.has(run.id)):
                    store.accept(run, replaces=replaces)
            except StoreError as error:
                if wait_s is None or not is_passing(error):
                    self._keep(run, replaces=replaces)
                    return error
                is_again = True
                self._sleep_s(wait_s)
            else:
                return None
        raise AssertionError("the last try has no wait")

    def pending(self) -> tuple[str, ...]:
        """Ids of the Runs that are kept here."""
        return tuple(path.name for path in self._folders())

    def bring_home(self, store: Store) -> tuple[str, ...]:
        """Store every Run that is kept here; the ids of those that were not stored before."""
        brought = []
        for folder in self._folders():
            note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
            run = exchange.import_run(folder, folder.name, note["digests"])
            if not store.has(run.id):
                store.accept(run, replaces=note["replaces"])
                brought.append(run.id)
            shutil.rmtree(folder)
        return tuple(brought)

    def _keep(self, run: Run, *, replaces: bool) -> None:
        folder = self.folder / run.id
        folder.mkdir(parents=True, exist_ok=True)
        note = {"digests": exchange.export_run(folder, run), "replaces": replaces}
        # Written last: a folder without a note was never finished.
        (folder / _NOTE).write_text(json.dumps(note), encoding="utf-8")

    def _folders(self) -> Iterator[Path]:
        if not self.folder.is_dir():
            return iter(())
        finished = (path for path in self.folder.iterdir() if (path / _NOTE).is_file())
        return iter(sorted(finished, key=lambda path: (path / _NOTE).stat().st_mtime_ns))
