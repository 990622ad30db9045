"""What cog writes into the pages: reference tables from the code itself, files by inclusion."""

from __future__ import annotations

import inspect
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

from fields import fields_of, prose, table
from typer.main import get_command
from typer.testing import CliRunner

from dlscope import api
from dlscope.agents import capabilities
from dlscope.api import manifests as manifest_tables
from dlscope.api import traces
from dlscope.api.papers import TABLES as PAPER_TABLES
from dlscope.api.papers import shown_value
from dlscope.backends.base import Backend
from dlscope.catalog import finder, paper
from dlscope.cli.app import app
from dlscope.core import errors, registry
from dlscope.core.manifest import KINDS, BoardManifest, ModelManifest
from dlscope.core.manifest.base import Document, Source
from dlscope.core.table import Column
from dlscope.core.trace import Trace
from dlscope.methods.adaptation import (
    ablation,
    checking,
    class_gains,
    instability_report,
    training_report,
)
from dlscope.methods.bounds import report_columns as bound_columns
from dlscope.methods.bounds import suite_report as bound_suites
from dlscope.methods.bounds.report_tables import tables_of as bound_tables
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.tables import tables as brick_tables
from dlscope.methods.codesign.bottom_up.tables import COLUMNS as BOTTOM_UP_TABLES
from dlscope.methods.codesign.emission.report import TABLES as EMISSION_TABLES
from dlscope.methods.codesign.ip_library.templates_table import TEMPLATES
from dlscope.methods.codesign.measuring import report as codesign_profiles
from dlscope.methods.codesign.multi_task.report import TASKS
from dlscope.methods.codesign.oracle.study import RUN_COLUMNS
from dlscope.methods.codesign.searching.comparison import TRAINED
from dlscope.methods.codesign.space.report import (
    BLOCK_COLUMNS,
    OPERATION_COLUMNS,
    SIZE_COLUMNS,
)
from dlscope.methods.codesign.tables import SEARCH_TABLES, SEARCHES
from dlscope.methods.codesign.targets.targets_table import TARGETS
from dlscope.methods.codesign.telling.listing import LISTED
from dlscope.methods.codesign.validation import validation_report
from dlscope.methods.evaluation.preprocessing_study import REFERENCE, study_table
from dlscope.methods.evaluation.report import evaluation_report
from dlscope.methods.evaluation.study_by_value import VALUE_COLUMNS
from dlscope.methods.profiling.report import ANALYSES as PROFILE_ANALYSES
from dlscope.methods.profiling.report import profiling_report
from dlscope.methods.skynet import count_report as skynet_counts
from dlscope.methods.skynet import data_report as skynet_data
from dlscope.methods.skynet import fixed_point_sweep as skynet_bits
from dlscope.methods.skynet import int8_comparison as skynet_int8
from dlscope.methods.skynet import pipeline_report as skynet_pipeline
from dlscope.methods.skynet import score_report as skynet_scores
from dlscope.methods.skynet.detector_training import detector_report as skynet_detectors
from dlscope.methods.skynet.tracking import campaign as tracker_campaign
from dlscope.methods.skynet.tracking import ratios as tracker_ratios
from dlscope.methods.skynet.tracking import report as skynet_tracks
from dlscope.testing.stores import sample_run
from dlscope.tracing.merge import Merged
from dlscope.zoo.architecture import Architecture, Number

