"""A device that there is not: its tensors say `meta`, compute on the CPU, and mix with nothing.

An operation on tensors of it and of the CPU is refused, as a GPU refuses it, but for single
numbers. So a training step that runs on it has moved all that has to be moved, and as the numbers
are real ones, they can be held against those of the CPU.
"""

from __future__ import annotations

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")


class MixedError(Exception):
    """Tensors of two devices in one operation."""


class OnDevice(torch.Tensor):
    """A tensor of the stand-in, with its numbers in `computed`."""

    @staticmethod
    def __new__(cls, computed):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            computed.size(),
            strides=computed.stride(),
            storage_offset=computed.storage_offset(),
            dtype=computed.dtype,
            device=DEVICE,
            requires_grad=False,
        )

    def __init__(self, computed):
        self.computed = computed

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func is torch.Tensor.new_tensor:  # torch itself makes an empty one on `meta`
            like, data = args
            return torch.tensor(data, dtype=like.dtype).to(DEVICE)
        if func is torch.Tensor.tolist:  # nor does it read those of a class of its own
            return args[0].computed.tolist()
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _computed(func, args, kwargs or {})


class DeviceStandIn(TorchDispatchMode):
    """Within, `meta` is that device."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _computed(func, args, kwargs or {})


def _computed(func, args, kwargs):
    tensors = [each for each in tree_flatten((args, kwargs))[0] if isinstance(each, torch.Tensor)]
    own = [each for each in tensors if isinstance(each, OnDevice)]
    others = [each for each in tensors if not isinstance(each, OnDevice) and each.ndim]
    wanted = kwargs.get("device")
    is_moved = func in (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
    if own and others and not is_moved:
        raise MixedError(f"{func}: of both devices")
    goes = bool(own) if wanted is None else torch.device(wanted) == DEVICE
    if wanted is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    given, named = tree_map(lambda x: x.computed if isinstance(x, OnDevice) else x, (args, kwargs))
    found = func(*given, **named)
    if func._schema.name.endswith("_") and isinstance(args[0], torch.Tensor):
        return args[0]
    if not goes:
        return found
    return tree_map(lambda x: OnDevice(x) if isinstance(x, torch.Tensor) else x, found)
