"""`read_checkpoint`: trained weights by name, from any form of file that dlscope reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.core.registry import missing_distribution
from dlscope.graph.pth import read_pth


def read_checkpoint(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a `.pth` (legacy torch form) or `.safetensors` file by name.

    Raises `DataError` for another suffix and for a file that cannot be read, and `PluginError`
    when the library for it is not installed.
    """
    match path.suffix:
        case ".pth" | ".pt":
            return read_pth(path)
        case ".safetensors":
            return _read_safetensors(path)
    raise DataError(
        f"{path.suffix or path.name!r} is not a form of checkpoint that dlscope reads",
        where=str(path),
        fix="use .safetensors, or .pth in torch's legacy form",
    )


def _read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    try:
        import safetensors
        import safetensors.numpy
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        raise missing_distribution("checkpoints", path.name, module, where=str(path)) from error
    try:
        arrays: dict[str, NDArray[Any]] = safetensors.numpy.load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        raise DataError(
            f"the checkpoint cannot be read: {error}",
            where=str(path),
            fix="fetch the file again and compare its SHA-256 with the publisher's",
        ) from error
    return arrays
