"""SkyNet, the tiny detector: `skynet_counts`, `skynet_score`, `export_skynet`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, final

from dlscope.core.errors import PlanError

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.methods.skynet.preparing import Resize
    from dlscope.methods.skynet.scoring import Rules, TrackName
    from dlscope.zoo.skynet.folding import Folded
    from dlscope.zoo.skynet.layout import Layout, Variant
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


@final
@dataclass(frozen=True)
class ExportedSkyNet:
    """How many numbers were written, in which form, and how long each form took over slices.

    Nothing was timed where a form was asked for.
    """

    numbers: int
    form: str
    ratios: Mapping[str, float]


def export_skynet(
    weights: Path,
    output: Path,
    *,
    size: tuple[int, int] = (320, 160),
    lowering: Lowering | Literal["fastest"] = "slices",
) -> ExportedSkyNet:
    """Write weights, normalisations folded, as an ONNX file, and a manifest beside it.

    `weights` is the authors' file, whose network is written for images of `size` (width, height),
    or a file or folder of `train_skynet`. `lowering` is how the reorder is written; `fastest`
    times every way here. Raises `DataError` for another file of weights, `GraphError` for an
    unknown lowering, `ShapeError` for a size that 8 does not divide.
    """
    from dlscope.methods.skynet.detector_file import Detector
    from dlscope.methods.skynet.model_document import write_detector
    from dlscope.methods.skynet.quickest_form import quickest_form
    from dlscope.zoo.skynet.onnx_model import onnx_model

    found = _weights_of(weights, (size[1], size[0]))
    ratios: dict[str, float] = {}
    if lowering == "fastest":
        timed = quickest_form(found.folded, found.layout, act=found.act)
        form, ratios = timed.form, dict(timed.ratios.items())
    else:
        form = lowering
    graph = onnx_model(found.folded, found.layout, act=found.act, lowering=form)
    detector = Detector(output, graph, found.layout.size, found.resize, found.anchors)
    write_detector(output, detector, description=found.title, attributes={"reorder": form})
    return ExportedSkyNet(int(found.folded.flat.size), form, ratios)


@dataclass(frozen=True)
class _Weights:
    """What is exported, and what its boxes depend on."""

    folded: Folded
    layout: Layout
    act: str
    resize: Resize
    anchors: tuple[tuple[float, float], ...]
    title: str


def _weights_of(path: Path, size: tuple[int, int]) -> _Weights:
    from dlscope.methods.skynet.decoding import ANCHORS
    from dlscope.methods.skynet.released_weights import released_state
    from dlscope.zoo.skynet.folding import fold_bn
    from dlscope.zoo.skynet.layout import Layout

    if not path.is_dir() and path.suffix != ".pt":
        folded = fold_bn(released_state(path))
        title = "SkyNet C with ReLU6, the authors' weights."
        return _Weights(folded, Layout("C", size=size), "relu6", "nearest", ANCHORS, title)

    from dlscope.methods.skynet.detector_training.stored_detector import read_detector
    from dlscope.zoo.skynet.network import state_of

    found = read_detector(path)
    network = found.network
    return _Weights(
        fold_bn(state_of(network)),
        network.layout,
        network.act,
        found.resize,
        found.anchors,
        f"{found.title}; the one surest box of an image.",
    )
