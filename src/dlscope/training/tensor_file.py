"""Files of tensors and plain data: whole or not there, safe to read, the same from any device."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from dlscope.core.errors import TrainingError
from dlscope.core.whole_file import whole_file


def write_tensors(path: Path, whole: Mapping[str, Any]) -> None:
    """Put `whole` into the file `path` in a single step, its tensors as they are on a processor.

    What was at `path` is there until all of it is on the disk, so that whoever is killed, or loses
    power, while writing leaves it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part, part.open("wb") as file:
        torch.save(on_processor(dict(whole)), file)
        file.flush()
        os.fsync(file.fileno())


def read_tensors(path: Path, *, what: str, fix: str) -> dict[str, Any]:
    """What `write_tensors` wrote; nothing is executed, nothing needs the device that it was on.

    Raises `TrainingError` for a damaged file, `what` it should have been.
    """
    try:
        whole: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # bytes at random make torch stumble in any way, by KeyError, too
        raise TrainingError(
            f"the {what} cannot be read: {_first_line(error)}", where=str(path), fix=fix
        ) from None
    return whole


def on_processor(state: Any) -> Any:
    """`state` with every tensor in it on the processor; those that are there are not copied."""
    if isinstance(state, torch.Tensor):
        return state.detach().cpu()
    if isinstance(state, OrderedDict):  # of a module, which reads the versions beside it
        moved = OrderedDict((name, on_processor(each)) for name, each in state.items())
        vars(moved).update(vars(state))
        return moved
    if isinstance(state, Mapping):
        return {name: on_processor(each) for name, each in state.items()}
    if type(state) in (list, tuple):
        return type(state)(on_processor(each) for each in state)
    return state


def _first_line(error: Exception) -> str:
    """What an error says, without torch's advice to execute the file."""
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
