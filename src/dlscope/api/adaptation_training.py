"""`train_adaptation`: one recipe on folders of your own, whichever format they have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dlscope.api.adaptation_request import AdaptationRequest
from dlscope.api.kept import keep
from dlscope.api.watcher import Told, never, tell_nobody

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.methods.adaptation.domains import Domains
    from dlscope.methods.adaptation.selecting import Selection
    from dlscope.methods.adaptation.training import Training
    from dlscope.training.launching import Place


def train_adaptation(
    request: AdaptationRequest,
    folder: Path,
    *,
    device: Place = "cpu",
    threads: int = 1,
    select: Selection = "last",
    store: str | None = None,
    told: Told = tell_nobody,
    should_stop: Callable[[], bool] = never,
) -> Report:
    """Train a row of the ablation, and those that it starts from, below `folder`.

    The labels of the target are opened in its part `val` alone, to judge the last weights. Those
    are the headline; `select` is what others are selected by beside them: `source_val`,
    `target_entropy`, or `oracle`, which reads labels of `val` to do so. `device` is `cpu`, `cuda`,
    or `auto`: a GPU where there is one. What was interrupted goes on with the same call; asked to
    stop, the training ends after the step at hand, keeps that and raises `KeyboardInterrupt`.

    Raises `PlanError` for an unknown preset or row, `DataError` for files that cannot be read,
    `TrainingError` without the device, and where other options were trained with in `folder`.
    """
    from dlscope.methods.adaptation.asked import require_same
    from dlscope.methods.adaptation.recipes import in_order
    from dlscope.methods.adaptation.training import Training
    from dlscope.training.launching import device_of

    in_order([request.row])
    request.require_selectable(select)
    domains = request.domains()
    place = device_of(device)
    require_same(folder, asdict(domains))
    training = Training(
        folder,
        domains,
        request.seed,
        threads=threads,
        device=place,
        select=select,
        told=told,
        should_stop=should_stop,
    )
    report = _report(request, training, domains, folder, select)
    command = request.command(folder, device, select)
    report = replace(report, command=command)
    return keep(report, "adapt", "train", store=store)


def _report(
    request: AdaptationRequest,
    training: Training,
    domains: Domains,
    folder: Path,
    select: Selection,
) -> Report:
    from dlscope.methods.adaptation.evaluating import evaluated
    from dlscope.methods.adaptation.looking import target_pictures
    from dlscope.methods.adaptation.recipes import WARM_START, in_order, told_of
    from dlscope.methods.adaptation.training_report import training_report

    row, is_judged = request.row, request.val is not None
    stages = {each: training.row(each) for each in (WARM_START, *in_order([row]))}
    seen = domains.target_judges if is_judged else domains.target_pictures
    split = domains.options.rules.split
    scores = (
        {each: evaluated(stages[each].network, seen, split) for each in (WARM_START, row)}
        if is_judged
        else {}
    )
    other = training.selected(row)
    networks = {told_of(each): stages[each].network for each in (WARM_START, row)}
    return training_report(
        row,
        stages,
        scores,
        select=select,
        selected=evaluated(other, seen, split) if is_judged and other is not None else None,
        pictures=target_pictures(networks, seen),
        warnings=domains.warnings(),
        next_commands=tuple(_exports(request, folder, select if other is not None else "last")),
    )


def _exports(request: AdaptationRequest, folder: Path, select: Selection) -> list[tuple[str, str]]:
    """How the networks are exported: the one with the last weights, and the selected one."""
    last = (
        f"dlscope adapt export {request.row} --seed {request.seed} --preset {request.preset} "
        f"--out {folder}"
    )
    selected = (f"{last} --select {select}", "the same with the weights that were selected")
    return [(last, "as ONNX with its manifest"), *([selected] if select != "last" else [])]
