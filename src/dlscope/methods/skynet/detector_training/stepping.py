"""`Stepping`: a step of a training after another, each drawn from the seed and its number alone.

So a training that was killed goes on to the same weights, bit for bit, on one thread.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
import torch
from numpy.typing import NDArray

from dlscope.core.errors import TrainingError
from dlscope.methods.skynet.detector_training.device_pixels import DevicePixels
from dlscope.methods.skynet.detector_training.overlap_loss import overlap_loss
from dlscope.methods.skynet.detector_training.recipes import Phase, Recipe
from dlscope.methods.skynet.detector_training.views import Looks, looks_of, pixels_of
from dlscope.methods.skynet.prepared_images import PreparedImages
from dlscope.methods.skynet.region_loss import region_loss
from dlscope.training.average import ParameterAverage
from dlscope.training.batches import Batches
from dlscope.training.checkpoints import Stateful
from dlscope.training.loop import Figures
from dlscope.training.schedule import cosine, set_rate
from dlscope.zoo.skynet.layout import STRIDE

Anchors: TypeAlias = tuple[tuple[float, float], ...]
Losses: TypeAlias = Mapping[str, Any]
"""`loss`, the total, its parts, `boxes` and `recall`; tensors where they are computed."""

_VIEWS, _SIZES = 1, 2
_SIZE_EVERY = 10
_SIDES = 2 * STRIDE


@final
@dataclass(frozen=True)
class Course:
    """What decides every step of a training, beside the network: `size` is (height, width).

    A point of it, its position, goes from 0 to `iterations`, which are those that are planned.
    """

    recipe: Recipe
    iterations: int
    anchors: Anchors
    size: tuple[int, int]
    seed: int

    def phase(self, position: float) -> Phase:
        """The phase that a point of the course is in."""
        return self.recipe.phase_at(position / self.iterations)

    def size_at(self, step: int, position: float) -> tuple[int, int]:
        """Height and width of what `step`, at a point of the course, sees; multiples of 16."""
        phase = self.phase(position)
        draw = np.random.default_rng((self.seed, _SIZES, step // _SIZE_EVERY))
        scale = float(draw.choice(phase.scales)) * (phase.window or 1.0)
        if scale == 1.0:
            return self.size
        height, width = (max(_SIDES, _SIDES * round(s * scale / _SIDES)) for s in self.size)
        return height, width

    def rate(self, position: float) -> float:
        """The learning rate at a point of the course."""
        recipe = self.recipe
        warm_up = min(recipe.warm_up, self.iterations // 4)
        last = recipe.rate * recipe.last_rate
        progress = (position + 1) / (self.iterations + 1)
        return cosine(progress, recipe.rate, last, warm_up=warm_up / self.iterations)


@final
class Stepping:
    """The network with all that a step changes, and what it learns from."""

    def __init__(
        self, network: Any, images: PreparedImages, course: Course, *, device: str = "cpu"
    ) -> None:
        recipe = course.recipe
        # Depth-wise convolutions of a GPU want channels apart, those of a CPU together.
        form = torch.channels_last if device == "cpu" else torch.contiguous_format
        self.network = network.train().to(device, memory_format=form)
        self._images, self._course = images, course
        self._pixels = None if device == "cpu" else DevicePixels(images, device)
        self._optimizer = torch.optim.AdamW(
            _groups(network, recipe.weight_decay), recipe.rate, foreach=True
        )
        self._average = ParameterAverage(network, recipe.average) if recipe.average else None
        self._last: list[float] = []

    @property
    def stateful(self) -> Mapping[str, Stateful]:
        """All that has to be kept, to go on."""
        kept: dict[str, Stateful] = {"network": self.network, "optimizer": self._optimizer}
        return kept | ({} if self._average is None else {"average": self._average})

    def settle(self) -> None:
        """Let the network have the average of its weights, where one was taken."""
        if self._average is not None:
            self.network.load_state_dict(self._average.state_dict()["average"])

    def stepped(self, step: int, position: float) -> Figures:
        """Take `step`, at a point of the course; its figures."""
        course = self._course
        set_rate(self._optimizer, course.rate(position))
        indices = _indices(course, course.phase(position), step, len(self._images))
        looks, values_bchw = self._seen(step, position, indices)
        self._optimizer.zero_grad(set_to_none=True)
        boxes = [torch.from_numpy(each) for each in looks.boxes]
        losses = losses_of(self.network(values_bchw), boxes, course)
        figures = _numbers(losses)
        self._require_finite(figures, step, position, [self._images.names[i] for i in indices])
        losses["loss"].backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), course.recipe.clip)
        self._optimizer.step()
        if self._average is not None:
            self._average.update()
        return figures

    def _seen(self, step: int, position: float, indices: Sequence[int]) -> tuple[Looks, Any]:
        """What a step looks at, and that as the network takes it."""
        course, size = self._course, self._course.size_at(step, position)
        phase, draw = course.phase(position), np.random.default_rng((course.seed, _VIEWS, step))
        looks = looks_of(self._images, indices, course.recipe, phase, size, draw)
        if self._pixels is None:
            pixels_bhwc = torch.from_numpy(pixels_of(self._images, indices, looks, size))
            return looks, network_input(pixels_bhwc, looks.colors_b33)
        values_bchw = network_input(self._pixels.seen(indices, looks, size), looks.colors_b33)
        return looks, values_bchw.contiguous()

    def _require_finite(
        self, figures: Figures, step: int, position: float, names: Sequence[str]
    ) -> None:
        wrong = [name for name, value in figures.items() if not math.isfinite(value)]
        if not wrong:
            self._last = [*self._last[-2:], figures["loss"]]
            return
        before = ", ".join(f"{each:.4g}" for each in self._last) or "none"
        raise TrainingError(
            f"{', '.join(wrong)}: not a number at step {step + 1}; learning rate "
            f"{self._course.rate(position):.3g}, the last losses {before}",
            where=f"recipe {self._course.recipe.name}, images {', '.join(names[:3])} …",
            fix="use a smaller learning rate; the checkpoint before is kept",
        )


def losses_of(head_bchw: Any, boxes: Sequence[Any], course: Course) -> Losses:
    """The loss of the recipe and its parts."""
    recipe = course.recipe
    if recipe.loss == "region":
        region = region_loss(head_bchw, boxes, course.anchors)
        parts = {name: getattr(region, name) for name in ("x", "y", "w", "h", "conf")}
        return {"loss": region.total, **parts, "boxes": region.boxes, "recall": region.recall}
    learnt = overlap_loss(head_bchw, boxes, course.anchors, recipe.weights)
    parts = {name: getattr(learnt, name) for name in ("box", "sure", "rank")}
    return {"loss": learnt.total, **parts, "boxes": learnt.boxes, "recall": learnt.recall}


def network_input(pixels_bhwc: Any, colors_b33: NDArray[np.float32]) -> Any:
    """Views as the network takes them, [B, 3, h, w] in −2…2, their colors changed."""
    batch, height, width, _ = pixels_bhwc.shape
    values = pixels_bhwc.reshape(batch, height * width, 3).float()
    colors = torch.from_numpy(colors_b33).to(values.device)
    colored = torch.bmm(values, colors.transpose(1, 2))
    normalised = colored.clamp_(0, 255).sub_(127.5).mul_(1 / 63.75)
    return normalised.reshape(batch, height, width, 3).permute(0, 3, 1, 2)


def _indices(course: Course, phase: Phase, step: int, count: int) -> list[int]:
    """Which images a step sees; every epoch of a phase has an order of its own."""
    which = course.recipe.phases.index(phase)
    seed = int(np.random.SeedSequence((course.seed, which)).generate_state(1)[0])
    batches = Batches(count, phase.batch, seed=seed)
    epoch, place = divmod(step, len(batches))
    return [int(i) for i in next(b for n, b in enumerate(batches.of_epoch(epoch)) if n == place)]


def _numbers(losses: Losses) -> Figures:
    """Losses as numbers; those of a GPU are waited for once."""
    there = {name: each.detach() for name, each in losses.items() if torch.is_tensor(each)}
    numbers = torch.stack([each.double() for each in there.values()]).tolist()
    read = dict(zip(there, numbers, strict=True))
    return {name: read[name] if name in read else float(each) for name, each in losses.items()}


def _groups(network: Any, decay: float) -> list[dict[str, Any]]:
    """Kernels, whose weights decay, and gains and biases, whose do not."""
    parameters = list(network.parameters())
    return [
        {"params": [each for each in parameters if each.ndim > 1], "weight_decay": decay},
        {"params": [each for each in parameters if each.ndim <= 1], "weight_decay": 0.0},
    ]
