"""`DeviceImplementation`: what all ways of computing a layer on a GPU have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, TypeVar, final

from dlscope.graph.brick import Brick
from dlscope.methods.bounds.implementation import NULL, Configuration, Implementation, Runnable
from dlscope.methods.bounds.implementations.cuda import Cuda
from dlscope.methods.bounds.implementations.device_runnable import (
    GPU,
    DeviceRunnable,
    null_runnable,
)
from dlscope.methods.bounds.implementations.refusals import refusals

Known = TypeVar("Known")


class DeviceImplementation(Implementation):
    """A `library` on the GPU that `_cuda` is."""

    device = GPU
    library_name: ClassVar[str]
    _cuda: Cuda

    @final
    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        del threads  # a GPU has its own
        if brick == NULL:
            return null_runnable(self._cuda)
        with refusals(self.library_name, brick):
            return self._launched(brick, configuration)

    @abstractmethod
    def _launched(self, brick: Brick, configuration: Configuration) -> DeviceRunnable:
        """The brick on the device; whatever is raised is the refusal of the library."""


def known(found: Known | str) -> Known:
    """What was found in a brick. Raises `ValueError` with the reason where that is a text."""
    if isinstance(found, str):
        raise ValueError(found)
    return found
