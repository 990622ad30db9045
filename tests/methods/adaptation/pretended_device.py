"""`pretended_device`: a device that computes as the processor does, and is as strict as a GPU.

Tensors moved to `DEVICE` hold numbers on the processor but say that they are elsewhere. Whatever
mixes them with tensors that were not moved fails, as it would between a processor and a GPU, and
NumPy cannot read them. Numbers are real, so that a whole step with its decisions runs.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("meta")
"""A device that every build of torch knows and that holds no numbers of its own."""

_MAY_MIX = (torch.ops.aten.copy_.default,)


class DeviceMismatchError(RuntimeError):
    """An operation on tensors of two devices."""


class Moved(torch.Tensor):
    """A tensor on the pretended device; `held` has its numbers."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> Any:
        return torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=DEVICE,
        )

    def __init__(self, held: torch.Tensor) -> None:
        self.held = held

    def __repr__(self) -> str:
        return f"Moved({self.held})"

    def tolist(self) -> Any:
        """As on a GPU, which torch itself does not allow of a class such as this."""
        return self.held.tolist()

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        del types
        return _carried_out(operation, args, kwargs or {})


class _Moving(TorchDispatchMode):
    """Moves what is asked for on the device, or to it."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        del types
        return _carried_out(operation, args, kwargs or {})


@contextmanager
def pretended_device() -> Iterator[torch.device]:
    """Within, tensors can be moved to the device that is given."""
    with _Moving(), warnings.catch_warnings():
        # torch takes the device for one without numbers, into which nothing can be loaded.
        warnings.filterwarnings("ignore", message=".*is a no-op")
        yield DEVICE


def _carried_out(operation: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    given = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
    moved = [each for each in given if isinstance(each, Moved)]
    if any(each.is_meta for each in given if not isinstance(each, Moved)):
        raise DeviceMismatchError(f"{operation} on what torch made on the device by itself")
    is_moved = bool(moved)
    if (
        operation not in _MAY_MIX
        and moved
        and any(each.dim() for each in given if not isinstance(each, Moved))
    ):
        raise DeviceMismatchError(f"{operation} on tensors of two devices")
    if kwargs.get("device") is not None:
        is_moved = torch.device(kwargs["device"]) == DEVICE
        kwargs = {**kwargs, "device": torch.device("cpu")}
    found = operation(*tree_map(_held, args), **tree_map(_held, kwargs))
    if operation._schema.name.endswith("_"):
        return args[0]
    return tree_map(_moved, found) if is_moved else found


def _held(value: Any) -> Any:
    return value.held if isinstance(value, Moved) else value


def _moved(value: Any) -> Any:
    return Moved(value) if isinstance(value, torch.Tensor) else value
