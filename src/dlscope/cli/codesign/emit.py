"""`dlscope codesign emit|simulate`: a searched design as files that run, and proof that they do."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, show


class Tiling(StrEnum):
    """How an accelerator is built."""

    pipelined = "pipelined"
    dataflow = "dataflow"
    recursive = "recursive"


_DESIGN = typer.Argument(
    ..., help="A search by name, a folder, or a design.json with network.npz beside it."
)
_TILING = typer.Option(None, "--tiling", help="Form of the accelerator; default: the device's.")
_LANES = typer.Option(None, "--lanes", min=1, help="Lanes of every layer; default: as searched.")
_BITS = typer.Option(
    None,
    "--accumulator-bits",
    min=2,
    max=53,
    help="Most bits that sums may have; default: as many as they need.",
)
_SEED = typer.Option(0, "--seed", help="Seed of the random inputs.")


def emit(
    design: str = _DESIGN,
    to: str = typer.Option(..., "--to", help="onnx: quantised model; cpp: accelerator."),
    into: Path = typer.Option(None, "--into", help="Folder; default: beside the design."),
    tiling: Tiling = _TILING,
    lanes: int = _LANES,
    accumulator_bits: int = _BITS,
    seed: int = _SEED,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Write a trained design as ONNX, or as C++ of an accelerator.

    The ONNX is quantised as the design says.

    An accelerator is compiled and run first; nothing of it is written unless every integer is that
    of the reference and every cycle that of the model.

    \b
    dlscope codesign emit 1f2e3d --to onnx
    dlscope codesign emit design.json --to cpp
    """
    from dlscope import api

    report = api.emit_design(
        design,
        to=to,
        output=into,
        tiling=tiling.value if tiling else None,
        lanes=lanes,
        accumulator_bits=accumulator_bits,
        seed=seed,
        store=store,
    )
    show(report, format, output, all=all)


def simulate(
    design: str = _DESIGN,
    vectors: int = typer.Option(200, "--vectors", min=0, help="Random inputs besides corners."),
    seed: int = _SEED,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Run an emitted accelerator against the integer reference.

    It runs as it lies beside its design.

    \b
    dlscope codesign simulate design.json --vectors 1000
    """
    from dlscope import api

    report = api.simulate_design(design, vectors=vectors, seed=seed, store=store)
    show(report, format, output, all=all)