ROOT = Path(__file__).parents[1]
_EXIT_CODES = (
    (0, "done"),
    (1, "a stated error, bad input included"),
    (2, "wrong usage of the command line"),
    (3, "a Run failed, a point was refused, or nothing can be done here"),
    (130, "interrupted; what was measured is kept"),
)
_QUOTED = re.compile(r"(: |-> )'([^']*)'")
_WEIGHTS = re.compile(r", (?:with random|its) weights")
_OBJECT = re.compile(r"<dlscope\.api\.watcher\.Watcher object at \w+>")
_FUNCTION = re.compile(r"<function (\w+) at \w+>")
_PROFILE_TABLES = {
    "layers": "The layers at a glance, the slowest first.",
    "timeline": "One iteration, span by span.",
    "structure": "Spans that some iteration or run of a profile lacks.",
    "missing": "Levels that cannot be seen here, and why.",
    "refused": "What could not be profiled.",
    "failed": "Leveled experiments that broke off.",
}
_VALIDATION_TABLES = {
    "validation": "Hardware models beside published accelerators, one row a comparison.",
    "splits": "Fits of the folded accelerator, and their error on rows that were held out.",
    "predictions": "Every rate that a fit predicts, beside the published one.",
}
_SEARCH_TABLES = {
    "pareto": "Designs that a search met, and those of other methods beside them.",
    "trajectory": "A search epoch by epoch.",
    "choices": "How probable each operation of each block is at the last epoch.",
    "precisions": "The same of the bits of each operation.",
    "stages": "The chosen design layer by layer, as the device implements it.",
    "resources": "What the chosen design takes of the device.",
    "requirements": "Limits of an application, and whether the chosen design keeps them.",
    "predicted": "Designs as the device tells them, beside what was measured.",
    "baselines": "Other methods with an equal budget.",
}
_CODESIGN_TABLES = {
    "operations": ("Operations of a space, timed here.", "codesign profile",
                   codesign_profiles.OPERATIONS),
    "calibration": ("From sums of operations to networks.", "codesign profile",
                    codesign_profiles.CALIBRATION),
    "networks": ("Networks timed whole, beside what their operations tell.", "codesign profile",
                 codesign_profiles.NETWORKS),
    "space_size": ("How many designs a space has.", "codesign space", SIZE_COLUMNS),
    "space_blocks": ("Blocks of a space, one row each.", "codesign space", BLOCK_COLUMNS),
    "space_operations": ("What each block may be.", "codesign space", OPERATION_COLUMNS),
    "oracle_runs": ("Searches of a space whose best design is known.", "codesign baseline",
                    RUN_COLUMNS),
    "searches": ("Searches side by side.", "codesign compare", SEARCHES),
    "trained_designs": ("What they trained.", "codesign compare", TRAINED),
    "found_searches": ("Searches of a store.", "codesign list", LISTED),
    "targets": ("Designs on every device, the best of each first.", "codesign targets", TARGETS),
    "tasks": ("What each network gets of a device.", "codesign split", TASKS),
    "templates": ("Operations by bits and lanes.", "codesign templates", TEMPLATES),
    **{name: (doc, "codesign emit", columns) for name, (doc, columns) in EMISSION_TABLES.items()},
}  # fmt: skip
_SKYNET_TABLES = {
    "layers": ("Every convolution of the network.", "skynet count", skynet_counts.LAYER_COLUMNS),
    "counts": ("All variants of it.", "skynet count", skynet_counts.COUNT_COLUMNS),
    "backbones": ("What the published ratio compares.", "skynet count",
                  skynet_counts.BACKBONE_COLUMNS),
    "score": ("The score of the contest.", "skynet score", skynet_scores.SCORE_COLUMNS),
    "classes": ("Classes of a set of images.", "skynet data", skynet_data.CLASS_COLUMNS),
    "sequences": ("Sequences of a set to track in.", "skynet data",
                  skynet_data.SEQUENCE_COLUMNS),
    "faults": ("Files of a set that are wrong.", "skynet data --check",
               skynet_data.FAULT_COLUMNS),
    "overlaps": ("How well each image is answered.", "skynet score",
                 skynet_scores.OVERLAP_COLUMNS),
    "int8": ("A network of 8-bit integers beside the one in floats.", "skynet quantize",
             skynet_int8.INT8_COLUMNS),
    "fixed_point": ("Numbers of few bits, one row a combination.", "skynet quantize",
                    skynet_bits.FIXED_COLUMNS),
    "pipeline": ("Stages that overlap beside one after the other.", "skynet pipeline",
                 skynet_pipeline.PIPELINE_COLUMNS),
    "pipeline_stages": ("What each stage spent its time on.", "skynet pipeline",
                        skynet_pipeline.STAGE_COLUMNS),
    "pipeline_waits": ("The same, one row a part.", "skynet pipeline",
                       skynet_pipeline.WAIT_COLUMNS),
    "boxes": ("The surest box of each image.", "skynet pipeline", skynet_pipeline.BOX_COLUMNS),
    "spoiled": ("Files without a box.", "skynet pipeline", skynet_pipeline.SPOILED_COLUMNS),
    "detectors": ("Detectors beside one another.", "skynet eval",
                  skynet_detectors.DETECTOR_COLUMNS),
    "by_area": ("The same by size of the object.", "skynet eval", skynet_detectors.AREA_COLUMNS),
    "training": ("How a training went.", "skynet train", skynet_detectors.TRAINING_COLUMNS),
    "unreadable": ("Images that took no part.", "skynet eval",
                   skynet_detectors.UNREADABLE_COLUMNS),
    "tracking": ("How well trackers follow.", "skynet track", skynet_tracks.TRACKING_COLUMNS),
    "tracked_sequences": ("The same for each sequence.", "skynet track",
                          skynet_tracks.SEQUENCE_COLUMNS),
    "tracker_ratios": ("ResNet-50 against SkyNet, backbones and whole trackers.", "skynet track",
                       tracker_ratios.RATIO_COLUMNS),
    "published_tracking": ("What the paper tells of trackers.", "skynet track",
                           skynet_tracks.PUBLISHED_COLUMNS),
    "tracker_training": ("How a training of a tracker went.", "skynet track --train",
                         tracker_campaign.TRAINING_COLUMNS),
}  # fmt: skip
_ADAPT_TABLES = {
    "ablation": ("Every row and seed.", "adapt ablate", ablation.ABLATION),
    "paired": ("Rows against one another, seed by seed.", "adapt ablate", ablation.PAIRED),
    "gain_by_class": ("The best row against the source alone.", "adapt ablate",
                      class_gains.GAINS),
    "iou_by_class": ("Every row and class.", "adapt ablate", class_gains.BY_CLASS),
    "stages": ("What a training took.", "adapt train", training_report.STAGES),
    "losses": ("How its losses went.", "adapt train", training_report.LOSSES),
    "scores": ("What it scores on the target.", "adapt train", training_report.SCORES),
    "faults": ("What is wrong with a data set.", "adapt check-data", checking.FAULTS),
    "classes": ("How often each class is there.", "adapt check-data", checking.CLASS_COLUMNS),
    "sizes": ("How large its images are.", "adapt check-data", checking.SIZES),
    "gradients": ("What each loss pulls with.", "adapt explain-adversarial",
                  instability_report.GRADIENTS),
}  # fmt: skip
_BRICK_TABLES = {
    "composition": "Models rebuilt from bricks, one row a model.",
    "accuracy": "Composed latencies against measured ones, over all models.",
    "speedup": "What running every brick once saves against running every model once.",
    "parts": "What each brick adds to each model, the largest first.",
    "stats": "How many bricks each model needs, and how many no earlier model has.",
    "operators": "The kinds of bricks, the most frequent first.",
    "failed": "Bricks without a time, and why.",
}
_TRACE_TABLES = {
    "levels": "Spans by level.",
    "names": "The names that take longest.",
    "diagnostics": "What is wrong with the file, or unclear in it.",
}


