"""Published designs whose rate follows from their plan exactly: nothing is fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dlscope.catalog.finder import find
from dlscope.core.manifest import BoardManifest
from dlscope.core.table import Cell
from dlscope.devices.fpga_dataflow import MatrixVectorUnit
from dlscope.devices.fpga_pipelined import Pipeline
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.pipeline_stage import PipelineStage
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.published_designs import published_designs
from dlscope.methods.codesign.reference_networks import cnv, vgg10_radio, vgg16, with_weights

Record = Mapping[str, Cell]

_UNITS = {"cycles": "cycles", "fps": "1/s", "lanes": "lanes", "dsp": "DSP", "balance": "share"}
# Figures are expected with the digits that they are told with.
_DECIMALS = {"fps": 2, "balance": 2}
_WHOLE_FPS = 100  # at least this fast, rates are told without decimals
_NETWORKS: Mapping[str, Callable[[], tuple[LayerShape, ...]]] = {
    "cnv": cnv,
    "vgg10_radio": vgg10_radio,
}


def exact_records() -> Iterator[Record]:
    """A record for each expected figure of each exact design, and for each published rate."""
    designs = published_designs()
    for row in designs["pipelined"]:
        yield from _records(row, "fpga_pipelined", pipelined_figures(row))
        yield _over_budget(row)
    for row in designs["dataflow"]:
        yield from _records(row, "fpga_dataflow", dataflow_figures(row))


def pipelined_figures(row: Mapping[str, Any]) -> dict[str, float]:
    """Cycles, rate, lanes, DSPs and balance of a plan for VGG-16, input padded to 4 channels."""
    stages = pipelined_stages(row)
    pipeline = Pipeline.of([each for each in stages if each.layer.weights], row["clock_mhz"])
    board = _board(row)
    return {
        "cycles": pipeline.cycles,
        "fps": pipeline.fps,
        "lanes": pipeline.lanes,
        "dsp": sum(each.dsp(board) for each in stages),
        "balance": pipeline.balance,
    }


def pipelined_stages(row: Mapping[str, Any]) -> list[PipelineStage]:
    """The stages of a plan, pools between its convolutions with one lane."""
    lanes = iter(row["lanes"])
    precision = Precision.of(row["bits"])
    layers = vgg16(channels_in=4, with_pools=True)
    return [
        PipelineStage(layer, precision, *(next(lanes) if layer.weights else (1, 1)))
        for layer in layers
    ]


def dataflow_figures(row: Mapping[str, Any]) -> dict[str, float]:
    """Cycles and rate of a plan of units."""
    precision = Precision(row["weight_bits"], row["activation_bits"])
    layers = with_weights(_NETWORKS[row["network"]]())
    units = [
        MatrixVectorUnit(layer, precision, *lanes)
        for layer, lanes in zip(layers, row["lanes"], strict=True)
    ]
    pipeline = Pipeline.of(units, row["clock_mhz"])
    return {"cycles": pipeline.cycles, "fps": pipeline.fps}


def _records(row: Mapping[str, Any], device: str, figures: Mapping[str, float]) -> Iterator[Record]:
    for figure, expected in row["expected"].items():
        predicted = _told(figure, figures[figure])
        yield {
            "case": row["case"],
            "device": device,
            "figure": figure,
            "unit": _UNITS[figure],
            "predicted": predicted,
            "reference": float(expected),
            "error": predicted / expected - 1,
            "limit": 0.0,
            "holds": predicted == expected,
            "confidence": "derived",
            "source": row["source"],
        }
    if row["published_fps"] is not None:
        yield _published(row, device, figures["fps"])


def _published(row: Mapping[str, Any], device: str, fps: float) -> Record:
    """The rate beside what was published: shown, never a check, since tools differ around it."""
    return {
        "case": row["case"],
        "device": device,
        "figure": "published fps",
        "unit": "1/s",
        "predicted": fps,
        "reference": float(row["published_fps"]),
        "error": fps / row["published_fps"] - 1,
        "confidence": row["confidence"],
        "source": row["source"],
    }


def _over_budget(row: Mapping[str, Any]) -> Record:
    """Whether the part has the DSPs that the plan takes; published builds put lanes elsewhere."""
    dsp, board = pipelined_figures(row)["dsp"], _board(row)
    return {
        "case": row["case"],
        "device": "fpga_pipelined",
        "figure": f"over_budget of dsp on {board.name}",
        "unit": "DSP",
        "predicted": float(dsp),
        "reference": float(board.resources.dsp),
        "error": dsp / board.resources.dsp - 1,
        "holds": dsp > board.resources.dsp,
        "confidence": "derived",
        "source": row["source"],
    }


def _told(figure: str, value: float) -> float:
    decimals = _DECIMALS.get(figure)
    if decimals is None:
        return float(value)
    return float(round(value, 0 if figure == "fps" and value >= _WHOLE_FPS else decimals))


def _board(row: Mapping[str, Any]) -> BoardManifest:
    board = find("board", row["board"])
    if not isinstance(board, BoardManifest):
        raise TypeError(f"{row['board']} is no board")
    return board
