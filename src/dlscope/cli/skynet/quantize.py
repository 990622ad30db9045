"""`dlscope skynet quantize`: what fewer bits cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dlscope.cli.asking import numbers
from dlscope.cli.option_group import spread
from dlscope.cli.output import STORE, Shown
from dlscope.cli.skynet.options import RESIZE, resize_of
from dlscope.cli.steps import BEGINS_AGAIN, Steps
from dlscope.core.errors import PlanError

if TYPE_CHECKING:
    from dlscope.methods.skynet.fixed_point_sweep import IntegerBits

_CALIBRATED = "calibrated"


@spread
def quantize(
    weights: str = typer.Argument(..., help="The authors' weights, an ONNX file or a manifest."),
    data: str = typer.Option("uav-synth", "--data", help="Images: a folder, or uav-synth."),
    calibration: str = typer.Option(
        "uav-synth", "--calibration", help="Images that ranges come from: a folder, or uav-synth."
    ),
    images: int = typer.Option(100, "--images", min=1, help="Images to measure with."),
    calibration_images: int = typer.Option(
        128, "--calibration-images", min=1, help="Images that ranges come from; 100 or more."
    ),
    int8: bool = typer.Option(False, "--int8", help="Write a graph of 8-bit integers."),
    model: Path = typer.Option("skynet-int8.onnx", "--onnx", help="File of --int8."),
    sweep: bool = typer.Option(False, "--sweep", help="Try every combination of bits."),
    map_bits: str = typer.Option("9,8", "--map-bits", help="Bits of maps, for --sweep."),
    weight_bits: str = typer.Option("11,10,8", "--weight-bits", help="Bits of weights."),
    integer_bits: str = typer.Option(
        "calibrated,3,4", "--integer-bits", help="Bits of maps before the point, or calibrated."
    ),
    preset: str = typer.Option(None, "--preset", help="A published scheme: skynet-ultra96."),
    fine_tune: int = typer.Option(
        0, "--fine-tune", min=0, help="Train the first scheme so many iterations in its formats."
    ),
    tuned: Path = typer.Option("skynet-fixed.onnx", "--tuned", help="File of --fine-tune."),
    resize: str = RESIZE,
    seed: int = typer.Option(0, "--seed", help="What drawn images are drawn from."),
    store: str = STORE,
    *,
    shown: Shown,
) -> None:
    """Measure a SkyNet with fewer bits beside the one in floats.

    \b
    dlscope skynet quantize dac.weights --data photographs --int8
    dlscope skynet quantize dac.weights --sweep --map-bits 9,8 --weight-bits 11,10
    """
    from dlscope import api

    with Steps("skynet quantize", BEGINS_AGAIN) as steps:
        report = api.quantize_skynet(
            weights,
            data=data,
            calibration=calibration,
            images=images,
            calibration_images=calibration_images,
            int8=model if int8 else None,
            map_bits=numbers(map_bits, "--map-bits") if sweep else (),
            weight_bits=numbers(weight_bits, "--weight-bits") if sweep else (),
            integer_bits=_integers(integer_bits),
            preset=preset,
            fine_tune=fine_tune,
            tuned=tuned if fine_tune else None,
            resize=resize_of(resize),
            seed=seed,
            store=store,
            told=steps.told,
        )
    shown.show(report)
    written = [(model, "8-bit integers")] * int8 + [(tuned, "fixed point")] * bool(fine_tune)
    for path, what in written:
        typer.echo(f"{path}: {what}, and {path.with_suffix('.yaml').name}", err=True)


def _integers(text: str) -> list[IntegerBits]:
    """Whole numbers, and the word calibrated. Raises `PlanError` for other words."""
    found: list[IntegerBits] = []
    for word in (each.strip() for each in text.split(",")):
        if word == _CALIBRATED:
            found.append("calibrated")
        elif word.isdecimal():
            found.append(int(word))
        else:
            raise PlanError(
                f"{word!r} is neither a number of bits nor {_CALIBRATED}",
                where="--integer-bits",
                fix="write it as calibrated,3,4",
            )
    return found
