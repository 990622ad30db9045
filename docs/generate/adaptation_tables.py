"""Tables that the commands of adaptation print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlscope.core.table import Column
from dlscope.methods.adaptation import (
    ablation_tables,
    checking,
    class_gains,
    instability_report,
    training_report,
)
from generate.printed_tables import Printed, printed

_TABLES: Printed = {
    "adapt ablate": {
        "ablation": ("Every row and seed.", ablation_tables.ABLATION),
        "paired": ("Rows against one another, seed by seed.", ablation_tables.PAIRED),
        "selection": ("What selected weights gain over the last.", ablation_tables.SELECTION),
        "iou_by_class": ("Every row and class.", class_gains.BY_CLASS),
    },
    "adapt ablate and adapt train": {
        "gain_by_class": ("The best row against the source alone.", class_gains.GAINS),
    },
    "adapt train": {
        "stages": ("What a training took.", training_report.STAGES),
        "losses": ("How its losses went.", training_report.LOSSES),
        "scores": ("What it scores on the target.", training_report.SCORES),
    },
    "adapt check-data": {
        "faults": ("What is wrong with a data set.", checking.FAULTS),
        "classes": ("How often each class is there.", checking.CLASS_COLUMNS),
        "sizes": ("How large its images are.", checking.SIZES),
    },
    "adapt explain-adversarial": {
        "gradients": ("What each loss pulls with.", instability_report.GRADIENTS),
    },
}


def adaptation_tables() -> Iterator[tuple[str, str, Sequence[Column]]]:
    """Each table with what it tells and its columns."""
    return printed("adaptation", _TABLES)
