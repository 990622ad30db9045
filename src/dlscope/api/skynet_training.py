"""Training SkyNet: `build_skynet`, `train_skynet`, `evaluate_skynet`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from dlscope.api.kept import keep
from dlscope.api.watcher import Told, never, tell_nobody
from dlscope.core.errors import DataError, PlanError
from dlscope.training.heeding import heeding

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.data.procedural.uav import Split
    from dlscope.methods.skynet.detector_training.named_images import NamedImages
    from dlscope.methods.skynet.detector_training.stored_detector import StoredDetector
    from dlscope.methods.skynet.prepared_images import PreparedImages
    from dlscope.methods.skynet.preparing import Resize
    from dlscope.training.launching import Place
    from dlscope.zoo.skynet.layout import Variant
    from dlscope.zoo.skynet.network import Act

_DATASETS = {"uav-synth": "uav-synth-val"}
"""What a detector that was trained with it is evaluated on by default."""


def build_skynet(
    output: Path,
    variant: Variant = "C",
    *,
    width: float = 1.0,
    size: tuple[int, int] = (320, 160),
    act: Act = "relu6",
    seed: int = 0,
) -> Report:
    """Write an untrained SkyNet as `.pt` or, with its manifest, as `.onnx`; its counts.

    `size` is (width, height). Raises `PlanError` for another ending, `GraphError` for an unknown
    variant, width or activation, `ShapeError` for sides that are not multiples of 8.
    """
    from dlscope.methods.skynet.count_report import count_report
    from dlscope.methods.skynet.detector_training.exporting import export_detector
    from dlscope.methods.skynet.detector_training.stored_detector import untrained

    if output.suffix not in (".pt", ".onnx"):
        raise PlanError(
            f"{output.suffix or 'no ending'!r} is no form of a network",
            where=str(output),
            fix="end the name in .pt or .onnx",
        )
    detector = untrained(variant, width=width, size=(size[1], size[0]), act=act, seed=seed)
    if output.suffix == ".onnx":
        export_detector(detector, output)
    else:
        detector.write(output)
    return count_report(detector.network.layout)


def train_skynet(
    folder: Path,
    *,
    recipe: str = "iou",
    variant: Variant = "C",
    width: float = 0.5,
    size: tuple[int, int] = (160, 80),
    act: Act = "relu6",
    iterations: int | None = None,
    budget: str | None = None,
    data: str = "uav-synth",
    images: int = 5000,
    val_images: int = 400,
    data_seed: int = 0,
    resize: Resize = "area",
    seed: int = 0,
    threads: int = 1,
    device: Place = "cpu",
    resume: bool = False,
    strict: bool = False,
    store: str | None = None,
    told: Told = tell_nobody,
    should_stop: Callable[[], bool] = never,
) -> Report:
    """Train a SkyNet by a recipe into `folder`, and evaluate it on images that it has not seen.

    So many `iterations`, or as many as a `budget` of CPU time allows (`150s`; on a GPU, of time),
    which is held to while it trains; 1,400 without either. The folder then has `detector.pt`, and
    `skynet.onnx` with its manifest. What was interrupted goes on where it was, to the same weights
    on one thread; what is finished is evaluated again with `resume`. Where `should_stop` says so,
    it ends after the step at hand, keeps that and raises `KeyboardInterrupt`. `size` is (width,
    height). With the `device` `cuda` a GPU trains; what is left can be used without one. Raises
    `PlanError` for what cannot be trained and where another training is there, `TrainingError`
    where a loss is no number and for a device that is not there.
    """
    from dlscope.methods.codesign.searching.schedule import seconds
    from dlscope.methods.skynet.detector_training.training_folder import (
        TrainingRequest,
        trained_in,
    )

    shown = (size[1], size[0])
    request = TrainingRequest(
        recipe, variant, width, shown, act, f"{data}, {images} images, seed {data_seed}", resize,
        iterations, None if budget is None else seconds(budget), seed, threads, device,
    )  # fmt: skip
    asked = _Asked(data, data_seed, strict=strict, is_split=True, told=told)
    asked.named("val", val_images)
    detector = trained_in(
        folder,
        request,
        lambda: asked.kept_in(folder, images, shown, resize, heeding(told, should_stop)),
        dataset=_DATASETS.get(data, ""),
        may_be_finished=resume,
        told=told,
        should_stop=should_stop,
    )
    report = asked.evaluated([(str(folder), detector)], "val", val_images)
    measured = (f"dlscope evaluate {folder / 'skynet.yaml'}", "measure it like any other model")
    return keep(replace(report, next_commands=(measured,)), "skynet", "train", store=store)


def evaluate_skynet(
    weights: Sequence[Path],
    *,
    data: str = "uav-synth",
    split: Split = "val",
    images: int = 400,
    data_seed: int = 0,
    size: tuple[int, int] = (320, 160),
    strict: bool = False,
    store: str | None = None,
    told: Told = tell_nobody,
) -> Report:
    """Detectors beside one another on the same images, each at its own size and filter.

    `weights` are files of `build_skynet`, files or folders of `train_skynet`, or the authors' file,
    whose images are brought to `size` (width, height). Raises `DataError` for other files.
    """
    from dlscope.methods.skynet.detector_training.stored_detector import read_detector

    if not weights:
        raise DataError("there are no weights", where="skynet eval", fix="name a file or a folder")
    detectors = [(str(path), read_detector(path, (size[1], size[0]))) for path in weights]
    asked = _Asked(data, data_seed, strict=strict, told=told)
    report = asked.evaluated(detectors, split, images)
    return keep(report, "skynet", "eval", store=store)


@final
class _Asked:
    """The images that are asked for, made once for each size and filter."""

    def __init__(
        self, data: str, seed: int, *, strict: bool, told: Told, is_split: bool = False
    ) -> None:
        self._data, self._seed, self._is_split = data, seed, is_split
        self._strict, self._told = strict, told
        self._known: dict[Any, PreparedImages] = {}

    def named(self, split: Split, count: int) -> NamedImages:
        """Images of a split as they are."""
        from dlscope.methods.skynet.detector_training.named_images import images_named

        return images_named(self._data, split, count, seed=self._seed, is_split=self._is_split)

    def kept_in(
        self, folder: Path, count: int, size: tuple[int, int], resize: Resize, told: Told
    ) -> PreparedImages:
        """Images to train with at `size` (height, width), kept in `folder` until that is done."""
        from dlscope.methods.skynet.kept_images import kept_images

        images = self.named("train", count)
        asked = {"data": self._data, "seed": self._seed, "strict": self._strict}
        made_from = {**asked, "size": size, "resize": resize, **images.made_from()}
        self._known[("train", size, resize)] = kept = kept_images(
            folder, made_from, lambda: self._made(images, "train", size, resize, told)
        )
        return kept

    def prepared(
        self, split: Split, count: int, size: tuple[int, int], resize: Resize
    ) -> PreparedImages:
        """Images of a split at `size` (height, width)."""
        key = (split, size, resize)
        if key not in self._known:
            images = self.named(split, count)
            self._known[key] = self._made(images, split, size, resize, self._told)
        return self._known[key]

    def _made(
        self, images: NamedImages, split: Split, size: tuple[int, int], resize: Resize, told: Told
    ) -> PreparedImages:
        from dlscope.methods.skynet.prepared_images import prepared_images

        return prepared_images(
            images,
            size,
            resize=resize,
            strict=self._strict,
            counts=images.counts,
            told=lambda step, share: told(f"{split}: {step}", share),
        )

    def evaluated(
        self, detectors: Sequence[tuple[str, StoredDetector]], split: Split, count: int
    ) -> Report:
        """The report of detectors on images of a split."""
        from dlscope.methods.skynet.detection_scores import evaluate_detector
        from dlscope.methods.skynet.detector_training.detector_report import (
            Evaluated,
            detector_report,
        )

        rows = []
        for name, detector in detectors:
            images = self.prepared(split, count, detector.size, detector.resize)
            now = partial(self._told, f"evaluating {name} on {len(images)} images")
            scores = evaluate_detector(detector.predict, images, told=now)
            rows.append(Evaluated(name, detector, scores, images))
        return detector_report(
            rows,
            prepared=tuple(self._known.values()),
            command=f"dlscope skynet eval {' '.join(name for name, _ in detectors)}",
        )
