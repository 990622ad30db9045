"""SIM: its tables follow from their own rows, over the classes that are here."""

from __future__ import annotations

import numpy as np
import pytest
from paper_figures import require_agreement

from dlscope.data.scene_classes import CLASSES, Subset, subset
from dlscope.methods.adaptation.published import OTHER_METHODS, SIM_ROWS
from dlscope.metrics.confusion import ConfusionMatrix

GTA5, SYNTHIA, GTA5_VGG16 = range(3)


def _mean_iou(row: int, kept: Subset) -> float:
    """The mean that the confusion matrix tells whose classes have the IoU that is printed.

    One class more takes what is missed, so that no class has pixels of another.
    """
    counts_gp = np.zeros((len(CLASSES) + 1, len(CLASSES) + 1), dtype=np.int64)
    for index, percent in zip(subset(kept), SIM_ROWS[row].iou, strict=True):
        right = round(percent * 10)
        counts_gp[index, index], counts_gp[index, -1] = right, 1000 - right
    mean = ConfusionMatrix(len(counts_gp), counts_gp).mean_iou(subset(kept))
    assert mean is not None
    return 100 * mean


COMPUTED = {
    "mean_gta5": lambda: _mean_iou(GTA5, 19),
    "mean_synthia": lambda: _mean_iou(SYNTHIA, 13),
    "mean_gta5_vgg16": lambda: _mean_iou(GTA5_VGG16, 19),
    "stuff": lambda: sum(each.kind == "stuff" for each in CLASSES),
    "things": lambda: sum(each.kind == "thing" for each in CLASSES),
    "classes_of_synthia": lambda: len(subset(13)),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_figure(name: str) -> None:
    require_agreement(COMPUTED[name](), name, "sim")


@pytest.mark.parametrize(
    ("row", "mean", "printed"), [(GTA5, 49.23, 49.2), (SYNTHIA, 52.10, 52.1), (2, 42.41, 42.4)]
)
def test_a_printed_mean_is_that_of_its_row(row: int, mean: float, printed: float) -> None:
    assert SIM_ROWS[row].mean == pytest.approx(mean, abs=5e-3)
    assert round(SIM_ROWS[row].mean, 1) == SIM_ROWS[row].miou == printed


def test_rows_of_13_classes_have_those_of_synthia() -> None:
    names = [CLASSES[class_id].name for class_id in subset(13)]
    of_class = dict(zip(names, SIM_ROWS[SYNTHIA].iou, strict=True))
    assert (of_class["road"], of_class["bus"], of_class["bicycle"]) == (83.0, 37.3, 45.8)


def test_the_method_stands_between_those_before_and_after_it() -> None:
    assert OTHER_METHODS["BDL"] < OTHER_METHODS["SIM"] == SIM_ROWS[0].miou < OTHER_METHODS["FDA"]