def include(path: str, language: str = "") -> str:
    """The file at `path`, from the root of the repository, as a fenced block."""
    text = (ROOT / path).read_text(encoding="utf-8").rstrip()
    language = language or {".py": "python", ".toml": "toml", ".yaml": "yaml"}[Path(path).suffix]
    return f"```{language}\n{text}\n```\n"


def entry_point(example: str) -> str:
    """The entry point that the package in the folder `example` declares, as it stands there."""
    text = (ROOT / example / "pyproject.toml").read_text(encoding="utf-8")
    section = next(part for part in text.split("\n\n") if part.startswith("[project.entry-points"))
    return f"```toml\n{section}\n```\n"


def papers() -> str:
    """The papers and how far each is built."""
    rows = [
        (each.short, each.brings, f"`{each.open_first}`", each.state)
        for each in paper.papers().values()
    ]
    return table(("paper", "what it brings", "open this first", "state"), rows)


def paper_sections() -> str:
    """Each paper with what stands for its ideas here, and how its figures are checked."""
    return "\n".join(map(_paper_section, paper.papers().values()))


def help_text(*command: str) -> str:
    """What `dlscope COMMAND --help` prints on a terminal 80 characters wide."""
    result = CliRunner().invoke(
        app, [*command, "--help"], prog_name="dlscope", terminal_width=80, max_content_width=80
    )
    if result.exit_code:
        raise RuntimeError(f"dlscope {' '.join(command)} --help ended with {result.exit_code}")
    lines = [line.rstrip() for line in result.output.rstrip().splitlines()]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def commands() -> Iterator[tuple[str, ...]]:
    """Every command that does something, groups left out, in the order of the help."""
    yield from _commands(get_command(app), ())


