"""SkyNet, the tiny detector: `skynet_counts`, `skynet_score`, `export_skynet`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dlscope.core.errors import PlanError

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.methods.skynet.scoring import Rules, TrackName
    from dlscope.zoo.skynet.layout import Variant
    from dlscope.zoo.skynet.onnx_model import Lowering


def skynet_counts(
    variant: Variant = "C",
    *,
    width: float = 1.0,
    size: tuple[int, int] = (320, 160),
    trunk: bool = False,
) -> Report:
    """Layers, parameters and multiply-accumulates of a SkyNet for images of `size`.

    `size` is (width, height). Raises `GraphError` for an unknown variant or width, `ShapeError`
    for sides that are not multiples of 8.
    """
    from dlscope.methods.skynet.count_report import count_report
    from dlscope.zoo.skynet.layout import Layout

    return count_report(Layout(variant, width, (size[1], size[0]), is_trunk=trunk))


def skynet_score(
    results: Path | None = None,
    truth: Path | None = None,
    *,
    seconds: float,
    rules: Rules = "2019",
    track: TrackName = "gpu",
    energy_j: float | None = None,
    mean_energy_j: float | None = None,
    images: int | None = None,
    f1: float | None = None,
    mean_iou: float | None = None,
    min_fps: bool = False,
) -> Report:
    """The score of the contest for a file of `results` and a folder of annotations, `truth`.

    The rules of 2023 and 2024 are about other images: there `images`, `f1` and `mean_iou` are
    told. Raises `PlanError` where neither is given, `DataError` for files that are not as the
    contest has them and for numbers that cannot have been measured.
    """
    from dlscope.methods.skynet.score_report import read_overlaps, score_report
    from dlscope.methods.skynet.scoring import Entry

    found = None
    if results is not None and truth is not None:
        found = read_overlaps(results, truth)
        images = len(found.by_image)
    if images is None:
        raise PlanError(
            "there is nothing to score",
            where="skynet score",
            fix="give results.csv and --truth FOLDER, or --images and --f1",
        )
    iou = None if found is None else found.mean
    entry = Entry(images, seconds, energy_j=energy_j, iou=iou, f1=f1, mean_iou=mean_iou)
    return score_report(
        entry,
        rules,
        track=track,
        mean_energy_j=mean_energy_j,
        min_fps=min_fps,
        overlaps=found,
    )


def export_skynet(
    weights: Path,
    output: Path,
    *,
    size: tuple[int, int] = (320, 160),
    lowering: Lowering = "slices",
) -> int:
    """Write the authors' weights, normalisations folded, as an ONNX file; its numbers are counted.

    A manifest is written beside it, which says the filter that they were trained with. `size` is
    (width, height), `lowering` how the reorder is written. Raises `DataError` for another file of
    weights, `GraphError` for an unknown lowering, `ShapeError` for a size that 8 does not divide.
    """
    from dlscope.methods.skynet.detector_file import Detector
    from dlscope.methods.skynet.model_document import write_detector
    from dlscope.methods.skynet.released_weights import released_state
    from dlscope.zoo.skynet.folding import fold_bn
    from dlscope.zoo.skynet.layout import Layout
    from dlscope.zoo.skynet.onnx_model import onnx_model

    layout = Layout("C", size=(size[1], size[0]))
    folded = fold_bn(released_state(weights))
    graph = onnx_model(folded, layout, lowering=lowering)
    described = "SkyNet C with ReLU6, the authors' weights."
    write_detector(output, Detector(output, graph, layout.size, "nearest"), description=described)
    return int(folded.flat.size)
