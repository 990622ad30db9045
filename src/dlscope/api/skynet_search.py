"""A detector designed from the bottom up for a device: `search_skynet`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dlscope.api.command_line import command_of
from dlscope.api.detector_search import DetectorData, DetectorEffort, DetectorSearch
from dlscope.api.kept import keep
from dlscope.api.watcher import Told, tell_nobody
from dlscope.core.errors import PlanError, did_you_mean

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.methods.codesign.bottom_up.fitness import Form, Goal

Device = Literal["cpu", "fpga"]
DEVICES: tuple[Device, ...] = ("cpu", "fpga")
ALPHAS: Mapping[str, float] = {"identity": -0.2, "abs": -2.0, "hinge": -2.0}
"""What being slower than the target by as much again takes from the fitness, where not said."""
_TARGET = re.compile(r"(?P<number>-?\d+(\.\d+)?)\s*(?P<unit>x|ms)")
_WHERE = "skynet search"
_USUAL: Mapping[str, Any] = {
    "device": ["cpu"],
    "target": ["0.6x"],
    "alpha": None,
    "form": "identity",
    "bundle": [],
    "depth": 5,
    "multi_scale": False,
}
"""What the options are where they are not given."""


def search_skynet(
    folder: str | Path,
    *,
    devices: Sequence[Device] = ("cpu",),
    targets: Sequence[str] = ("0.6x",),
    alpha: float | None = None,
    form: Form = "identity",
    bundles: Sequence[str] = (),
    depth: int = 5,
    width: float = 0.5,
    data: DetectorData | None = None,
    effort: DetectorEffort | None = None,
    multi_scale: bool = False,
    threads: int = 1,
    seed: int = 0,
    resume: bool = False,
    store: str | None = None,
    told: Told = tell_nobody,
) -> Report:
    """The report of a search in `folder`, where the network is left with its weights.

    A target is `5ms`, or `0.6x` of what SkyNet C of `width` takes on that device; there is one for
    each of `devices`, or one for all. `cpu` is measured, SkyNet C in its quickest form; `fpga` is
    SkyNet's accelerator as cycles tell it. `alpha` is in 1/ms. A search that was interrupted goes
    on with `resume`. Raises `PlanError` for what cannot be searched.
    """
    from dlscope.methods.codesign.bottom_up.report import bottom_up_report

    asked = DetectorSearch(
        Path(folder),
        data or DetectorData(),
        effort or DetectorEffort(),
        width=width,
        threads=threads,
        seed=seed,
    )
    goals = _goals(asked, devices, targets, alpha, form)
    result = asked.carried_out(goals, bundles, depth, multi_scale, resume=resume, told=told)
    command = _command(
        asked,
        device=devices,
        target=targets,
        alpha=alpha,
        form=form,
        bundle=bundles,
        depth=depth,
        multi_scale=multi_scale,
    )
    report = bottom_up_report(result, notes=asked.notes(devices), command=command)
    return keep(report, "skynet", "search", store=store)


def _goals(
    asked: DetectorSearch,
    devices: Sequence[Device],
    targets: Sequence[str],
    alpha: float | None,
    form: Form,
) -> list[Goal]:
    """A goal for each device. Raises `PlanError` for unknown ones and targets that do not fit."""
    from dlscope.methods.codesign.bottom_up.fitness import Goal

    for device in devices:
        if device not in DEVICES:
            raise PlanError(
                f"there is no device {device!r}", where=_WHERE, fix=did_you_mean(device, DEVICES)
            )
    if len(targets) not in (1, len(devices)):
        raise PlanError(
            f"{len(targets)} targets do not fit {len(devices)} devices",
            where=_WHERE,
            fix="give one target, or one for each device",
        )
    each = targets if len(targets) == len(devices) else [*targets] * len(devices)
    goals = []
    for device, target in zip(devices, each, strict=True):
        latency = asked.latencies[device]
        target_ms = _target_ms(target, partial(latency, asked.reference))
        own = ALPHAS.get(form, -1.0) / abs(target_ms or 1.0) if alpha is None else alpha
        goals.append(Goal(device, target_ms, own, form))
    return goals


def _command(asked: DetectorSearch, **options: Any) -> str:
    """What goes on with this search: every option that is not as it is anyway."""
    data, effort = asked.data, asked.effort
    usual, tried = DetectorData(), DetectorEffort()
    given: Mapping[str, tuple[Any, Any]] = {
        "into": (asked.folder, None),
        **{name: (_listed(value), _USUAL[name]) for name, value in options.items()},
        "width": (asked.width, 0.5),
        "size": (data.size, usual.size),
        "images": (data.train, usual.train),
        "val_images": (data.judged, usual.judged),
        "test_images": (data.final, usual.final),
        "data_seed": (data.seed, usual.seed),
        "epoch": (effort.iterations_of_epoch, tried.iterations_of_epoch),
        "sketch_epochs": (effort.sketch_epochs, tried.sketch_epochs),
        "epochs": (effort.swarm_epochs, tried.swarm_epochs),
        "feature_epochs": (effort.feature_epochs, tried.feature_epochs),
        "final_epochs": (effort.final_epochs, tried.final_epochs),
        "groups": (effort.most, tried.most),
        "particles": (effort.particles, tried.particles),
        "iterations": (effort.iterations, tried.iterations),
        "seed": (asked.seed, 0),
        "threads": (asked.threads, 1),
    }
    told = {name: value for name, (value, default) in given.items() if value != default}
    return command_of("skynet search", {**told, "resume": True})


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _target_ms(text: str, reference_ms: Callable[[], float]) -> float:
    """Milliseconds of `5ms`, or of `0.6x` of the reference."""
    match = _TARGET.fullmatch(text.strip())
    if match is None:
        raise PlanError(f"{text!r} is no target", where="--target", fix="write 5ms or 0.6x")
    number = float(match["number"])
    return number * reference_ms() if match["unit"] == "x" and number > 0 else number
