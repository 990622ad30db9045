"""`Checkpoints`: the state of a training in a folder, whole at any moment, and safe to read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, final

from dlscope.core.errors import TrainingError
from dlscope.training.tensor_file import read_tensors, write_tensors

_NAME = "checkpoint.pt"


class Stateful(Protocol):
    """What can be put into a checkpoint: modules, optimizers, averages."""

    def state_dict(self) -> Any:
        """The state as tensors and plain data."""

    def load_state_dict(self, state: Any, /) -> Any:
        """Go on from a state."""


class Keeping(Protocol):
    """Where a loop keeps what it has done, and finds it again."""

    def save(self, stateful: Mapping[str, Stateful], plain: Mapping[str, Any]) -> None:
        """Keep the states of `stateful`, and `plain` data beside them."""

    def restore(self, stateful: Mapping[str, Stateful]) -> dict[str, Any] | None:
        """Bring `stateful` to where it was; the plain data, None where nothing is kept."""


@final
class CheckpointFile:
    """One checkpoint at `path`; `identity` says of which training it is."""

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self._identity = identity

    def write(self, stateful: Mapping[str, Stateful], plain: Mapping[str, Any]) -> None:
        """Replace what is there, in a single step."""
        states = {name: each.state_dict() for name, each in stateful.items()}
        whole = {"identity": self._identity, "states": states, "plain": dict(plain)}
        write_tensors(self.path, whole)

    def read(self) -> dict[str, Any]:
        """What is there: `states` by name, and `plain`. Raises `TrainingError` if it is damaged."""
        fix = "remove it, to begin again from the start"
        return read_tensors(self.path, what="checkpoint", fix=fix)

    def load(self, stateful: Mapping[str, Stateful], whole: Mapping[str, Any]) -> dict[str, Any]:
        """Bring `stateful` to what was read; its plain data.

        Raises `TrainingError` for a checkpoint of another training.
        """
        if whole.get("identity") != self._identity or set(whole["states"]) != set(stateful):
            raise TrainingError(
                "the checkpoint is of another training",
                where=str(self.path),
                fix="train into a folder of its own, or remove the checkpoint",
            )
        for name, each in stateful.items():
            each.load_state_dict(whole["states"][name])
        plain: dict[str, Any] = whole["plain"]
        return plain


@final
class Checkpoints:
    """The newest checkpoint of one training in `folder`; `identity` says which training it is.

    A checkpoint replaces the one before in a single step, so that whoever is killed while writing
    leaves the older one. Reading executes nothing: tensors and plain data alone are accepted.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self._file = CheckpointFile(folder / _NAME, identity)

    def save(self, stateful: Mapping[str, Stateful], plain: Mapping[str, Any]) -> None:
        """Keep the states of `stateful`, and `plain` data beside them."""
        self._file.write(stateful, plain)

    def restore(self, stateful: Mapping[str, Stateful]) -> dict[str, Any] | None:
        """Bring `stateful` to where the checkpoint is; its plain data, None without a checkpoint.

        Raises `TrainingError` for a damaged file, and for a checkpoint of another training.
        """
        if not self._file.path.is_file():
            return None
        return self._file.load(stateful, self._file.read())

    def remove(self) -> None:
        """Remove the checkpoint, where there is one."""
        self._file.path.unlink(missing_ok=True)
