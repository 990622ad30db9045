"""`launched`: Lightning Fabric, which places modules and tensors, ready to train."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from dlscope.core.errors import PluginError, TrainingError

Place: TypeAlias = Literal["cpu", "gpu", "auto"]
Mantissa: TypeAlias = Literal["32-true", "16-mixed", "bf16-mixed"]


def launched(place: Place = "cpu", *, processes: int = 1, precision: Mantissa = "32-true") -> Any:
    """A `Fabric` with its processes started; `auto` takes a GPU where there is one.

    Raises `PluginError` without the distribution, `TrainingError` where a GPU is asked for and
    none is there.
    """
    try:
        import torch
        from lightning_fabric import Fabric
    except ModuleNotFoundError as error:
        raise PluginError(
            f"training needs {error.name!r}, which is not installed",
            where="dlscope.training",
            fix="pip install 'dlscope[training]'",
        ) from None
    if place == "gpu" and not torch.cuda.is_available():
        raise TrainingError(
            "there is no GPU that torch can use",
            where="dlscope.training",
            fix="train on the cpu, or install a build of torch for your GPU",
        )
    chosen = ("gpu" if torch.cuda.is_available() else "cpu") if place == "auto" else place
    fabric = Fabric(accelerator=chosen, devices=processes, precision=precision)
    fabric.launch()
    return fabric
