"""Designs that were searched: told again, on other devices, and several on one device."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dlscope.api.found_searches import design_path, search_folder, search_record
from dlscope.api.watcher import Told, tell_nobody
from dlscope.core.whole_file import write_whole

if TYPE_CHECKING:
    from dlscope.core.manifest import RequirementsManifest
    from dlscope.core.report import Report
    from dlscope.devices.base import Device
    from dlscope.methods.codesign.implementing.implementer import Implementer
    from dlscope.methods.codesign.measuring.profiling import Profiled
    from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
    from dlscope.methods.codesign.searching.design_file import DesignFile
    from dlscope.methods.codesign.space.space import Space
    from dlscope.methods.codesign.targets.targets_table import Candidate
    from dlscope.methods.codesign.telling.reached import Alternative

_DESIGN, _DESIGNS, _RECORD = "design.json", "designs", "record.json"


def search_report(run: str, *, requirements: str | None = None, store: str | None = None) -> Report:
    """The report of the search `run`: an id of the store, its folder, or its record.

    With `requirements`, a name of the catalog or a file, its design is held against them; what
    could be changed is looked for among all designs of the search, changes of one block, and other
    boards. Raises `SearchError` where there is no such search, and for a record of another schema.
    """
    from dlscope.methods.codesign.telling.search_report import search_report as told

    asked = _asked(requirements)
    changes = () if asked is None else _changes(run, store)
    record = search_record(run, store=store)
    return told(record, asked, changes, command=f"dlscope codesign show {run}")


def measure_search(
    run: str,
    *,
    threads: int = 1,
    processes: int = 3,
    min_seconds: float = 0.2,
    store: str | None = None,
    told: Told = tell_nobody,
) -> Report:
    """Time the designs that a search for the processor at hand has trained, and tell it again.

    They are timed beside networks whose time is in the table; what was measured is kept with the
    search. Raises `SearchError` for a search for another device.
    """
    from dlscope.core.errors import SearchError
    from dlscope.methods.codesign.measuring.verifying import measured_designs
    from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
    from dlscope.methods.codesign.named_device import LOCAL
    from dlscope.methods.codesign.telling.search_report import search_report as report_of

    record, folder = search_record(run, store=store), search_folder(run, store=store)
    if record.device != LOCAL:
        raise SearchError(
            f"the search is for {record.device}, which is not here",
            where=str(folder),
            fix=f"count its cycles: dlscope codesign emit {folder.name} --to cpp",
        )
    files = {file.identity: file for file in _design_files(run, store)}
    space = _one_space(list(files.values()))
    designs = {name: file.design_in(space) for name, file in files.items()}
    protocol = WalkProtocol(threads=threads, processes=processes, min_seconds=min_seconds)
    implementer, profiled = _profiled(space, protocol, store)
    predicted = measured_designs(implementer, designs, profiled, protocol, told)
    measured = replace(record, tables={**record.tables, "predicted": predicted})
    text = json.dumps(measured.to_json(), indent=1) + "\n"
    write_whole(folder / _RECORD, text)
    return report_of(measured, first="predicted", command=f"dlscope codesign show {run}")


def compare_targets(
    runs: Sequence[str], *, devices: Sequence[str] = (), store: str | None = None
) -> Report:
    """The designs of searches of one space, on the devices of all of them and on `devices`.

    Raises `SearchError` for searches of different spaces, and for fewer than two devices.
    """
    from dlscope.methods.codesign.targets.report import targets_report
    from dlscope.methods.codesign.targets.targets_table import placed_on

    files = [file for run in runs for file in _design_files(run, store)]
    space = _one_space(files)
    names = dict.fromkeys([*(file.device for file in files), *devices])
    found = {name: _device(name, space, store) for name in names}
    placed = placed_on(space, found, _candidates(files))
    return targets_report(placed, command=f"dlscope codesign targets {' '.join(runs)}")


def split_device(device: str, tasks: Mapping[str, float], *, store: str | None = None) -> Report:
    """The best division of `device` among designs that run so many times a second.

    `tasks` maps searches, or files of designs, to rates. Raises `SearchError` where one lane each
    is more than the device has.
    """
    from dlscope.methods.codesign.multi_task.report import split_report
    from dlscope.methods.codesign.multi_task.splitting import split
    from dlscope.methods.codesign.multi_task.task import Task

    several = []
    target: Device | None = None
    for name, rate in tasks.items():
        file = _design_file(name, store)
        space = file.space_of_it()
        target = target or _device(device, space, store)
        several.append(Task(name, file.design_in(space).choices(space), rate))
    found = target or _device(device, None, store)
    asked = " ".join(f"--task {name}@{rate:g}" for name, rate in tasks.items())
    command = f"dlscope codesign split --device {device} {asked}"
    return split_report(found, split(found, several), name=device, command=command)


def describe_templates(space: str, device: str, *, store: str | None = None) -> Report:
    """What each operation of `space` takes of `device`, by its bits and lanes."""
    from dlscope.methods.codesign.ip_library.templates_table import templates_report
    from dlscope.methods.codesign.named_space import named_space

    wanted = named_space(space)
    command = f"dlscope codesign templates --space {space} --device {device}"
    return templates_report(wanted, _device(device, wanted, store), name=device, command=command)


def _profiled(
    space: Space, protocol: WalkProtocol, store: str | None
) -> tuple[Implementer, Profiled]:
    """What tells designs of `space` on this machine, and the rows that it rests on."""
    from dlscope.api.local_devices import local_device
    from dlscope.methods.codesign.implementing.implementer import Implementer
    from dlscope.methods.codesign.measuring.profiling import stored_profile
    from dlscope.methods.codesign.measuring.rows import Conditions
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    device = local_device(space, threads=protocol.threads, store=store)
    conditions = Conditions(protocol, environment().fingerprint)
    with Store.open(store) as opened:
        return Implementer(space, device), stored_profile(space, conditions, opened.benchmarks)


def _device(name: str, space: Space | None, store: str | None) -> Device:
    from dlscope.api.local_devices import local_device
    from dlscope.core.errors import SearchError
    from dlscope.methods.codesign.named_device import named_device

    def local() -> Device:
        if space is None:
            raise SearchError("there are no tasks", where="tasks", fix="add --task DESIGN@RATE")
        return local_device(space, store=store)

    return named_device(name, local=local)


def _design_file(name: str, store: str | None) -> DesignFile:
    """A file of a design, or the chosen design of a search."""
    from dlscope.methods.codesign.searching.design_file import DesignFile

    return DesignFile.load(design_path(name, store=store))


def _design_files(run: str, store: str | None) -> list[DesignFile]:
    """The chosen design of a search and its finalists, each once."""
    from dlscope.methods.codesign.searching.design_file import DesignFile

    folder = search_folder(run, store=store)
    paths = [folder / _DESIGN, *sorted((folder / _DESIGNS).glob("*.json"))]
    files = [DesignFile.load(path) for path in paths if path.is_file()]
    return list({file.identity: file for file in reversed(files)}.values())


def _one_space(files: Sequence[DesignFile]) -> Space:
    from dlscope.core.errors import SearchError

    spaces = {space.digest: space for space in (file.space_of_it() for file in files)}
    if len(spaces) != 1:
        names = ", ".join(sorted(space.name for space in spaces.values())) or "none"
        raise SearchError(
            f"the designs are of {len(spaces)} spaces: {names}",
            where="targets",
            fix="give searches of one space, each with a design",
        )
    return next(iter(spaces.values()))


def _candidates(files: Sequence[DesignFile]) -> list[Candidate]:
    """The designs that were trained; of one that several searches found, the first."""
    from dlscope.methods.codesign.space.design import Design
    from dlscope.methods.codesign.targets.targets_table import Candidate

    found: dict[str, Candidate] = {}
    for file in files:
        if file.accuracy is not None:
            design = Design.from_json(file.design)
            error = 1 - float(file.accuracy["value"])
            found.setdefault(file.identity, Candidate(file.identity, design, file.device, error))
    return list(found.values())


def _changes(run: str, store: str | None) -> Sequence[Alternative]:
    """Changes of one block, and other boards; none where the device or the design is not here."""
    from dlscope.catalog.finder import names
    from dlscope.core.errors import DlscopeError
    from dlscope.methods.codesign.implementing.implementer import Implementer
    from dlscope.methods.codesign.telling.neighbours import neighbours, other_boards

    if Path(run).is_file():
        return ()
    try:
        file = _design_file(run, store)
        space = file.space_of_it()
        design = file.design_in(space)
        implementer = Implementer(space, _device(file.device, space, store))
    except DlscopeError:
        return ()
    own, _, model = file.device.rpartition(":")
    others = [name for name in names("boards") if name != own] if own in names("boards") else []
    boards = {f"{name}:{model}": _device(f"{name}:{model}", space, store) for name in others}
    return [*neighbours(implementer, design), *other_boards(space, design, boards)]


def _asked(requirements: str | None) -> RequirementsManifest | None:
    from dlscope.catalog.finder import find
    from dlscope.core.manifest import RequirementsManifest

    if requirements is None:
        return None
    manifest = find("requirements", requirements)
    if not isinstance(manifest, RequirementsManifest):
        raise TypeError(f"{requirements} are no requirements")
    return manifest
