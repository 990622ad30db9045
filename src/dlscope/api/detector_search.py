"""`DetectorSearch`: a bottom-up search of detectors, made of its images, judges and devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from dlscope.api.detector_judge import DetectorJudge, judged_recipes
from dlscope.api.detector_winner import write_detector_winner

if TYPE_CHECKING:
    from dlscope.methods.codesign.bottom_up.fitness import Goal
    from dlscope.methods.codesign.bottom_up.flow import BottomUpResult, BottomUpSettings
    from dlscope.methods.codesign.bottom_up.judging import Judge, Latency
    from dlscope.methods.codesign.bottom_up.measured_latency import MeasuredLatency
    from dlscope.methods.skynet.prepared_images import PreparedImages
    from dlscope.zoo.bundles.layout import StackedLayout

_SMALL = 0.01
_NS_PER_MS = 1e6


@final
@dataclass(frozen=True)
class DetectorData:
    """Images to train on and to judge by in the search, and some for the end that it never sees.

    `size` is (width, height). All are made from `seed`.
    """

    train: int = 1500
    judged: int = 300
    final: int = 500
    size: tuple[int, int] = (160, 80)
    seed: int = 0


@final
@dataclass(frozen=True)
class DetectorEffort:
    """How much is tried: an epoch is so many iterations of the training.

    `most` bundles go on to the swarm; 0 `final_epochs` train nothing at the end.
    """

    iterations_of_epoch: int = 60
    sketch_epochs: int = 1
    swarm_epochs: int = 1
    feature_epochs: int = 3
    final_epochs: int = 12
    particles: int = 4
    iterations: int = 3
    most: int = 3


@final
@dataclass(frozen=True)
class DetectorSearch:
    """What a search is asked, and what follows from it."""

    folder: Path
    data: DetectorData
    effort: DetectorEffort
    width: float
    threads: int
    seed: int

    @cached_property
    def reference(self) -> StackedLayout:
        """SkyNet C, for images of this size."""
        from dlscope.zoo.bundles.skynet_stack import skynet_stack

        return skynet_stack("C", width_mult=self.width, size=self.data.size[::-1])

    @cached_property
    def latencies(self) -> dict[str, Latency]:
        """How long a network takes on each device, by name; the processor is begun to be timed."""
        from dlscope.devices.skynet_fpga import SkyNetFpga
        from dlscope.methods.codesign.bottom_up.judging import layer_shapes

        board = SkyNetFpga()
        return {
            "cpu": lambda network: self._measured(network),
            "fpga": lambda network: board.latency_ns(layer_shapes(network)) / _NS_PER_MS,
        }

    @cached_property
    def _measured(self) -> MeasuredLatency:
        from dlscope.methods.codesign.bottom_up.measured_latency import MeasuredLatency

        kept = self.folder / "reference.json"
        return MeasuredLatency(self.reference, kept, threads=self.threads)

    def carried_out(
        self,
        goals: Sequence[Goal],
        bundles: Sequence[str],
        depth: int,
        multi_scale: bool,
        *,
        resume: bool,
        told: Callable[[str, float], None],
    ) -> BottomUpResult:
        """Search, and write the network as a model with a manifest."""
        from dlscope.methods.codesign.bottom_up.flow import search_bottom_up

        settings = self._settings(goals, bundles, depth)
        images = {name: self._images(name, told) for name in ("train", "val", "test")}
        features = replace(settings.features, small_share=_small_share(images["train"]))
        devices = [goal.device for goal in goals]
        result = search_bottom_up(
            replace(settings, features=features),
            self._judges(images, multi_scale=multi_scale),
            {name: self.latencies[name] for name in devices},
            _resource_of(devices[0]),
            self.folder,
            described=self._described(),
            resume=resume,
            told=told,
        )
        winner = result.winner
        form = self._measured.form_of(winner.network) if "cpu" in devices else "slices"
        write_detector_winner(self.folder, winner, images["train"], form=form)
        return result

    def notes(self, devices: Sequence[str]) -> tuple[str, ...]:
        """What the report has to say of how the reference was timed."""
        if "cpu" not in devices:
            return ()
        form = self._measured.form_of(self.reference)
        return (
            f"SkyNet C was timed with its reorder as {form}, the quickest way to write it here.",
        )

    def _settings(
        self, goals: Sequence[Goal], bundles: Sequence[str], depth: int
    ) -> BottomUpSettings:
        """All that can be decided, and refused, before there are images."""
        from dlscope.methods.codesign.bottom_up.bundle_stage import BundleOptions
        from dlscope.methods.codesign.bottom_up.features import FeatureOptions
        from dlscope.methods.codesign.bottom_up.fitness import Fitness
        from dlscope.methods.codesign.bottom_up.flow import BottomUpSettings
        from dlscope.methods.codesign.bottom_up.position import SwarmSpace
        from dlscope.methods.codesign.bottom_up.swarm import SwarmOptions
        from dlscope.zoo.bundles.bundle import BUNDLES, bundle_named

        effort, size = self.effort, self.data.size[::-1]
        return BottomUpSettings(
            fitness=Fitness(tuple(goals)),
            sketches=BundleOptions(
                self.reference.macs, effort.sketch_epochs, depth, most=effort.most, size=size
            ),
            space=SwarmSpace(bundles=depth),
            swarm=SwarmOptions(effort.particles, effort.iterations, effort.swarm_epochs, self.seed),
            features=FeatureOptions(effort.feature_epochs),
            resource="dsp" if goals[0].device == "fpga" else "parameters",
            bundles=tuple(map(bundle_named, bundles)) or BUNDLES,
            final_epochs=effort.final_epochs,
            reference=self.reference,
        )

    def _judges(
        self, images: Mapping[str, PreparedImages], *, multi_scale: bool
    ) -> dict[str, Judge]:
        """By images that the search may see, and by those that it may not."""
        recipes = judged_recipes()
        return {
            f"{prefix}{name}": DetectorJudge(
                images["train"],
                images[judged],
                recipe=recipe,
                iterations=self.effort.iterations_of_epoch,
                threads=self.threads,
                seed=self.seed,
            )
            for name, recipe in recipes.items()
            if multi_scale or name == "plain"
            for prefix, judged in (("", "val"), ("final_", "test"))
        }

    def _images(self, split: Any, told: Callable[[str, float], None]) -> PreparedImages:
        """Images of a split, made once and kept in the folder."""
        from dlscope.data.procedural.uav import UavImages
        from dlscope.methods.skynet.prepared_images import prepared_images, read_prepared

        counts = {"train": self.data.train, "val": self.data.judged, "test": self.data.final}
        width, height = self.data.size
        name = f"{split}-{counts[split]}-{width}x{height}-{self.data.seed}.npz"
        path = self.folder / "images" / name
        if path.is_file():
            return read_prepared(path)
        images = UavImages(split, counts[split], seed=self.data.seed)
        prepared = prepared_images(images, (height, width), told=told)
        path.parent.mkdir(parents=True, exist_ok=True)
        prepared.write(path)
        return prepared

    def _described(self) -> dict[str, Any]:
        """What else decides the answers of the judges."""
        width, height = self.data.size
        return {
            "images": [self.data.train, self.data.judged, self.data.final, self.data.seed],
            "size": [width, height],
            "iterations_of_epoch": self.effort.iterations_of_epoch,
            "recipes": {name: asdict(recipe) for name, recipe in judged_recipes().items()},
            "threads": self.threads,
            "seed": self.seed,
        }


def _resource_of(device: str) -> Callable[[StackedLayout], float]:
    """What classes of bundles are made by: DSPs of the accelerator, parameters elsewhere."""
    from dlscope.devices.skynet_fpga import SkyNetFpga
    from dlscope.methods.codesign.bottom_up.judging import layer_shapes

    if device == "fpga":
        board = SkyNetFpga()
        return lambda network: board.resources(layer_shapes(network))["dsp"]
    return lambda network: float(network.trainable)


def _small_share(images: PreparedImages) -> float:
    """Share of objects that cover less than 1 % of their image."""
    areas = images.sides_m2.prod(axis=1)
    return float((areas < _SMALL).mean()) if len(areas) else 0.0
