"""What a search leaves in its folder: `design.json`, the trained network, the record of it all.

request.json      what was asked
design.json       the chosen design with its numbers; absent where nothing meets the target
network.npz       its trained network
designs/NAME.json each finalist
record.json       the tables that a report is made of
supernet/         the last checkpoint, from which further designs can be derived
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dlscope.core.stats import wilson_interval
from dlscope.core.table import Table
from dlscope.devices.base import Device
from dlscope.methods.codesign.implementing.implementer import ImplementedDesign, Implementer
from dlscope.methods.codesign.measures.ranking import kendall_tau
from dlscope.methods.codesign.search_record import SMALLEST, SearchRecord
from dlscope.methods.codesign.searching.design_file import (
    DesignFile,
    Status,
    identity_of,
    tool_versions,
)
from dlscope.methods.codesign.searching.design_training import TrainedDesign
from dlscope.methods.codesign.searching.finalists import Finalist
from dlscope.methods.codesign.searching.kept import Kept
from dlscope.methods.codesign.searching.outcome import Infeasible, Outcome
from dlscope.methods.codesign.searching.recording import (
    choices_table,
    costs_in,
    pareto_table,
    precisions_table,
    trajectory_table,
)
from dlscope.methods.codesign.searching.request import SearchRequest
from dlscope.methods.codesign.searching.scoring import Score
from dlscope.methods.codesign.stored_network import save_network
from dlscope.methods.codesign.telling.implementation_tables import resources_table, stages_table

DESIGN, NETWORK, RECORD = "design.json", "network.npz", "record.json"
_DESIGNS = "designs"
_NS_PER_MS = 1e6


def write_outcome(found: Outcome | Infeasible, folder: Path) -> SearchRecord:
    """Write what was found into `folder`; the record of it."""
    record = _infeasible(found, folder) if isinstance(found, Infeasible) else _done(found, folder)
    Kept(folder).write(Path(RECORD).stem, record.to_json())
    return record


def read_record(folder: Path) -> SearchRecord | None:
    """The record in `folder`, None where its search has not ended."""
    path = folder / RECORD
    if not path.is_file():
        return None
    return SearchRecord.from_json(json.loads(path.read_text(encoding="utf-8")))


def write_trained(
    file: DesignFile, trained: TrainedDesign, folder: Path, *, dataset: str, seed: int
) -> DesignFile:
    """Write a design that was trained again, and its network, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(trained.network, folder / NETWORK)
    accuracy = accuracy_of(trained.scores["test"])
    found = replace(
        file,
        dataset=dataset,
        seed=seed,
        accuracy=accuracy,
        versions=tool_versions(),
        files={},
    ).with_files(folder, [NETWORK])
    found.save(folder / DESIGN)
    return found


def design_file(
    request: SearchRequest,
    implemented: ImplementedDesign,
    score: Score | None,
    *,
    status: Status = "done",
    warnings: tuple[str, ...] = (),
) -> DesignFile:
    """The file of a design that `request` led to."""
    return DesignFile.of(
        request.space,
        implemented,
        device=request.device_name,
        device_digest=request.device_digest,
        seed=request.seed,
        dataset=request.dataset,
        status=status,
        accuracy=None if score is None else accuracy_of(score),
        warnings=warnings,
    )


def accuracy_of(score: Score) -> dict[str, Any]:
    """A score as a design file holds it."""
    lo, hi = wilson_interval(score.right, score.n)
    return {"value": score.accuracy, "lo": lo, "hi": hi, "right": score.right, "n": score.n}


def _done(outcome: Outcome, folder: Path) -> SearchRecord:
    status: Status = "budget_limited" if outcome.is_limited else "done"
    warnings = (*outcome.request.warnings, *outcome.warnings, *_limited(outcome))
    save_network(outcome.network, folder / NETWORK)
    chosen = design_file(
        outcome.request,
        outcome.implemented,
        outcome.final.test,
        status=status,
        warnings=warnings,
    ).with_files(folder, [NETWORK])
    chosen.save(folder / DESIGN)
    _write_finalists(outcome, folder)
    return SearchRecord(
        **_head(outcome.request, folder),
        status=status,
        design=chosen.identity,
        epochs=len(outcome.history),
        facts=tuple(_facts(outcome)),
        warnings=warnings,
        tables=_tables(outcome, chosen.identity),
    )


