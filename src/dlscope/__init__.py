"""Measure, explain, predict, bound and redesign what a deep-learning model costs."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlscope.api import (
        bound,
        compare,
        evaluate,
        experiment,
        profile,
        report,
        run_experiment,
        study_preprocessing,
    )
    from dlscope.core.errors import DlscopeError
    from dlscope.core.report import Finding, Report
    from dlscope.core.table import Table

_HOMES = {
    "DlscopeError": "dlscope.core.errors",
    "Finding": "dlscope.core.report",
    "Report": "dlscope.core.report",
    "Table": "dlscope.core.table",
    "bound": "dlscope.api",
    "compare": "dlscope.api",
    "evaluate": "dlscope.api",
    "experiment": "dlscope.api",
    "profile": "dlscope.api",
    "report": "dlscope.api",
    "run_experiment": "dlscope.api",
    "study_preprocessing": "dlscope.api",
}

__all__ = [
    "DlscopeError",
    "Finding",
    "Report",
    "Table",
    "bound",
    "compare",
    "evaluate",
    "experiment",
    "profile",
    "report",
    "run_experiment",
    "study_preprocessing",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
