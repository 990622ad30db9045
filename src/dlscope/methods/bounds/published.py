"""`read_published`: result files of the paper's own tool, and the bounds that they tell.

The tool writes one CSV file for each model, with a row for each benchmark that a layer needs and a
last row with the total:

    LayerName,LayerType,BenchmarkName,RealTime(ms),Theoretical Flops
    conv_1,Conv,CONV_FWD_3163<CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM>,0.047152,203233536
    ,,Total,0.860739,2503850912

or the same as JSON, in ns. Files of all layers one after another, and of the heaviest path, of the
fastest algorithms and of those that cuDNN's heuristics choose, lie in folders of their own:

    serial_latency/batchsize_1/GPU/MODEL.csv            sequential bound
    latency/batchsize_1/GPU/MODEL.csv                   parallel bound
    cudnn_advised_serial_latency/batchsize_1/…          sequential, as the heuristics choose

The file of the heaviest path has the rows of all layers, too: only its total is that of the path.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, final

from dlscope.core.errors import BoundError

_LONGEST_NS = 10**18
COLUMNS = ("LayerName", "LayerType", "BenchmarkName", "RealTime(ms)", "Theoretical Flops")
FREE_KINDS = frozenset(
    {"Reshape", "Concat", "Flatten", "Unsqueeze", "Transpose", "Identity", "LRN"}
    | {"GlobalPooling", "Scale"}
)
"""Kinds of layers that the tool takes for free, though most of them move data (`--paper-costs`)."""

_TOTAL = "Total"
_NS_PER_MS = 1_000_000
_NS_PER_UNIT = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_FIX = "give a file that the tool of the Benanza paper wrote (benchinfo --format=csv or json)"
_FORWARD = "forward"


@final
@dataclass(frozen=True)
class PublishedRow:
    """One benchmark that a layer needs; a convolution with a bias needs two.

    `layer` and `kind` are "" in JSON, which does not tell them. `algorithm` is what cuDNN calls
    the one that was run; in CSV it may be cut short.
    """

    layer: str
    kind: str
    benchmark: str
    algorithm: str
    cost_ns: int
    workspace_bytes: int | None = None


@final
@dataclass(frozen=True)
class PublishedFile:
    """The rows of a model and the total that the tool wrote, None in JSON.

    Of some models the total is more than the sum; the tool does not say what it adds.
    """

    rows: tuple[PublishedRow, ...]
    total_ns: int | None = None

    @property
    def sum_ns(self) -> int:
        """All rows one after another."""
        return sum(row.cost_ns for row in self.rows)

    @property
    def bound_ns(self) -> int:
        """The total that the tool wrote, else the sum."""
        return self.sum_ns if self.total_ns is None else self.total_ns

    def shares(self) -> Mapping[str, float]:
        """The part of the sum that each kind of layer has, 0 to 1, the largest first."""
        kinds = dict.fromkeys(row.kind for row in self.rows)
        sums = {k: sum(row.cost_ns for row in self.rows if row.kind == k) for k in kinds}
        ordered = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
        return {kind: cost_ns / self.sum_ns for kind, cost_ns in ordered if self.sum_ns}


@final
@dataclass(frozen=True)
class PublishedBounds:
    """The bounds of one model on one GPU at one batch size."""

    model: str
    gpu: str
    batch_size: int
    sequential_ns: int
    parallel_ns: int
    heuristic_ns: int

    def __post_init__(self) -> None:
        if min(self.sequential_ns, self.parallel_ns, self.heuristic_ns) <= 0:
            raise BoundError(
                f"a bound of {self.model} on {self.gpu} is 0",
                where=f"batch size {self.batch_size}",
                fix="leave out the files of models that the tool has no benchmarks of",
            )

    @property
    def parallel_gain(self) -> float:
        """S / P: what running independent layers at once could save at most (question Q2)."""
        return self.sequential_ns / self.parallel_ns

    @property
    def heuristic_loss(self) -> float:
        """S of the algorithms that cuDNN's heuristics choose / S of the fastest (question Q3)."""
        return self.heuristic_ns / self.sequential_ns