def _infeasible(found: Infeasible, folder: Path) -> SearchRecord:
    target_ns = found.request.aims.target_ns or 0.0
    (folder / DESIGN).unlink(missing_ok=True)
    return SearchRecord(
        **_head(found.request, folder),
        status="infeasible",
        facts=(
            ("Target", f"{target_ns / _NS_PER_MS:.6g} ms"),
            (SMALLEST, f"{found.least_ns / _NS_PER_MS:.6g} ms"),
            ("Quickest design", found.quickest.told(found.request.space)),
        ),
        warnings=found.request.warnings,
    )


def _head(request: SearchRequest, folder: Path) -> dict[str, Any]:
    return {
        "title": f"{request.space.name} on {request.device_name}",
        "space": request.space.name,
        "device": request.device_name,
        "seed": request.seed,
        "objective": _objective(request),
        "clock_mhz": _clock_mhz(request.device),
        "input": request.space.input,
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "run": folder.name,
    }


def _objective(request: SearchRequest) -> str:
    """What designs are judged by."""
    is_energy = request.aims.minimised == "energy"
    return "energy" if is_energy else request.device.objective


def _clock_mhz(device: Device) -> float | None:
    board = getattr(device, "board", None)
    return None if board is None else float(board.clock_mhz)


def _tables(outcome: Outcome, chosen: str) -> Mapping[str, Table]:
    space, design = outcome.request.space, outcome.implemented.design
    return {
        "pareto": pareto_table(
            outcome.judged,
            outcome.finalists,
            chosen,
            costs_of=costs_in(Implementer(space, outcome.request.device)),
            final=outcome.final,
        ),
        "trajectory": trajectory_table(outcome.history, outcome.elapsed_ns),
        "choices": choices_table(space, outcome.operations_nm, design),
        "precisions": precisions_table(space, outcome.precisions_nmq, design),
        "stages": stages_table(
            space, outcome.implemented, clock_mhz=_clock_mhz(outcome.request.device)
        ),
        "resources": resources_table(outcome.request.device, outcome.implemented.resources),
    }


def _facts(outcome: Outcome) -> Iterator[tuple[str, str]]:
    schedule, request = outcome.schedule, outcome.request
    yield "Data set", request.dataset
    yield "Networks", f"{request.space.size().networks}"
    yield "Chosen design", outcome.implemented.design.told(request.space)
    score = outcome.final.test
    yield "Accuracy", f"{score.right} of {score.n} test images ({score.accuracy:.1%})"
    yield "Supernet", f"{len(outcome.history)} epochs of batches of {schedule.batch}"
    yield "Looked at", f"{len(outcome.judged)} designs within the aims"
    yield "Finalists", f"{len(outcome.finalists)}, trained for {schedule.finalist_epochs} epochs"
    yield from rank_agreement(outcome.finalists)
    yield "Last training", f"{schedule.final_epochs} epochs"


def rank_agreement(finalists: Sequence[Finalist]) -> Iterator[tuple[str, str]]:
    """How well the supernet ordered the finalists, as a fact; nothing where no order can be."""
    told = [each.estimated_loss for each in finalists]
    tau = kendall_tau(told, [each.chosen_by.loss for each in finalists])
    if math.isfinite(tau):
        yield (
            "Rank agreement",
            f"Kendall τ {tau:.2f} between the loss that the supernet told of {len(told)} finalists "
            "and that after training",
        )


def _limited(outcome: Outcome) -> tuple[str, ...]:
    if not outcome.is_limited:
        return ()
    steps = outcome.schedule.most_steps
    return (f"budget_limited: the budget allows {steps} steps of each of two epochs",)


def _write_finalists(outcome: Outcome, folder: Path) -> None:
    designs = folder / _DESIGNS
    designs.mkdir(exist_ok=True)
    implementer = Implementer(outcome.request.space, outcome.request.device)
    for each in outcome.finalists:
        file = design_file(outcome.request, implementer.implement(each.design), each.test)
        file.save(designs / f"{each.identity}.json")
        shutil.rmtree(folder / _checkpoints_of(each), ignore_errors=True)


def _checkpoints_of(finalist: Finalist) -> str:
    """The folder that it was trained in."""
    return f"finalist-{identity_of(finalist.design)}"
