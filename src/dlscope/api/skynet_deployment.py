"""SkyNet on its way to a device: `quantize_skynet`, `run_skynet_pipeline`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dlscope.api.kept import keep
from dlscope.api.watcher import Told, tell_nobody
from dlscope.core.errors import PlanError

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.core.table import Table
    from dlscope.methods.skynet.detector_file import Detector
    from dlscope.methods.skynet.fixed_point_sweep import Bits, IntegerBits, Tuning
    from dlscope.methods.skynet.observing import Observed
    from dlscope.methods.skynet.prepared_images import PreparedImages
    from dlscope.methods.skynet.preparing import Resize


def quantize_skynet(
    weights: str,
    *,
    data: str = "uav-synth",
    calibration: str | None = None,
    images: int = 100,
    calibration_images: int = 128,
    int8: Path | None = None,
    map_bits: Sequence[int] = (),
    weight_bits: Sequence[int] = (),
    integer_bits: Sequence[IntegerBits] = ("calibrated",),
    preset: str | None = None,
    fine_tune: int = 0,
    tuned: Path | None = None,
    resize: Resize | None = None,
    seed: int = 0,
    store: str | None = None,
    told: Told = tell_nobody,
) -> Report:
    """A SkyNet with fewer bits beside the float one, on `images` of `data`.

    `weights` is the authors' file, an ONNX file or a manifest. With `int8` the graph of 8-bit
    integers is written to that file, and a manifest beside it. With `map_bits` and `weight_bits`
    every combination is tried, for each of `integer_bits`; `preset` names a published one. The
    first of them is then trained on for `fine_tune` iterations, with the images that ranges come
    from: those of `calibration`, by default the training split of drawn images; that network,
    computing with its few bits, is written to the file `tuned`, and a manifest beside it. Raises
    `PlanError` where nothing is asked for and for bits that are no format, `DataError` for files
    and folders that cannot be read, `GraphError` for another network.
    """
    from dlscope.methods.skynet.detector_file import load_detector
    from dlscope.methods.skynet.fixed_point_sweep import Tuning
    from dlscope.methods.skynet.measured_images import measured_images, single_inputs
    from dlscope.methods.skynet.observing import observe
    from dlscope.methods.skynet.quantize_report import Measured, quantize_report

    asked = _asked(map_bits, weight_bits, integer_bits, preset)
    _require_work(asked, int8, fine_tune, tuned)
    detector = load_detector(weights, resize=resize)
    given = calibration or "uav-synth"
    seen = measured_images(given, calibration_images, detector, split="train", seed=seed, told=told)
    measured = measured_images(data, images, detector, split="val", seed=seed, told=told)
    told("calibrating", 0.0)
    observed = observe(detector.graph, single_inputs(seen))
    tables: list[Table | None] = [None, None]
    if int8 is not None:
        tables[0] = _int8(detector, observed, measured, int8, told)
    if asked:
        tuning = Tuning(seen, fine_tune, seed, tuned) if fine_tune else None
        tables[1] = _fixed(detector, observed, measured, asked, tuning, told)
    looked_at = Measured(Path(weights).name, data, len(measured), given, len(seen))
    asked_of = f"dlscope skynet quantize {weights} --data {data} --images {images}"
    ranges = f"--calibration {given} --calibration-images {calibration_images} --seed {seed}"
    schemes = _typed(int8, preset, map_bits, weight_bits, integer_bits, fine_tune, tuned)
    command = " ".join([asked_of, ranges, *schemes])
    report = quantize_report(looked_at, *tables, warnings=measured.warnings, command=command)
    return keep(report, "skynet", "quantize", store=store)


def run_skynet_pipeline(
    weights: str,
    images: Path,
    results: Path | None = None,
    *,
    strict: bool = False,
    batch: int = 1,
    capacity: int = 4,
    apart: bool = False,
    rounds: int = 1,
    threads: int = 1,
    limit: int | None = None,
    resize: Resize | None = None,
    store: str | None = None,
    told: Told = tell_nobody,
) -> Report:
    """The boxes of the image files below `images`, their stages overlapping, and what that saves.

    Files are decoded, prepared, inferred by ONNX Runtime on so many `threads`, and boxes are taken
    from the head; each stage has a thread, decoding and preparing one for both unless they are
    `apart`. Boxes go to the file `results` as the contest has them. A file that cannot be decoded
    is left out and told of, or ends all with `strict`. The same is then done one after the other
    and overlapping in turns, `rounds` times. Raises `DataError` for a folder without images and
    for a failed stage, `PlanError` for a `batch`, a `capacity` or `threads` below 1.
    """
    from dlscope.methods.skynet.detector_file import load_detector
    from dlscope.methods.skynet.pipeline_report import pipeline_report
    from dlscope.methods.skynet.pipeline_run import PipelineOptions, run_pipeline
    from dlscope.methods.skynet.results import write_results

    options = PipelineOptions(batch, capacity, threads, rounds, is_strict=strict, is_apart=apart)
    detector = load_detector(weights, resize=resize)
    run = run_pipeline(detector, images, options, limit=limit, told=told)
    if results is not None:
        write_results(results, {each.name: each.box for each in run.found})
    command = f"dlscope skynet pipeline {weights} --images {images} --rounds {rounds}"
    report = pipeline_report(run, options, detector, command=command)
    return keep(report, "skynet", "pipeline", store=store)


def _typed(
    int8: Path | None,
    preset: str | None,
    maps: Sequence[int],
    weights: Sequence[int],
    integers: Sequence[IntegerBits],
    fine_tune: int,
    tuned: Path | None,
) -> list[str]:
    """What was asked for, as it is typed."""
    lists = {"map-bits": maps, "weight-bits": weights, "integer-bits": integers}
    swept = [f"--{name} {','.join(map(str, each))}" for name, each in lists.items()]
    return [
        *([f"--int8 --onnx {int8}"] if int8 is not None else []),
        *([f"--preset {preset}"] if preset else []),
        *(["--sweep", *swept] if maps or weights else []),
        *([f"--fine-tune {fine_tune}"] if fine_tune else []),
        *([f"--tuned {tuned}"] if tuned is not None else []),
    ]


def _asked(
    maps: Sequence[int],
    weights: Sequence[int],
    integers: Sequence[IntegerBits],
    preset: str | None,
) -> tuple[Bits, ...]:
    """The combinations of bits to try. Raises `PlanError` for bits that are no format."""
    from dlscope.methods.skynet.fixed_point_sweep import all_bits, preset_bits

    found = (preset_bits(preset),) if preset else ()
    swept = all_bits(maps, weights, integers) if maps or weights else ()
    return (*found, *(each for each in swept if each not in found))


def _require_work(
    asked: Sequence[Bits], int8: Path | None, fine_tune: int, tuned: Path | None
) -> None:
    if int8 is None and not asked:
        raise PlanError(
            "nothing is asked for",
            where="skynet quantize",
            fix="add --int8, --sweep or --preset skynet-ultra96",
        )
    if fine_tune and not asked:
        raise PlanError(
            "there is no scheme to train in",
            where="skynet quantize, --fine-tune",
            fix="add --sweep or --preset skynet-ultra96",
        )
    if tuned is not None and not fine_tune:
        raise PlanError(
            "nothing is trained that could be written",
            where="skynet quantize, --tuned",
            fix="add --fine-tune 300",
        )


def _fixed(
    detector: Detector,
    observed: Mapping[str, Observed],
    images: PreparedImages,
    asked: Sequence[Bits],
    tuning: Tuning | None,
    told: Told,
) -> Table:
    """Every combination of bits on the images, the first trained on where there is a tuning."""
    from dlscope.methods.skynet.fixed_point_sweep import sweep
    from dlscope.methods.skynet.int8_comparison import float_answers

    floats = float_answers(detector, images)
    return sweep(detector, images, floats, observed, asked, tuning=tuning, told=told)


def _int8(
    detector: Detector,
    observed: Mapping[str, Observed],
    images: PreparedImages,
    output: Path,
    told: Told,
) -> Table:
    """The graph of 8-bit integers written, beside the float one."""
    from dlscope.methods.skynet.int8 import to_int8
    from dlscope.methods.skynet.int8_comparison import compare_int8
    from dlscope.methods.skynet.model_document import write_detector

    told("8-bit integers", 0.0)
    quantised = detector.with_graph(to_int8(detector.graph, observed))
    description = "SkyNet with weights and maps of 8-bit integers."
    write_detector(output, quantised, description=description)
    return compare_int8(detector, quantised, images)