def cli() -> str:
    """Every command with its help, then the exit codes."""
    parts = [help_text()]
    parts.extend(f"## dlscope {' '.join(name)}\n\n{help_text(*name)}" for name in commands())
    codes = table(("code", "meaning"), _EXIT_CODES)
    return "\n".join([*parts, f"## Exit codes\n\n{codes}"])


def manifests() -> str:
    """Every kind of manifest with its fields, then the documents inside them."""
    inner = {document.__name__: document for document in _nested(KINDS.values())}
    return "\n".join(
        f"## {name}\n\n{fields_of(document)}" for name, document in {**KINDS, **inner}.items()
    )


def steps() -> str:
    """Every registered step with its parameters."""
    return "\n".join(
        f"## {name}\n\n{fields_of(registry.load('steps', name))}"
        for name in registry.names("steps")
    )


def networks() -> str:
    """The networks of the catalog whose weights come from a seed: what each is and costs."""
    rows = [
        (*_summary(model), f"{model.attributes['parameters']:,}", _macs(model),
         f"`{source.location}`")
        for model, source in _sources() if "seed" in source.options
    ]  # fmt: skip
    header = ("model", "network", "family", "input", "parameters", "MACs", "built by")
    return table(header, rows)


def networks_of_onnx() -> str:
    """The networks that the distribution of ONNX brings: what each is and costs, and its file."""
    rows = [
        (*_summary(model), _macs(model), f"`{source.path}`")
        for model, source in _sources() if source.location == "onnx"
    ]  # fmt: skip
    return table(("model", "network", "family", "input", "MACs", "file"), rows)


def architectures() -> str:
    """What builds networks from a seed, and the options that each takes besides `seed`."""
    rows = []
    for name in registry.names("networks"):
        module = inspect.getmodule(registry.load("networks", name))
        for value in vars(module).values():
            if isinstance(value, Architecture):
                first = (inspect.getdoc(module) or "").partition("\n")[0]
                rows.append((f"`{name}`", first, _options(value)))
    return table(("name", "what it builds", "options"), rows)


def tables() -> str:
    """Every table that a command can print, with each column."""
    return "\n".join(
        f"## {name}\n\n{doc}\n\n{_columns_of(columns)}" for name, doc, columns in _tables()
    )


def error_tree() -> str:
    """The family of errors, each with what it is for."""
    rows = []
    for kind, depth in _family(errors.DlscopeError, 0):
        indent = "&nbsp;&nbsp;&nbsp;&nbsp;" * depth
        rows.append((f"{indent}`{kind.__name__}`", prose(kind)))
    return table(("error", "when"), rows)


