"""Images to train SkyNet on, drawn or your own: `write_uav_synth`, `check_uav_data`."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from dlscope.api.watcher import Told, tell_nobody

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.data.procedural.uav import Preset, Split
    from dlscope.data.procedural.uav.writing import Layout


def write_uav_synth(
    folder: Path,
    *,
    layout: Layout = "coco",
    split: Split = "train",
    count: int = 1000,
    size: tuple[int, int] = (640, 360),
    seed: int = 0,
    preset: Preset = "easy",
    frames: int = 100,
    told: Told = tell_nobody,
) -> Report:
    """Draw images with one object each below `folder`, or with `got10k` sequences of `frames`.

    `size` is (width, height). Raises `DataError` for what cannot be drawn and where another set
    is, `FileError` where nothing can be written, `PluginError` without OpenCV.
    """
    from dlscope.methods.skynet.data_report import Holding

    writing = _writing()
    asked = writing.UavSet(layout, split, count, (size[1], size[0]), seed, preset, frames)
    holding = Holding()
    what = "sequences" if layout == "got10k" else "images"
    writing.write_uav_set(
        folder,
        asked,
        seen=holding.add,
        told=lambda done, of: told(f"drawing {of} {what}", done / of),
    )
    return holding.report(f"uav-synth, {split}, in the layout of {layout}")


def check_uav_data(
    folder: Path, layout: Layout = "dac-sdc", *, strict: bool = False, told: Told = tell_nobody
) -> Report:
    """Every fault in the files of a set of images or sequences.

    With `strict` the first fault is raised. Raises `DataError` where there is no set.
    """
    from dlscope.methods.skynet.data_check import check_data

    return check_data(folder, layout, strict=strict, told=told)


def _writing() -> ModuleType:
    """The module that draws, which needs OpenCV."""
    from dlscope.core.registry import missing_distribution

    try:
        from dlscope.data.procedural.uav import writing
    except ModuleNotFoundError as error:
        where = "dlscope.data.procedural.uav"
        name = (error.name or "").partition(".")[0]
        raise missing_distribution("datasets", "uav_synth", name, where=where) from error
    return writing
