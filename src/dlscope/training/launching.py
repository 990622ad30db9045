"""`launched`: Lightning Fabric, which places modules and tensors, ready to train.

`device_of` is for whoever places them without it.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from dlscope.core.errors import PluginError, TrainingError

Place: TypeAlias = Literal["cpu", "cuda", "gpu", "auto"]
PLACES: tuple[Place, ...] = ("cpu", "cuda", "gpu", "auto")
"""`cuda` and `gpu` are the same: torch's word, and that of everything else here."""
Mantissa: TypeAlias = Literal["32-true", "16-mixed", "bf16-mixed"]


def launched(place: Place = "cpu", *, processes: int = 1, precision: Mantissa = "32-true") -> Any:
    """A `Fabric` with its processes started; `auto` takes a GPU where there is one.

    Raises `PluginError` without the distribution, `TrainingError` where a GPU is asked for and
    none is there.
    """
    try:
        import torch  # noqa: F401 - whether it is there
        from lightning_fabric import Fabric
    except ModuleNotFoundError as error:
        raise PluginError(
            f"training needs {error.name!r}, which is not installed",
            where="dlscope.training",
            fix="pip install 'dlscope[training]'",
        ) from None
    fabric = Fabric(accelerator=_accelerator(place), devices=processes, precision=precision)
    fabric.launch()
    return fabric


def device_of(place: Place) -> Any:
    """The device of torch that `place` stands for; Fabric is not imported for the processor.

    Raises as `launched` does.
    """
    import torch

    if _accelerator(place) == "cpu":
        return torch.device("cpu")
    return launched(place).device


def name_of(device: Any) -> str:
    """A device in words: `cpu`, or the number and the make of a GPU."""
    import torch

    if device.type != "cuda":
        return str(device)
    return f"{device} ({torch.cuda.get_device_name(device)})"


def _accelerator(place: Place) -> Literal["cpu", "cuda"]:
    """What Fabric is asked for. Raises `TrainingError` for a GPU where none is there."""
    import torch

    has_gpu = torch.cuda.is_available()
    if place in ("cuda", "gpu") and not has_gpu:
        raise TrainingError(
            "there is no GPU that torch can use",
            where="dlscope.training",
            fix="train on the cpu, or install a build of torch for your GPU",
        )
    return "cuda" if place != "cpu" and has_gpu else "cpu"