def backends() -> str:
    """Every registered backend with what it declares and the options it takes."""
    parts = []
    for name in registry.names("backends"):
        backend = _without_framework(name)
        parts.append(f"## {name}\n\n{prose(backend)}\n\n{_declared(name, backend)}")
        parts.append(f"Options:\n\n{fields_of(backend.options)}")
    return "\n".join(parts)


def devices() -> str:
    """Every registered hardware model with what it declares."""
    parts = []
    for name in registry.names("devices"):
        device = registry.load("devices", name)
        rows = [
            ("judged by", f"`{device.objective}`"),
            ("lanes are a choice", "yes" if device.has_lanes else "no"),
            ("bits are chosen for", f"each {device.precision_scope}"),
            ("engines are shared", "yes" if device.shares_engines else "no"),
            ("made with", f"`{_made_with(device)}`"),
        ]
        parts.append(f"## {name}\n\n{prose(device)}\n\n{table(('declared', 'value'), rows)}")
    return "\n".join(parts)


def _made_with(device: type[Any]) -> str:
    signature = str(inspect.signature(device)).replace("dlscope.devices.base.", "")
    return _QUOTED.sub(r"\1\2", f"{device.__name__}{signature}")


def boards() -> str:
    """The boards of the catalog and what their parts have."""
    found = [finder.find("boards", name) for name in finder.names("boards")]
    rows = [
        (f"`{each.name}`", each.part, *each.resources.model_dump().values(),
         f"{each.memory_gb_per_s:g}", f"{each.clock_mhz:g}")
        for each in found if isinstance(each, BoardManifest)
    ]  # fmt: skip
    header = ("board", "part", "DSP", "LUT", "FF", "BRAM36", "URAM", "memory GB/s", "clock MHz")
    return table(header, rows)


def _paper_section(each: paper.Paper) -> str:
    leans = ", ".join(f"`{folder}`" for folder in each.leans_on)
    ideas = [(idea.idea, idea.state, idea.here) for idea in each.ideas]
    figures = [
        (figure.what, shown_value(figure), _told(figure.here), _check(figure),
         f"{figure.source} ({figure.confidence})")
        for figure in each.figures
    ]  # fmt: skip
    return "\n\n".join(
        (
            f"## {each.short}",
            f"*{each.title}*. {', '.join(each.authors)}. {each.venue}, {each.year}; "
            f"{each.identifier}.",
            f"Open `{each.open_first}` first{leans and f'; it leans on {leans}'}.",
            table(("idea of the paper", "state", "here"), ideas).rstrip(),
            table(("figure", "paper", "here", "how it is checked", "source"), figures),
        )
    )


def _check(figure: paper.PaperFigure) -> str:
    """The check of a figure in words, with what it needs."""
    needs = f"needs {figure.needs}" if figure.needs else ""
    if figure.kind == "published":
        return f"not here: {needs}"
    checked = f"`{figure.test}`" if figure.test else f"`{figure.script}`, `{figure.key}`"
    return f"{checked}; {needs}" if needs else checked


def _told(number: float | None) -> str:
    return "" if number is None else f"{number:.4g}"


def _without_framework(name: str) -> type[Backend]:
    """The class of a backend, whether or not its framework is installed here.

    What a page tells of it is written in its own file; modules that are missing are stood in for.
    """
    (point,) = (p for p in entry_points(group="dlscope.backends") if p.name == name)
    while True:
        try:
            backend: type[Backend] = point.load()
        except ModuleNotFoundError as error:
            assert error.name is not None
            assert not error.name.startswith("dlscope")
            sys.modules[error.name] = MagicMock()
        else:
            return backend


