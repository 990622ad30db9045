"""Tables that the commands of co-design print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlscope.core.table import Column
from dlscope.methods.codesign.emission.report import TABLES as EMISSION_TABLES
from dlscope.methods.codesign.ip_library.templates_table import TEMPLATES
from dlscope.methods.codesign.measuring import report as codesign_profiles
from dlscope.methods.codesign.multi_task.report import TASKS
from dlscope.methods.codesign.oracle.study import RUN_COLUMNS
from dlscope.methods.codesign.searching.comparison import TRAINED
from dlscope.methods.codesign.space.report import (
    BLOCK_COLUMNS,
    OPERATION_COLUMNS,
    SIZE_COLUMNS,
)
from dlscope.methods.codesign.tables import SEARCH_TABLES, SEARCHES
from dlscope.methods.codesign.targets.targets_table import TARGETS
from dlscope.methods.codesign.telling.listing import LISTED
from dlscope.methods.codesign.validation import validation_report

_VALIDATION = {
    "validation": "Hardware models beside published accelerators, one row a comparison.",
    "splits": "Fits of the folded accelerator, and their error on rows that were held out.",
    "predictions": "Every rate that a fit predicts, beside the published one.",
}
_SEARCH = {
    "pareto": "Designs that a search met, and those of other methods beside them.",
    "trajectory": "A search epoch by epoch.",
    "choices": "How probable each operation of each block is at the last epoch.",
    "precisions": "The same of the bits of each operation.",
    "stages": "The chosen design layer by layer, as the device implements it.",
    "resources": "What the chosen design takes of the device.",
    "requirements": "Limits of an application, and whether the chosen design keeps them.",
    "predicted": "Designs as the device tells them, beside what was measured.",
    "baselines": "Other methods with an equal budget.",
}
_OTHERS = {
    "operations": ("Operations of a space, timed here.", "codesign profile",
                   codesign_profiles.OPERATIONS),
    "calibration": ("From sums of operations to networks.", "codesign profile",
                    codesign_profiles.CALIBRATION),
    "networks": ("Networks timed whole, beside what their operations tell.", "codesign profile",
                 codesign_profiles.NETWORKS),
    "space_size": ("How many designs a space has.", "codesign space", SIZE_COLUMNS),
    "space_blocks": ("Blocks of a space, one row each.", "codesign space", BLOCK_COLUMNS),
    "space_operations": ("What each block may be.", "codesign space", OPERATION_COLUMNS),
    "oracle_runs": ("Searches of a space whose best design is known.", "codesign baseline",
                    RUN_COLUMNS),
    "searches": ("Searches side by side.", "codesign compare", SEARCHES),
    "trained_designs": ("What they trained.", "codesign compare", TRAINED),
    "found_searches": ("Searches of a store.", "codesign list", LISTED),
    "targets": ("Designs on every device, the best of each first.", "codesign targets", TARGETS),
    "tasks": ("What each network gets of a device.", "codesign split", TASKS),
    "templates": ("Operations by bits and lanes.", "codesign templates", TEMPLATES),
    **{name: (doc, "codesign emit", columns) for name, (doc, columns) in EMISSION_TABLES.items()},
}  # fmt: skip


def codesign_tables() -> Iterator[tuple[str, str, Sequence[Column]]]:
    """Each table with what it tells and its columns."""
    for each in validation_report().tables:
        doc = f"{_VALIDATION[each.name]} Printed by `codesign validate`."
        yield f"{each.name} (codesign)", doc, each.columns
    for name, columns in SEARCH_TABLES.items():
        doc = f"{_SEARCH[name]} Printed by `codesign search` and `show`."
        yield f"{name} (codesign)", doc, columns
    for name, (doc, command, columns) in _OTHERS.items():
        yield f"{name} (codesign)", f"{doc} Printed by `{command}`.", columns
