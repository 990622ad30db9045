"""`CheckpointSeries`: the last few checkpoints of a training, and the best.

`checkpoint-000003.pt` is the state after the third epoch, `checkpoint-000003-within.pt` that of a
training which was stopped within the fourth.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, final

from dlscope.core.errors import TrainingError
from dlscope.training.checkpoints import CheckpointFile, Stateful

LAST = 3
_NAME = re.compile(r"checkpoint-(?P<number>\d+)(?P<within>-within)?\.pt")
_log = logging.getLogger(__name__)

Place: TypeAlias = tuple[int, bool]
"""How many epochs were done, and whether a part of the next one was."""

Best: TypeAlias = Callable[[Sequence[Mapping[str, float]]], int | None]
"""Which of the epochs, counted from 1, has the best weights; None where none is told apart."""


def _none_is_best(_history: Sequence[Mapping[str, float]]) -> int | None:
    return None


@final
class CheckpointSeries:
    """The `LAST` checkpoints in `folder`, and the one of the best epoch as `best` tells it.

    An older one is removed only when a newer one is on the disk: whoever is killed in between
    leaves one too many, which the next to be kept removes. Where the newest cannot be read, the
    training goes on from the one before.
    """

    def __init__(self, folder: Path, identity: str, best: Best = _none_is_best) -> None:
        self._folder, self._identity, self._best = folder, identity, best

    def save(self, stateful: Mapping[str, Stateful], plain: Mapping[str, Any]) -> None:
        """Keep the states after the epochs of the `history` in `plain`, and remove older ones.

        With `within` in `plain` a part of the next epoch was done.
        """
        history = plain["history"]
        place = len(history), bool(plain.get("within"))
        self._file(place).write(stateful, plain)
        self._remove_others([place, *self._last(len(history)), (self._best(history), False)])

    def restore(self, stateful: Mapping[str, Stateful]) -> dict[str, Any] | None:
        """Bring `stateful` to the newest that can be read; its plain data, None without any.

        Raises `TrainingError` where none of them can be read, and for one of another training.
        """
        refused: TrainingError | None = None
        for place in sorted(self._places(), reverse=True):
            file = self._file(place)
            try:
                whole = file.read()
            except TrainingError as error:
                _log.warning("%s (%s): going on from the one before", error.what, file.path)
                refused = refused or error
            else:
                return file.load(stateful, whole)
        if refused is not None:
            raise refused
        return None

    def states_after(self, epoch: int) -> dict[str, Any]:
        """The states that were kept after that epoch. Raises `TrainingError` without them."""
        states: dict[str, Any] = self._file((epoch, False)).read()["states"]
        return states

    def remove(self) -> None:
        """Remove all of them, the oldest first."""
        self._remove_others([])

    def _last(self, number: int) -> list[Place]:
        done = sorted(n for n, is_within in self._places() if n <= number and not is_within)
        return [(each, False) for each in done[-LAST:]]

    def _remove_others(self, kept: Iterable[tuple[int | None, bool]]) -> None:
        for place in sorted(set(self._places()) - set(kept)):
            self._file(place).path.unlink(missing_ok=True)

    def _places(self) -> list[Place]:
        found = [_NAME.fullmatch(path.name) for path in self._folder.glob("checkpoint-*.pt")]
        return [(int(each["number"]), bool(each["within"])) for each in found if each]

    def _file(self, place: Place) -> CheckpointFile:
        number, is_within = place
        name = f"checkpoint-{number:06d}{'-within' if is_within else ''}.pt"
        return CheckpointFile(self._folder / name, self._identity)