def library() -> str:
    """The functions of the library face, with their signatures."""
    parts = []
    for name in sorted(api.__all__):
        function = getattr(api, name)
        if inspect.isfunction(function):
            parts.append(
                f"## {name}\n\n```text\n{_signature(name, function)}\n```\n\n{prose(function)}\n"
            )
    return "\n".join(parts)


def _sources() -> Iterator[tuple[ModelManifest, Source]]:
    """The models of the catalog, each with the source of its graph."""
    for name in finder.names("models"):
        model = finder.find("models", name)
        assert isinstance(model, ModelManifest)
        yield model, Source.parse(model.assets["graph"].source)


def _summary(model: ModelManifest) -> tuple[str, ...]:
    """Name, what it is in a word, family and the shapes that it reads."""
    network = _WEIGHTS.split(model.description)[0]
    shapes = dict.fromkeys(_extent(each.shape) for each in model.inputs)
    return f"`{model.name}`", network, str(model.attributes["family"]), ", ".join(shapes)


def _macs(model: ModelManifest) -> str:
    return f"{model.attributes['macs']:,}"


def _extent(shape: Sequence[object]) -> str:
    return " × ".join(str(size) for size in shape)


def _options(architecture: Architecture) -> str:
    told = []
    for name, option in architecture.options.items():
        values = "a number" if isinstance(option, Number) else ", ".join(option.values)
        default = "" if option.default is None else f" (default {option.default})"
        told.append(f"`{name}`: {values}{default}")
    return "; ".join(told) or "none"


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from _commands(inner, (*path, name))
    else:
        yield path


def _signature(name: str, function: Any) -> str:
    """The signature as the source writes it, one parameter to a line where it is long."""
    signature = _QUOTED.sub(r"\1\2", f"{name}{inspect.signature(function)}")
    signature = _FUNCTION.sub(r"\1", _OBJECT.sub("QUIET", signature))
    if len(signature) <= 80:
        return signature
    inside, _, result = signature.removeprefix(f"{name}(").rpartition(")")
    return f"{name}(\n    " + ",\n    ".join(_split(inside)) + f",\n){result}"


def _split(parameters: str) -> list[str]:
    parts, depth = [""], 0
    for character in parameters:
        depth += (character in "[(") - (character in "])")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _nested(kinds: Iterable[type[Document]]) -> Iterator[type[Document]]:
    """The documents inside manifests, each once, by name."""
    wanted = {name for kind in kinds for name in kind.model_json_schema().get("$defs", {})}
    known = {each.__name__: each for each in _subclasses(Document)}
    return (known[name] for name in sorted(wanted) if name in known)


def _subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)


def _family(kind: type[Any], depth: int) -> Iterator[tuple[type[Any], int]]:
    yield kind, depth
    for each in kind.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from _family(each, depth + 1)


