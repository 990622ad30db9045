"""Image files to boxes, as a report: what overlapping stages save, and what holds them up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from statistics import median

from dlscope.core.report import Finding, Prose, Report, Section
from dlscope.core.table import Cell, Column, Table
from dlscope.methods.skynet.detector_file import Detector
from dlscope.methods.skynet.pipeline_run import PipelineOptions, PipelineRun, Round
from dlscope.reporting.charts import stacked_bars

PIPELINE_COLUMNS = (
    Column("order", "str", "one after the other, or overlapping", role="id"),
    Column("images", "int", "images with a box", role="count"),
    Column("wall_ns", "int", "time for all of them, median of the rounds", "ns", role="value"),
    Column("cpu_ns", "int", "CPU time of all threads", "ns", role="value"),
    Column("images_per_s", "float", "images a second", "1/s", role="value"),
    Column("speed_up", "float", "times as fast as one after the other", role="value"),
    Column("speed_up_lo", "float", "smallest of the rounds", role="interval", priority=2),
    Column("speed_up_hi", "float", "largest of the rounds", role="interval", priority=2),
    Column("bound", "float", "all stages over the slowest: no order is faster", role="value"),
)
STAGE_COLUMNS = (
    Column("stage", "str", "what is done", role="id"),
    Column("alone_ns", "int", "its time one after the other", "ns", role="value"),
    Column("busy_ns", "int", "its time where stages overlap", "ns", role="value"),
    Column("starved_ns", "int", "waited for what the stage before it makes", "ns", role="value"),
    Column("blocked_ns", "int", "waited for room in the queue behind it", "ns", role="value"),
    Column("share", "float", "busy share of the whole time", "share", role="share"),
    Column("occupancy", "float", "mean number in the queue before it", role="value"),
    Column("is_bottleneck", "bool", "whether it takes longest"),
)
WAIT_COLUMNS = (
    Column("stage", "str", "what is done", role="id"),
    Column("part", "str", "busy, starved or blocked"),
    Column("time_ns", "int", "time spent so", "ns", role="value"),
)
BOX_COLUMNS = (
    Column("image", "str", "path below the folder, without its ending", role="id"),
    Column("xmin", "float", "left side", "px", role="value"),
    Column("ymin", "float", "upper side", "px", role="value"),
    Column("xmax", "float", "right side", "px", role="value"),
    Column("ymax", "float", "lower side", "px", role="value"),
    Column("score", "float", "how sure the network is", role="share"),
)
SPOILED_COLUMNS = (
    Column("index", "int", "number of the file, from 0", role="id"),
    Column("image", "str", "path below the folder, without its ending", role="id"),
    Column("reason", "str", "why there is no box"),
)
_PUBLISHED = (
    "Published, on a TX2: 67.33 images a second, 3.35 times as fast as one after the other."
)
_ALL = "The boxes of both orders are the same, and in the order of the files."
_CHANGED = {
    "grey": (
        "1 grey image is repeated for each channel",
        "{} grey images are repeated for each channel",
    ),
    "alpha": (
        "the alpha channel of 1 image is left out",
        "the alpha channel of {} images is left out",
    ),
}


def pipeline_report(
    run: PipelineRun, options: PipelineOptions, detector: Detector, *, command: str = ""
) -> Report:
    """Tables `boxes` and `spoiled`, and with rounds `pipeline`, `pipeline_stages` and waits."""
    boxes = Table("boxes", BOX_COLUMNS, tuple((f.name, *f.box, f.score) for f in run.found))
    spoiled = Table(
        "spoiled",
        SPOILED_COLUMNS,
        tuple((each.file.index, each.file.name, each.reason) for each in run.spoiled),
    )
    timed = _timed_tables(run) if run.rounds else ()
    sections = [Section("Files without a box", (spoiled,))] if run.spoiled else []
    if timed:
        bars = stacked_bars(
            timed[2], ["stage"], "part", "time_ns", title="What each stage spent its time on"
        )
        sections.insert(0, Section("Orders", (timed[0], Prose(f"{_ALL} {_PUBLISHED}"))))
        sections.insert(1, Section("Stages", (bars, timed[1])))
    sections.append(Section("How it was measured", (Prose(_method(run, options, detector)),)))
    return Report(
        title="Image files to boxes",
        answer=_answer(run),
        tables=(*timed, boxes, spoiled),
        findings=_findings(timed),
        sections=tuple(sections),
        warnings=_warnings(run),
        command=command,
    )


def _timed_tables(run: PipelineRun) -> tuple[Table, Table, Table]:
    middle = sorted(run.rounds, key=lambda each: each.speed_up)[len(run.rounds) // 2]
    return (
        Table.of("pipeline", PIPELINE_COLUMNS, _orders(run)),
        Table.of("pipeline_stages", STAGE_COLUMNS, _stages(middle)),
        Table.of("pipeline_waits", WAIT_COLUMNS, _waits(middle)),
    )


def _orders(run: PipelineRun) -> Iterator[Mapping[str, Cell]]:
    ups = sorted(each.speed_up for each in run.rounds)
    orders = {
        "one after the other": [(e.serial.wall_ns, e.serial.cpu_ns) for e in run.rounds],
        "overlapping": [(e.staged.wall_ns, e.staged_cpu_ns) for e in run.rounds],
    }
    for name, times in orders.items():
        wall_ns, cpu_ns = (int(median(each)) for each in zip(*times, strict=True))
        overlaps = name == "overlapping"
        yield {
            "order": name,
            "images": len(run.found),
            "wall_ns": wall_ns,
            "cpu_ns": cpu_ns,
            "images_per_s": len(run.found) / wall_ns * 1e9,
            "speed_up": median(ups) if overlaps else 1.0,
            "speed_up_lo": ups[0] if overlaps else None,
            "speed_up_hi": ups[-1] if overlaps else None,
            "bound": median(_bound(each) for each in run.rounds) if overlaps else None,
        }


def _stages(middle: Round) -> Iterator[Mapping[str, Cell]]:
    slowest = max(middle.serial.busy_ns)
    for alone_ns, times in zip(middle.serial.busy_ns, middle.staged.stages, strict=True):
        yield {
            "stage": times.name,
            "alone_ns": alone_ns,
            "busy_ns": times.busy_ns,
            "starved_ns": times.starved_ns,
            "blocked_ns": times.blocked_ns,
            "share": times.busy_ns / middle.staged.wall_ns,
            "occupancy": times.occupancy,
            "is_bottleneck": alone_ns == slowest,
        }


def _waits(middle: Round) -> Iterator[Mapping[str, Cell]]:
    for times in middle.staged.stages:
        parts = {
            "busy": times.busy_ns,
            "starved": times.starved_ns,
            "blocked": times.blocked_ns,
        }
        for part, time_ns in parts.items():
            yield {"stage": times.name, "part": part, "time_ns": time_ns}


def _bound(each: Round) -> float:
    """Σ t / max t of the stages one after the other, where none disturbs another."""
    return sum(each.serial.busy_ns) / max(each.serial.busy_ns)


def _answer(run: PipelineRun) -> str:
    count = len(run.found)
    told = f"{count} image has a box" if count == 1 else f"{count} images have a box"
    if run.spoiled:
        told += f", {len(run.spoiled)} could not be decoded"
    if not run.rounds:
        return f"{told}."
    up = median(each.speed_up for each in run.rounds)
    bound = median(_bound(each) for each in run.rounds)
    return f"{told}; overlapping stages are {up:.2f} times as fast, at most {bound:.2f} times."


def _findings(timed: tuple[Table, ...]) -> tuple[Finding, ...]:
    if not timed:
        return ()
    stages = [
        dict(zip((each.name for each in timed[1].columns), row, strict=True))
        for row in timed[1].rows
    ]
    place = next(index for index, row in enumerate(stages) if row["is_bottleneck"])
    return (
        Finding(
            "note",
            f"Stage {stages[place]['stage']} holds up the others",
            timed[1].name,
            (place,),
            advice="Only a faster one, or two of it, make the whole faster.",
        ),
    )


def _warnings(run: PipelineRun) -> tuple[str, ...]:
    told = []
    for kind, count in Counter(run.changed).items():
        one, several = _CHANGED[kind]
        told.append(one if count == 1 else several.format(count))
    return tuple(told)


def _method(run: PipelineRun, options: PipelineOptions, detector: Detector) -> str:
    height, width = detector.size
    threads = "1 thread" if options.threads == 1 else f"{options.threads} threads"
    return (
        f"{detector.path.name} at {width}×{height}, resized by {detector.resize}, ONNX Runtime on "
        f"{threads}, batches of {options.batch}, queues of {options.capacity}; {len(run.rounds)} "
        "rounds, both orders in turns, behind a first pass that makes the boxes and does not count."
    )
