"""`Checkpoints`: the state of a training in a folder, whole at any moment, and safe to read."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, final

import torch

from dlscope.core.errors import TrainingError
from dlscope.core.whole_file import whole_file

_NAME = "checkpoint.pt"


class Stateful(Protocol):
    """What can be put into a checkpoint: modules, optimizers, averages."""

    def state_dict(self) -> Any:
        """The state as tensors and plain data."""

    def load_state_dict(self, state: Any, /) -> Any:
        """Go on from a state."""


@final
class Checkpoints:
    """The newest checkpoint of one training in `folder`; `identity` says which training it is.

    A checkpoint replaces the one before in a single step, so that whoever is killed while writing
    leaves the older one. Reading executes nothing: tensors and plain data alone are accepted.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self._path = folder / _NAME
        self._identity = identity

    def save(self, stateful: Mapping[str, Stateful], plain: Mapping[str, Any]) -> None:
        """Keep the states of `stateful`, and `plain` data beside them."""
        states = {name: each.state_dict() for name, each in stateful.items()}
        whole = {"identity": self._identity, "states": states, "plain": dict(plain)}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(self._path) as part, part.open("wb") as file:
            torch.save(whole, file)
            file.flush()
            os.fsync(file.fileno())

    def restore(self, stateful: Mapping[str, Stateful]) -> dict[str, Any] | None:
        """Bring `stateful` to where the checkpoint is; its plain data, None without a checkpoint.

        Raises `TrainingError` for a damaged file, and for a checkpoint of another training.
        """
        if not self._path.is_file():
            return None
        whole = self._read()
        if whole.get("identity") != self._identity or set(whole["states"]) != set(stateful):
            raise TrainingError(
                "the checkpoint is of another training",
                where=str(self._path),
                fix="train into a folder of its own, or remove the checkpoint",
            )
        for name, each in stateful.items():
            each.load_state_dict(whole["states"][name])
        plain: dict[str, Any] = whole["plain"]
        return plain

    def remove(self) -> None:
        """Remove the checkpoint, where there is one."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        try:
            whole: dict[str, Any] = torch.load(self._path, weights_only=True, map_location="cpu")
        except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise TrainingError(
                f"the checkpoint cannot be read: {_first_line(error)}",
                where=str(self._path),
                fix="remove it, to begin again from the start",
            ) from None
        return whole


def _first_line(error: Exception) -> str:
    """What an error says, without torch's advice to execute the file."""
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
