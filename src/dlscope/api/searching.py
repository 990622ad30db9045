"""Co-design searches: `search`, `derive_designs`, `train_design`, `compare_searches`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dlscope.api.found_searches import search_folder, search_record
from dlscope.api.search_inputs import (
    Objective,
    dataset_of,
    device_of,
    duration_ns,
    read_dataset,
    require_objective,
    searches_folder,
    space_of,
    warnings_of,
)
from dlscope.api.search_run import SearchRun
from dlscope.api.watcher import Told, tell_nobody

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.methods.codesign.searching.aims import Aims
    from dlscope.methods.codesign.searching.design_file import DesignFile
    from dlscope.methods.codesign.searching.images import LabelledImages
    from dlscope.methods.codesign.searching.request import SearchRequest

Implementing = Literal["closed_form", "gradient"]
Combination = Literal["product", "log", "sum", "exponent"]
Mode = Literal["together", "two_step"]


def search(
    space: str,
    device: str,
    data: str,
    *,
    budget: str | None = None,
    epochs: int | None = None,
    seed: int = 0,
    objective: Objective | None = None,
    target_latency: str | None = None,
    mode: Mode = "together",
    implementing: Implementing = "closed_form",
    combine: Combination = "product",
    threads: int = 1,
    place: Literal["cpu", "gpu", "auto"] = "cpu",
    table: str | Path | None = None,
    foreign_table: bool = False,
    allow_predict: bool = False,
    rerun: bool = False,
    store: str | None = None,
    told: Told = tell_nobody,
) -> SearchRun:
    """A network of `space` and its implementation on `device`, searched for together.

    The parts of the search fill `budget`, ten minutes unless `epochs` says how long they are.
    A design is faster than `target_latency`, or the search says that there is none. `objective`
    is what the device is judged by, and refused where it is judged by something else; `energy`
    minimises that in place of the time, on a device that knows it. `two_step` is the baseline that
    looks for accuracy first and for the implementation afterwards. The same search is not made
    twice, unless `rerun`; a killed one goes on where it was. Raises `DlscopeError` for what does
    not fit together, before anything is trained, and `TrainingError` where a loss is no number.
    """
    from dlscope.methods.codesign.named_device import lasting_name
    from dlscope.methods.codesign.searching.request import SearchRequest
    from dlscope.methods.codesign.searching.schedule import SearchSchedule, seconds

    found_space = space_of(space)
    chosen = device_of(device, found_space, threads, table, foreign_table, allow_predict, store)
    require_objective(chosen, device, objective, found_space)
    manifest = dataset_of(data)
    images = read_dataset(manifest, found_space)
    request = SearchRequest(
        space=found_space,
        device=chosen,
        device_name=lasting_name(device),
        data=manifest,
        seed=seed,
        aims=_aims(objective, target_latency, mode, implementing, combine),
        schedule=None if epochs is None else SearchSchedule.of_epochs(epochs),
        budget_s=None if epochs is not None else seconds(budget or "10m"),
        threads=threads,
        place=place,
        warnings=warnings_of(chosen),
    )
    return _searched(request, images, searches_folder(store), told, rerun=rerun)


def _aims(
    objective: Objective | None,
    target_latency: str | None,
    mode: Mode,
    implementing: Implementing,
    combine: Combination,
) -> Aims:
    from dlscope.methods.codesign.searching.aims import Aims

    return Aims(
        implementing,
        combine,
        duration_ns(target_latency),
        is_blind=mode == "two_step",
        minimised="energy" if objective == "energy" else "time",
    )


def train_design(
    design: str | Path,
    data: str,
    output: str | Path,
    *,
    epochs: int = 20,
    seed: int = 0,
    threads: int = 1,
    place: Literal["cpu", "gpu", "auto"] = "cpu",
    told: Told = tell_nobody,
) -> DesignFile:
    """The design in the file `design` trained from scratch, with its network, in `output`.

    A training that was interrupted goes on there. Raises `SearchError` for an edited file.
    """
    from dlscope.methods.codesign.output_folder import output_folder
    from dlscope.methods.codesign.searching.design_file import DesignFile
    from dlscope.methods.codesign.searching.design_training import Recipe
    from dlscope.methods.codesign.searching.design_training import train_design as trained
    from dlscope.methods.codesign.searching.images import Splits
    from dlscope.methods.codesign.searching.run_folder import write_trained

    file = DesignFile.load(Path(design))
    space = file.space_of_it()
    chosen = file.design_in(space)
    manifest = dataset_of(data)
    splits = Splits.of(read_dataset(manifest, space), name=manifest.identity)
    into = output_folder(Path(output))
    found = trained(
        space,
        chosen,
        splits.seen,
        {"test": splits.test},
        Recipe(epochs),
        seed=seed,
        threads=threads,
        place=place,
        folder=into / "final",
        told=told,
        name="training",
    )
    return write_trained(file, found, into, dataset=manifest.identity, seed=seed)


def derive_designs(
    run: str | Path,
    *,
    target_latency: str | None = None,
    combine: Combination = "product",
    evaluations: int = 600,
    designs: str | Path | None = None,
    table: str | Path | None = None,
    store: str | None = None,
    told: Told = tell_nobody,
) -> Report:
    """Designs that the supernet of a finished search tells apart, for other aims; none is trained.

    Those of the front are written as files into the folder `designs`. Raises `SearchError` where
    the search has no supernet, or its device has other numbers now, or nothing meets the target.
    """
    from dlscope.methods.codesign.output_folder import output_folder
    from dlscope.methods.codesign.searching.aims import Aims
    from dlscope.methods.codesign.searching.deriving import derived_report, write_front
    from dlscope.methods.codesign.searching.images import Splits
    from dlscope.methods.codesign.searching.search import Search

    folder = search_folder(run, store=store)
    request = _stored_request(folder, table, store)
    splits = Splits.of(read_dataset(request.data, request.space), name=request.dataset)
    minimised = request.aims.minimised
    aims = Aims(combine=combine, target_ns=duration_ns(target_latency), minimised=minimised)
    into = None if designs is None else output_folder(Path(designs))
    found = Search(request, splits, folder, told).derived(aims, evaluations)
    if into is not None:
        write_front(request, found, into)
    return derived_report(request, found, folder.name, into)


def compare_searches(runs: Sequence[str | Path], *, store: str | None = None) -> Report:
    """What several searches found, side by side, with the area that each dominates."""
    from dlscope.methods.codesign.searching.comparison import comparison_report

    return comparison_report([search_record(run, store=store) for run in runs])


def _searched(
    request: SearchRequest, images: LabelledImages, folder: Path, told: Told, *, rerun: bool
) -> SearchRun:
    import shutil

    from dlscope.methods.codesign.searching.images import Splits
    from dlscope.methods.codesign.searching.run_folder import read_record, write_outcome
    from dlscope.methods.codesign.searching.search import Search

    own = folder / request.digest[:12]
    if rerun:
        shutil.rmtree(own, ignore_errors=True)
    known = read_record(own)
    if known is not None:
        return SearchRun(known, own)
    splits = Splits.of(images, name=request.dataset, seed=0)
    return SearchRun(write_outcome(Search(request, splits, own, told).run(), own), own)


def _stored_request(folder: Path, table: str | Path | None, store: str | None) -> SearchRequest:
    """What the search in `folder` was asked for, on the device as it is now."""
    import json

    from dlscope.methods.codesign.searching.request import SearchRequest

    data = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    return SearchRequest.from_json(
        data,
        lambda name, space: device_of(name, space, data["threads"], table, True, True, store),
    )
