"""Image files to boxes: once with overlapping stages, then in turns against one after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import onnxruntime

from dlscope.core.errors import DataError, PlanError
from dlscope.data.contest_images import contest_files
from dlscope.methods.skynet.detector_file import Detector
from dlscope.methods.skynet.measured_images import Told
from dlscope.methods.skynet.pipeline_stages import (
    Answered,
    Batch,
    FoundBox,
    ImageFile,
    Spoiled,
    batches,
    stages,
)
from dlscope.methods.skynet.staged import CAPACITY, Stage, Staged, run_staged


@final
@dataclass(frozen=True)
class PipelineOptions:
    """Images of a batch, batches that a queue holds, threads of inference, and rounds of timing.

    With `is_strict` a file that cannot be decoded ends all; `is_apart` keeps fetching and
    preparing in stages of their own. Raises `PlanError` for numbers below 1.
    """

    batch: int = 1
    capacity: int = CAPACITY
    threads: int = 1
    rounds: int = 1
    is_strict: bool = False
    is_apart: bool = False

    def __post_init__(self) -> None:
        for name in ("batch", "capacity", "threads"):
            if getattr(self, name) < 1:
                raise PlanError(
                    f"{name} is {getattr(self, name)}",
                    where="SkyNet, pipeline",
                    fix="give 1 or more",
                )


@final
@dataclass(frozen=True)
class Serial:
    """The same stages one after the other: their busy times in ns, wall and CPU time."""

    busy_ns: tuple[int, ...]
    wall_ns: int
    cpu_ns: int


@final
@dataclass(frozen=True)
class Round:
    """Both orders once: each batch through all stages, and stages that overlap."""

    serial: Serial
    staged: Staged
    staged_cpu_ns: int

    @property
    def speed_up(self) -> float:
        """How many times as fast the stages are when they overlap."""
        return self.serial.wall_ns / self.staged.wall_ns


@final
@dataclass(frozen=True)
class PipelineRun:
    """Boxes in the order of the files, files without one, what was changed, and the rounds."""

    folder: Path
    found: tuple[FoundBox, ...]
    spoiled: tuple[Spoiled, ...]
    changed: tuple[str, ...]
    rounds: tuple[Round, ...]


def run_pipeline(
    detector: Detector,
    folder: Path,
    options: PipelineOptions,
    *,
    limit: int | None = None,
    told: Told,
) -> PipelineRun:
    """The boxes of the images below `folder`, the first `limit` of them, and both orders timed.

    Raises `DataError` for a folder without images and naming the stage and the file that failed.
    """
    files = image_files(folder, limit)
    session = _session(detector, options.threads)
    steps = stages(detector, session, is_strict=options.is_strict, is_apart=options.is_apart)
    items = batches(files, options.batch)
    told("boxes", 0.0)
    first = run_staged(steps, items, capacity=options.capacity)
    rounds = []
    for number in range(options.rounds):
        told("one after the other, and overlapping", number / options.rounds)
        rounds.append(_round(steps, items, options.capacity, first.outputs))
    outputs: tuple[Answered, ...] = first.outputs
    return PipelineRun(
        folder,
        tuple(each for output in outputs for each in output.found),
        tuple(each for output in outputs for each in output.spoiled),
        tuple(each for output in outputs for each in output.changed),
        tuple(rounds),
    )


def image_files(folder: Path, limit: int | None = None) -> tuple[ImageFile, ...]:
    """The images below a folder by their names. Raises `DataError` where there is none."""
    if not folder.is_dir():
        raise DataError(
            f"there is no folder {folder}", where="SkyNet, images", fix="name a folder of images"
        )
    files = [each for each in contest_files(folder) if each.image is not None]
    return tuple(
        ImageFile(index, each.name, each.image)
        for index, each in enumerate(files[:limit])
        if each.image is not None
    )


def _round(
    steps: Sequence[Stage], items: Sequence[Batch], capacity: int, expected: tuple[Any, ...]
) -> Round:
    serial, outputs = _in_order(steps, items)
    started = time.process_time_ns()
    staged = run_staged(steps, items, capacity=capacity)
    cpu_ns = time.process_time_ns() - started
    assert outputs == expected == staged.outputs, "the order of the work changed its result"
    return Round(serial, staged, cpu_ns)


def _in_order(steps: Sequence[Stage], items: Sequence[Batch]) -> tuple[Serial, tuple[Any, ...]]:
    """Each batch through all stages before the next begins."""
    busy_ns = [0] * len(steps)
    outputs = []
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    for item in items:
        value: Any = item
        for index, step in enumerate(steps):
            started = time.perf_counter_ns()
            value = step.work(value)
            busy_ns[index] += time.perf_counter_ns() - started
        outputs.append(value)
    wall_ns, cpu_ns = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    return Serial(tuple(busy_ns), wall_ns, cpu_ns), tuple(outputs)


def _session(detector: Detector, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return onnxruntime.InferenceSession(
        detector.content, options, providers=["CPUExecutionProvider"]
    )
