"""`TritonLibrary`: all that is asked of Triton; `TritonCompiler` asks the one that is installed."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, final

from dlscope.core.errors import PluginError
from dlscope.methods.bounds.implementations.triton_kernels import speak

Kernel = Callable[..., None]


class TritonLibrary(Protocol):
    """Compiles kernels and launches them on the device that PyTorch uses."""

    def version(self) -> str:
        """Version of Triton."""
        ...

    def launch(
        self,
        kernel: Kernel,
        grid: tuple[int, ...],
        arguments: Sequence[Any],
        constants: Mapping[str, Any],
        *,
        warps: int,
    ) -> None:
        """Run a kernel of `triton_kernels` once for each place of the grid."""
        ...


@final
class TritonCompiler:
    """Triton as it is installed. Raises `PluginError` where it is not."""

    def __init__(self) -> None:
        self._triton: Any = _imported("triton")
        speak(_imported("triton.language"))
        self._compiled: dict[Kernel, Any] = {}

    def version(self) -> str:
        """Version of Triton."""
        return str(self._triton.__version__)

    def launch(
        self,
        kernel: Kernel,
        grid: tuple[int, ...],
        arguments: Sequence[Any],
        constants: Mapping[str, Any],
        *,
        warps: int,
    ) -> None:
        """The first launch compiles."""
        if kernel not in self._compiled:
            self._compiled[kernel] = self._triton.jit(kernel)
        self._compiled[kernel][grid](*arguments, **constants, num_warps=warps)


@functools.cache
def triton_compiler() -> TritonCompiler:
    """The one of this process."""
    return TritonCompiler()


def _imported(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise PluginError(
            "implementation 'triton' needs 'triton', which is not installed",
            where=__name__,
            fix="pip install triton",
        ) from error
