"""`trained_in`: a training with a folder of its own, begun, gone on with, or finished.

training.json   what was asked for, and how many steps that is
checkpoint.pt   the newest state, while it is trained
images-….npz    the images as they are prepared, likewise
detector.pt     the trained detector
skynet.onnx     the same as a model, with its manifest skynet.yaml
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from dlscope.core.errors import PlanError, did_you_mean
from dlscope.core.whole_file import write_whole
from dlscope.methods.skynet.detector_training.budget import Budget, require_budget, timed_budget
from dlscope.methods.skynet.detector_training.exporting import export_detector
from dlscope.methods.skynet.detector_training.recipes import recipe_of
from dlscope.methods.skynet.detector_training.stored_detector import (
    FILE,
    StoredDetector,
    read_detector,
    untrained,
)
from dlscope.methods.skynet.detector_training.training import TrainingOptions, train_detector
from dlscope.methods.skynet.kept_images import remove_kept_images
from dlscope.methods.skynet.prepared_images import PreparedImages
from dlscope.methods.skynet.preparing import Resize
from dlscope.training.launching import PLACES, Place, device_of
from dlscope.zoo.skynet.layout import Variant
from dlscope.zoo.skynet.network import Act

_ASKED, _CHECKPOINT, _MODEL = "training.json", "checkpoint.pt", "skynet.onnx"
_COUNT, _TIMED = "chosen_iterations", "phase_s"
_BEFORE = {"device": "cpu"}
"""What is not told by a folder that an earlier version wrote."""
_ITERATIONS = 1400


@final
@dataclass(frozen=True)
class TrainingRequest:
    """What is asked for: `size` is (height, width), `data` names the images.

    Either `iterations` or `budget_s`, or neither for 1,400 iterations. Raises `PlanError` for both,
    and for a recipe that there is not, `TrainingError` for a `device` that this machine lacks.
    """

    recipe: str
    variant: Variant
    width: float
    size: tuple[int, int]
    act: Act
    data: str
    resize: Resize
    iterations: int | None = None
    budget_s: float | None = None
    seed: int = 0
    threads: int = 1
    device: Place = "cpu"

    def __post_init__(self) -> None:
        recipe_of(self.recipe)
        if self.device not in PLACES:
            raise PlanError(
                f"there is no device {self.device!r}",
                where="skynet train",
                fix=did_you_mean(self.device, PLACES),
            )
        device_of(self.device)  # refused here where it is not there
        if self.budget_s is not None:
            require_budget(self.budget_s)
        if self.iterations is not None and self.budget_s is not None:
            raise PlanError(
                "iterations and a budget are both given",
                where="skynet train",
                fix="give one of them",
            )

    @property
    def torch_device(self) -> str:
        """Where torch computes, `cpu` or `cuda`."""
        return str(device_of(self.device).type)

    @property
    def start(self) -> StoredDetector:
        """The network before the first step."""
        return untrained(
            self.variant, width=self.width, size=self.size, act=self.act, seed=self.seed
        )


def trained_in(
    folder: Path,
    request: TrainingRequest,
    images_of: Callable[[], PreparedImages],
    *,
    dataset: str = "",
    may_be_finished: bool = False,
    told: Callable[[str, float], None] = lambda _step, _share: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> StoredDetector:
    """The detector that `request` asks for; what was interrupted goes on where it was.

    `images_of` is called where there is something to train. `dataset` is what the model is
    evaluated on by default. Asked to stop it ends after the step at hand, keeps that and raises
    `KeyboardInterrupt`. Raises `PlanError` for a folder with another training, or with a finished
    one unless that is allowed.
    """
    kept = _kept(folder, request)
    if kept is not None and (folder / FILE).is_file():
        if may_be_finished:
            return read_detector(folder)
        raise PlanError(
            "a finished training is there",
            where=str(folder),
            fix="evaluate it with --resume, or name another folder with --out",
        )
    images, start = images_of(), request.start
    options = kept or _options(request, images, start)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / _ASKED, json.dumps({**_plain(request), **_chosen(options)}, indent=1))
    trained = train_detector(
        start.network, images, options, folder=folder, told=told, should_stop=should_stop
    )
    if trained.ending == "stopped":
        most = "" if options.budget else f" of {options.iterations}"
        raise KeyboardInterrupt(
            f"{request.recipe} stopped after step {trained.steps}{most}, which is kept in {folder}"
        )
    detector = StoredDetector(
        start.network.to("cpu"),
        trained.course.anchors,
        request.resize,
        {"recipe": request.recipe, "iterations": trained.steps, "seed": request.seed},
        trained.history,
    )
    export_detector(detector, folder / _MODEL, dataset=dataset)
    detector.write(folder / FILE)
    (folder / _CHECKPOINT).unlink(missing_ok=True)
    remove_kept_images(folder)
    return detector


def _options(
    request: TrainingRequest, images: PreparedImages, start: StoredDetector
) -> TrainingOptions:
    """What the training is to be, decided once; steps are timed where a budget is given."""
    options = TrainingOptions(
        recipe_of(request.recipe),
        request.iterations or _ITERATIONS,
        request.seed,
        threads=request.threads,
        device=request.torch_device,
    )
    if request.budget_s is None:
        return options
    budget = timed_budget(
        request.budget_s,
        start.network,
        images,
        options.course(images),
        threads=options.threads,
        device=options.device,
    )
    return replace(options, iterations=budget.iterations(options.recipe), budget=budget)


def _chosen(options: TrainingOptions) -> dict[str, Any]:
    phase_s = None if options.budget is None else list(options.budget.phase_s)
    return {_COUNT: options.iterations, _TIMED: phase_s}


def _kept(folder: Path, request: TrainingRequest) -> TrainingOptions | None:
    """What the training in `folder` was to be; None where there is none."""
    path = folder / _ASKED
    if not path.is_file():
        return None
    before, asked = json.loads(path.read_text(encoding="utf-8")), _plain(request)
    names = sorted(name for name in asked if before.get(name, _BEFORE.get(name)) != asked[name])
    if names:
        there = ", ".join(_told(name, before.get(name, _BEFORE.get(name))) for name in names)
        raise PlanError(
            f"the training there has another {', '.join(names)}",
            where=str(folder),
            fix=f"go on with what it was begun with ({there}), or name another folder with --out",
        )
    timed, budget_s = before.get(_TIMED), request.budget_s
    return TrainingOptions(
        recipe_of(request.recipe),
        int(before[_COUNT]),
        request.seed,
        threads=request.threads,
        budget=None if budget_s is None or timed is None else Budget(budget_s, tuple(timed)),
        device=request.torch_device,
    )


def _told(name: str, value: Any) -> str:
    """A field of a request as words: `recipe iou`, or `no iterations`."""
    return f"no {name}" if value is None else f"{name} {value}"


def _plain(request: TrainingRequest) -> dict[str, Any]:
    return {**asdict(request), "size": list(request.size), "device": request.torch_device}
