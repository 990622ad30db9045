"""What a search is made of: spaces, data sets, devices and durations by their names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dlscope.core.manifest import DatasetManifest
    from dlscope.devices.base import Device
    from dlscope.methods.codesign.searching.images import LabelledImages
    from dlscope.methods.codesign.space.space import Space

Objective = Literal["latency", "throughput", "energy"]
_DURATION = re.compile(r"(?P<count>\d+(\.\d+)?)\s*(?P<unit>ns|us|µs|ms|s)")
_NS = {"ns": 1.0, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9}
_FOLDER = "codesign"


def space_of(name: str) -> Space:
    """The space called `name`, or in the file of that path."""
    from dlscope.catalog.finder import find
    from dlscope.core.manifest import SpaceManifest
    from dlscope.methods.codesign.space.space import Space

    manifest = find("space", name)
    if not isinstance(manifest, SpaceManifest):
        raise TypeError(f"{name} is no space")
    return Space(manifest)


def dataset_of(name: str) -> DatasetManifest:
    """The manifest of the data set called `name`, or in the file of that path."""
    from dlscope.catalog.finder import find
    from dlscope.core.manifest import DatasetManifest

    manifest = find("dataset", name)
    if not isinstance(manifest, DatasetManifest):
        raise TypeError(f"{name} is no data set")
    return manifest


def images_of(data: str, space: Space) -> LabelledImages:
    """All images of the data set called `data`, as `space` takes them, and their labels."""
    return read_dataset(dataset_of(data), space)


def read_dataset(manifest: DatasetManifest, space: Space) -> LabelledImages:
    """All images of a data set, as `space` takes them."""
    from dlscope.catalog.assets import open_dataset
    from dlscope.methods.codesign.searching.images import read_images

    dataset = open_dataset(manifest)
    return read_images(dataset, space.input, space.classes, name=manifest.identity)


def device_of(
    name: str,
    space: Space,
    threads: int,
    table: str | Path | None,
    foreign_table: bool,
    allow_predict: bool,
    store: str | None,
) -> Device:
    """The device called `name`; of the processor at hand with the rows of `space`."""
    from dlscope.api.local_devices import local_device
    from dlscope.methods.codesign.named_device import named_device

    return named_device(
        name,
        local=lambda: local_device(
            space,
            threads=threads,
            table=table,
            allow_foreign=foreign_table,
            allow_predict=allow_predict,
            store=store,
        ),
    )


def require_objective(device: Device, name: str, objective: Objective | None, space: Space) -> None:
    """Raise `SearchError` where `device` is judged by anything else, or knows no energy."""
    from dlscope.core.errors import SearchError
    from dlscope.methods.codesign.named_device import FLEXIBLE
    from dlscope.methods.codesign.searching.energy import SpaceEnergy

    if objective == "energy":
        if SpaceEnergy.of(space, device) is None:
            raise SearchError(
                f"{name} does not know the energy of a design",
                where="--objective",
                fix=f"use one that does: {', '.join(sorted(FLEXIBLE))}, such as bitfusion:4096@500",
            )
    elif objective is not None and objective != device.objective:
        raise SearchError(
            f"{name} is judged by its {device.objective}, not by {objective}",
            where="--objective",
            fix=f"leave it out, or use another model of the device than {device.name}",
        )


def warnings_of(device: Device) -> tuple[str, ...]:
    """What a search on `device` has to say about it."""
    from dlscope.devices.measured import MeasuredDevice

    return device.table.warnings() if isinstance(device, MeasuredDevice) else ()


def duration_ns(text: str | None) -> float | None:
    """Nanoseconds of `5ms` or `200us`. Raises `SearchError` for what is no time."""
    from dlscope.core.errors import SearchError

    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip())
    if match is None or not float(match["count"]):
        raise SearchError(
            f"{text!r} is not a time", where="--target-latency", fix="write 5ms or 200us"
        )
    return float(match["count"]) * _NS[match["unit"]]


def searches_folder(store: str | None) -> Path:
    """The folder of all searches of a store."""
    from dlscope.store.location import Location

    return Location.of(store).folder / _FOLDER