def _tables() -> Iterator[tuple[str, str, Sequence[Column]]]:
    for name in sorted(registry.names("analyses"), key=_in_order):
        analysis = registry.load("analyses", name)()
        doc = f"{analysis.doc} Printed by {_printers(name)}."
        yield name, doc, analysis.table([]).columns
    profiles = profiling_report([])
    for name, doc in _PROFILE_TABLES.items():
        yield f"{name} (profile)", f"{doc} Printed by `profile`.", profiles.table(name).columns
    for each in traces._tables(Merged(Trace())):
        doc = f"{_TRACE_TABLES[each.name]} Printed by `trace show`."
        yield f"{each.name} (trace)", doc, each.columns
    for each in validation_report().tables:
        doc = f"{_VALIDATION_TABLES[each.name]} Printed by `codesign validate`."
        yield f"{each.name} (codesign)", doc, each.columns
    for name, columns in SEARCH_TABLES.items():
        doc = f"{_SEARCH_TABLES[name]} Printed by `codesign search` and `show`."
        yield f"{name} (codesign)", doc, columns
    for name, (doc, command, columns) in _CODESIGN_TABLES.items():
        yield f"{name} (codesign)", f"{doc} Printed by `{command}`.", columns
    for name, table_ in bound_tables([], {}).items():
        doc = f"{bound_columns.DESCRIPTIONS[name]} Printed by `bound analyze`."
        yield f"{name} (bound)", doc, table_.columns
    for name, columns in bound_suites.TABLES.items():
        yield f"{name} (bound)", *columns
    for each in brick_tables(Suite("executed", 1, "", {}, ()), [], [], "suite"):
        doc = f"{_BRICK_TABLES[each.name]} Printed by `bricks`."
        yield f"{each.name} (bricks)", doc, each.columns
    for name, (doc, command, columns) in _SKYNET_TABLES.items():
        yield f"{name} (skynet)", f"{doc} Printed by `{command}`.", columns
    for name, (doc, columns) in BOTTOM_UP_TABLES.items():
        yield f"{name} (bottom-up)", f"{doc} Printed by `skynet search`.", columns
    for name, (doc, command, columns) in _ADAPT_TABLES.items():
        yield f"{name} (adaptation)", f"{doc} Printed by `{command}`.", columns
    refused = evaluation_report([]).table("refused")
    yield "refused", "What could not be measured. Printed by `evaluate`.", refused.columns
    study = study_table({REFERENCE: sample_run("r-0")})
    yield study.name, "What one change costs. Printed by `study preprocessing`.", study.columns
    doc = "The same where answers are no classes. Printed by `study preprocessing`."
    yield f"{study.name} (value)", doc, VALUE_COLUMNS
    with tempfile.TemporaryDirectory() as folder:
        runs, store = api.runs(store=folder).tables[0], api.store_info(store=folder).tables[0]
    yield "runs", "Stored Runs. Printed by `store list`.", runs.columns
    yield "store", "The store itself. Printed by `store info`.", store.columns
    yield from _machine_tables()


def _in_order(name: str) -> tuple[str, int]:
    """A2 before A10."""
    word = name.rstrip("0123456789")
    return word, int(name.removeprefix(word) or 0)


def _printers(name: str) -> str:
    return "`profile`" if name in PROFILE_ANALYSES else "`evaluate`, `compare` and `report`"


def _machine_tables() -> Iterator[tuple[str, str, Sequence[Column]]]:
    # Filling these would open every framework and every asset; their columns are enough here.
    yield "backends", "Printed by `doctor`.", capabilities._BACKEND_COLUMNS
    yield "assets", "Printed by `doctor`.", capabilities._ASSET_COLUMNS
    yield "system", "Printed by `systems`.", capabilities._SYSTEM_COLUMNS
    for kind, columns in manifest_tables._COLUMNS.items():
        yield f"{kind} (catalog)", f"Printed by `{kind}`.", columns
    yield "checked", "Printed by `manifest check`.", manifest_tables._CHECK_COLUMNS
    for name, columns in PAPER_TABLES.items():
        yield f"{name} (papers)", "Printed by `papers`.", columns


def _columns_of(columns: Sequence[Column]) -> str:
    rows = [(f"`{each.name}`", each.dtype, each.unit or "", each.doc) for each in columns]
    return table(("column", "type", "unit", "meaning"), rows)


def _declared(name: str, backend: type[Backend]) -> str:
    rows = (
        ("formats", ", ".join(sorted(backend.formats))),
        ("devices", ", ".join(backend.devices)),
        ("trace levels", ", ".join(backend.levels)),
        ("tolerance", f"{backend.tolerance:g} of max|reference|"),
        ("how to get it", _extra(name)),
    )
    return table(("declared", "value"), rows)


def _extra(name: str) -> str:
    module = registry.load("backends", name).__module__.rpartition(".")[2]
    extra = {"onnxruntime": "ort"}.get(module, module)
    return f"`pip install 'dlscope[{extra}]'`" if extra in _extras() else "comes with dlscope"


@cache
def _extras() -> frozenset[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return frozenset(project["optional-dependencies"])
