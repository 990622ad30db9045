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

_TABLES = {
    "ablation": ("Every row and seed.", "adapt ablate", ablation_tables.ABLATION),
    "paired": ("Rows against one another, seed by seed.", "adapt ablate", ablation_tables.PAIRED),
    "gain_by_class": ("The best row against the source alone.", "adapt ablate` and `adapt train",
                      class_gains.GAINS),
    "iou_by_class": ("Every row and class.", "adapt ablate", class_gains.BY_CLASS),
    "stages": ("What a training took.", "adapt train", training_report.STAGES),
    "losses": ("How its losses went.", "adapt train", training_report.LOSSES),
    "scores": ("What it scores on the target.", "adapt train", training_report.SCORES),
    "faults": ("What is wrong with a data set.", "adapt check-data", checking.FAULTS),
    "classes": ("How often each class is there.", "adapt check-data", checking.CLASS_COLUMNS),
    "sizes": ("How large its images are.", "adapt check-data", checking.SIZES),
    "gradients": ("What each loss pulls with.", "adapt explain-adversarial",
                  instability_report.GRADIENTS),
}  # fmt: skip


def adaptation_tables() -> Iterator[tuple[str, str, Sequence[Column]]]:
    """Each table with what it tells and its columns."""
    for name, (doc, command, columns) in _TABLES.items():
        yield f"{name} (adaptation)", f"{doc} Printed by `{command}`.", columns
