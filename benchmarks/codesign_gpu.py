"""Co-design with a GPU: a table of operations timed on it, and a search that is trained on it.

1. Every operation of the space `mnist_cpu` in float is timed on the device as the networks run it,
   and 24 whole networks beside them: how well are networks told by the sum of their operations?
2. The same steps of the supernet on the processor and on the device: do they lose the same, and how
   much sooner is it done?
3. A search of that space for what was timed, trained on the device: is the network that it finds as
   quick as it was told?

Pictures are drawn, so that nothing has to be there. It is a part of `gpu.py`; alone:

    python benchmarks/codesign_gpu.py [--place cuda]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.core.errors import MeasurementError

Call = Callable[[], Any]
SPACE = "mnist_cpu"
NETWORKS = 24


@final
@dataclass(frozen=True)
class Effort:
    """How much is done: pictures, epochs of the supernet, and rounds of timing."""

    images: int = 4000
    epochs: int = 8
    rounds: int = 30
    networks: int = NETWORKS
    blocks: int | None = None
    """Only the first so many blocks of the space."""


REHEARSAL = Effort(images=60, epochs=2, rounds=1, networks=2, blocks=1)


def space_of(effort: Effort) -> Any:
    """The space, in float alone."""
    from dlscope.catalog.finder import find
    from dlscope.core.manifest import SpaceManifest
    from dlscope.core.manifest.base import parse_manifest
    from dlscope.methods.codesign.space.space import Space

    found = find("space", SPACE).to_json()
    plain = {**found, "quant": [32], "blocks": found["blocks"][: effort.blocks]}
    return Space(parse_manifest(SpaceManifest, plain, lambda _: SPACE))


def pictures(space: Any, count: int) -> Any:
    """Noisy stripes, as many kinds as there are classes: by their angle and their width."""
    from dlscope.methods.codesign.searching.images import LabelledImages

    draw = np.random.default_rng(0)
    channels, height, width = space.input
    labels = np.arange(count) % space.classes
    angles = np.pi * (labels % 5) / 5
    waves = np.where(labels < space.classes / 2, 4.0, 9.0)
    rows, columns = np.mgrid[0:height, 0:width]
    along_nhw = (
        np.cos(angles)[:, None, None] * rows + np.sin(angles)[:, None, None] * columns
    ) + draw.uniform(0, 10, (count, 1, 1))
    seen = 0.5 + 0.2 * np.sin(2 * np.pi * along_nhw / waves[:, None, None])
    noisy = np.clip(seen + draw.normal(0, 0.25, seen.shape), 0, 1).astype(np.float32)
    return LabelledImages(np.repeat(noisy[:, None], channels, axis=1), labels.astype(np.int64))


def timed_table(space: Any, place: str, effort: Effort) -> tuple[Any, Mapping[str, Any]]:
    """The device that was timed, and how well networks are told by their operations."""
    from gpu_latency import latencies, least_overhead_ns

    from dlscope.devices.calibration import calibrate
    from dlscope.devices.measured import MeasuredDevice, MeasuredRow, MeasuredTable
    from dlscope.methods.codesign.measuring.operations import parts_of, timed_operations
    from dlscope.methods.codesign.measuring.rows import calibration_designs
    from dlscope.stacks.fingerprint import environment

    operations = timed_operations(space)
    designs = calibration_designs(space, 0, effort.networks, 0)
    calls = {
        f"operation {n}": network_call(space, each.design, place, each.part)
        for n, each in enumerate(operations)
    }
    calls |= {f"network {n}": network_call(space, each, place) for n, each in enumerate(designs)}
    times = latencies(calls, place, rounds=effort.rounds)
    taken = {name: least_overhead_ns(row) for name, row in times.items()}
    rows = [
        MeasuredRow(*each.key, taken[f"operation {n}"], 0.0, effort.rounds)
        for n, each in enumerate(operations)
    ]
    device = MeasuredDevice(MeasuredTable(environment().fingerprint, tuple(rows)))
    precision = space.precisions[0]
    sums = [
        device.latency_ns((tuple(layers) for _, layers in parts_of(space, each)), precision)
        for each in designs
    ]
    measured = [taken[f"network {n}"] for n in range(len(designs))]
    told: dict[str, Any] = {
        "operations": {
            " + ".join(map(str, each.layers)): taken[f"operation {n}"]
            for n, each in enumerate(operations)
        },
        "sums_ns": sums,
        "networks_ns": measured,
        "correlation": float(np.corrcoef(sums, measured)[0, 1]),
    }
    try:
        line = calibrate(sums, measured)
        device = MeasuredDevice(device.table, {precision: line})
        told["calibration"] = line.to_json()
    except MeasurementError as error:
        told["calibration"] = error.what
    return device, told


def network_call(space: Any, design: Any, place: str, part: str | None = None) -> Call:
    """A call of a design, or of one `part` of it, as it is emitted: normalisations folded.

    Weights are drawn: they change no time.
    """
    import torch

    from dlscope.methods.codesign.network_plan import NetworkPlan

    plan = NetworkPlan.of(space, design)
    layers = [each for each in plan.layers if part in (None, part_of(each.name))]
    sources = {} if part else {target: source for source, target in plan.residuals}
    weights = [weights_of(each.shape, place) for each in layers]
    first = layers[0].shape
    given = torch.rand((1, first.channels_in, *first.map_in)).to(place)

    def call() -> Any:
        values, kept = given, {}
        for number, (layer, own) in enumerate(zip(layers, weights, strict=True)):
            values = computed(layer, values, *own, kept.get(sources.get(number)))
            kept[number] = values
        return values

    return call


def part_of(layer: str) -> str:
    """The part of a network that a layer belongs to."""
    part = layer.partition(".")[0]
    return "head" if part == "classifier" else part


def weights_of(shape: Any, place: str) -> tuple[Any, Any]:
    """Weights and bias of a layer, drawn."""
    import torch

    from dlscope.methods.codesign.folded_network import weights_shape

    weights = torch.randn(weights_shape(shape)) / np.sqrt(np.prod(weights_shape(shape)[1:]))
    return weights.to(place), torch.zeros(shape.channels_out).to(place)


def computed(layer: Any, values: Any, weights: Any, bias: Any, added: Any) -> Any:
    """What a layer makes of `values`, with `added` before its activation."""
    from torch.nn import functional

    shape = layer.shape
    if shape.kind == "dense":
        return functional.linear(values.mean((2, 3)), weights.flatten(1), bias)
    padding = tuple(side // 2 for side in shape.kernel)
    found = functional.conv2d(values, weights, bias, shape.stride, padding, groups=shape.groups)
    found = found if added is None else found + added
    return functional.relu6(found) if layer.activation == "relu6" else found


def compared_steps(space: Any, device: Any, splits: Any, place: str) -> Mapping[str, Any]:
    """The first weight and choice steps on the processor and at `place`."""
    from dlscope.methods.codesign.implementing.implementer import Implementer
    from dlscope.methods.codesign.searching.aims import Aims
    from dlscope.methods.codesign.searching.bilevel import BilevelSearch
    from dlscope.methods.codesign.searching.schedule import SearchSchedule
    from dlscope.training.determinism import reproducible

    told: dict[str, Any] = {}
    indices = np.arange(min(64, len(splits.validation)))
    for name in dict.fromkeys(("cpu", place)):
        with reproducible(0, is_strict=name == "cpu"):
            search = BilevelSearch(
                Implementer(space, device), splits, SearchSchedule(), Aims(), seed=0, place=name
            )
            losses, took = [], []
            for turn in range(4):
                begun = time.perf_counter()
                weights = search.weight_step(indices, 0.0, turn=turn)
                choices = search.choice_step(indices, 0.0, turn=turn)
                took.append(time.perf_counter() - begun)
                losses.append([weights["training_loss"], choices["loss"]])
        told[name] = {"losses": losses, "step_s": float(np.median(took))}
    pairs = zip(told["cpu"]["losses"], told[place]["losses"], strict=True)
    told["first_difference"] = float(np.abs(np.subtract(*next(pairs))).max())
    return told


def searched(space: Any, device: Any, splits: Any, place: str, effort: Effort) -> Mapping[str, Any]:
    """A search at `place`, and what its network takes there beside what was told."""
    from gpu_latency import latencies, least_overhead_ns

    from dlscope.core.manifest import DatasetManifest
    from dlscope.methods.codesign.searching.outcome import Infeasible
    from dlscope.methods.codesign.searching.request import SearchRequest
    from dlscope.methods.codesign.searching.schedule import SearchSchedule
    from dlscope.methods.codesign.searching.search import Search, tell_nobody

    data = DatasetManifest(
        kind="dataset",
        schema_version=1,
        name="stripes",
        version="1.0.0",
        task="image_classification",
        license="none",
        reader="pixel_rows",
        items=len(splits.seen) + len(splits.test),
        data_kind="procedural",
    )
    request = SearchRequest(
        space=space,
        device=device,
        device_name=f"measured {place}",
        data=data,
        schedule=SearchSchedule.of_epochs(effort.epochs),
        place=place,
    )
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = Search(request, splits, Path(folder), tell_nobody).run()
    took = time.monotonic() - begun
    if isinstance(found, Infeasible):
        return {"wall_s": took, "status": "infeasible"}
    design = found.final.design
    call = network_call(space, design, place)
    timed = latencies({"found": call}, place, rounds=effort.rounds)["found"]
    return {
        "wall_s": took,
        "design": list(design.operations),
        "accuracy": found.final.test.accuracy,
        "finalists": len(found.finalists),
        "told_ns": found.final.time_ns,
        "measured_ns": least_overhead_ns(timed),
    }


def measured(place: str, effort: Effort) -> dict[str, Any]:
    """All of it. Raises `TrainingError` where the place is not there."""
    import torch

    from dlscope.methods.codesign.searching.images import Splits
    from dlscope.training.launching import device_of

    device_of("cuda" if place == "cuda" else "cpu")
    torch.set_num_threads(1)  # so little is left to a processor that a second one waits
    space = space_of(effort)
    splits = Splits.of(pictures(space, effort.images), name="stripes")
    device, table = timed_table(space, place, effort)
    told: dict[str, Any] = {"table": table}
    for name, part in (
        ("steps", lambda: compared_steps(space, device, splits, place)),
        ("search", lambda: searched(space, device, splits, place, effort)),
    ):
        # A part that is ended for its time leaves at least what it had.
        print(json.dumps(told), file=sys.stderr)
        told[name] = part()
    return told


def main(arguments: Sequence[str] | None = None) -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--place", choices=("cuda", "cpu"), default="cuda")
    options = parser.parse_args(arguments)
    print(json.dumps(measured(options.place, Effort()), indent=1))


if __name__ == "__main__":
    main()