def read_published(path: Path, *, paper_costs: bool = True) -> PublishedFile:
    """The file at `path`, CSV or JSON by its suffix.

    Layers that the tool takes for free cost 0 whatever their rows say; with `paper_costs` False
    they count, and the total of the tool, which leaves them out, is dropped. Raises `BoundError`
    for anything that is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise _refusal(f"the file cannot be read: {reason}", path) from error
    found = _from_json(text, path) if path.suffix == ".json" else _from_csv(text, path)
    if not paper_costs:
        return PublishedFile(found.rows)
    rows = tuple(row for row in found.rows if row.kind not in FREE_KINDS)
    return PublishedFile(rows, found.total_ns)


def published_bounds(folder: Path, gpu: str, batch_size: int = 1) -> tuple[PublishedBounds, ...]:
    """The bounds of every model that the tool has results of on `gpu`, sorted by name.

    `folder` is the one that holds `serial_latency`. Raises `BoundError` where there are none, and
    for a model that has not all three files.
    """
    place = Path(f"batchsize_{batch_size}") / gpu
    paths = sorted((folder / "serial_latency" / place).glob("*.csv"))
    if not paths:
        raise BoundError(
            f"there are no results of {gpu!r} at batch size {batch_size}",
            where=str(folder),
            fix="give the folder that holds serial_latency, a GPU and a batch size that are there",
        )
    return tuple(
        PublishedBounds(
            path.stem,
            gpu,
            batch_size,
            *(
                read_published(folder / kind / place / path.name).bound_ns
                for kind in ("serial_latency", "latency", "cudnn_advised_serial_latency")
            ),
        )
        for path in paths
    )


def geometric_mean(values: Iterable[float]) -> float:
    """The exponential of the mean logarithm; values are above 0, and there is one at least."""
    logarithms = [math.log(each) for each in values]
    return math.exp(math.fsum(logarithms) / len(logarithms))


def _from_csv(text: str, path: Path) -> PublishedFile:
    lines = list(csv.reader(text.splitlines()))
    if not lines or tuple(lines[0]) != COLUMNS:
        raise _refusal("the file has not the columns of a published result", path)
    rows: list[PublishedRow] = []
    total_ns = None
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(COLUMNS):
            raise _refusal(f"line {number} has {len(line)} fields, not {len(COLUMNS)}", path)
        layer, kind, benchmark, cost_ms, _ = line
        cost_ns = _ns(cost_ms, _NS_PER_MS, f"line {number}", path)
        if benchmark == _TOTAL:
            total_ns = cost_ns
        else:
            rows.append(PublishedRow(layer, kind, benchmark, _algorithm(benchmark), cost_ns))
    return PublishedFile(tuple(rows), total_ns)


def _from_json(text: str, path: Path) -> PublishedFile:
    try:
        # Decimals, so that no time is rounded before it is in ns.
        listed = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise _refusal("the file is not JSON", path) from error
    if not isinstance(listed, list):
        raise _refusal("the file is no list of benchmarks", path)
    return PublishedFile(tuple(_rows(listed, path)))


def _rows(listed: Sequence[Any], path: Path) -> Iterator[PublishedRow]:
    """The forward benchmarks; the tool has those of the backward pass beside them."""
    for number, entry in enumerate(listed, start=1):
        place = f"entry {number}"
        benchmark = entry.get("benchmark") if isinstance(entry, dict) else None
        if not isinstance(benchmark, dict) or not isinstance(benchmark.get("Name"), str):
            raise _refusal(f"{place}: it is no benchmark with a name", path)
        if entry.get("type", _FORWARD) == _FORWARD:
            yield _row(benchmark, place, path)


def _row(benchmark: Mapping[str, Any], place: str, path: Path) -> PublishedRow:
    name, unit = benchmark["Name"], benchmark.get("TimeUnit", "ns")
    if not isinstance(unit, str) or unit not in _NS_PER_UNIT:
        raise _refusal(f"{place}: {unit!r} is no unit of time", path)
    cost_ns = _ns(benchmark.get("RealTime"), _NS_PER_UNIT[unit], place, path)
    workspace = benchmark.get("workspace_bytes")
    return PublishedRow("", "", name, _algorithm(name), cost_ns, workspace)


def _ns(told: Any, unit_ns: int, place: str, path: Path) -> int:
    try:
        cost = Decimal(told) * unit_ns
    except (ArithmeticError, TypeError, ValueError):
        cost = Decimal("nan")
    if not cost.is_finite() or not 0 <= cost <= _LONGEST_NS:
        raise _refusal(f"{place}: {told!r} is no time", path)
    return round(cost)


def _algorithm(benchmark: str) -> str:
    """What stands in angle brackets in the name of a benchmark; "" where nothing does.

    >>> _algorithm("ADD_TENSOR12"), _algorithm("CONV_FWD_1<CUDNN_WINOGRAD>/input[0]:1")
    ('', 'CUDNN_WINOGRAD')
    """
    return benchmark.partition("<")[2].partition(">")[0]


def _refusal(what: str, path: Path) -> BoundError:
    return BoundError(what, where=str(path), fix=_FIX)
