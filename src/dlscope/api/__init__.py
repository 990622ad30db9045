"""The library face: the functions that the command line calls, too.

import dlscope

report = dlscope.evaluate("efficientnet-lite0", dataset="imagenet-mini20")
report.table("latency")
"""

from __future__ import annotations

from dlscope.api.demo import demo
from dlscope.api.evaluation import (
    compare,
    evaluate,
    experiment,
    report,
    run_experiment,
    study_preprocessing,
)
from dlscope.api.machine import doctor, systems
from dlscope.api.manifests import (
    catalog,
    check_manifests,
    import_mlmodelscope,
    manifest_schema,
    manifest_text,
)
from dlscope.api.profiling import profile
from dlscope.api.stored import runs, store_info
from dlscope.api.traces import describe_trace, export_trace, read_trace
from dlscope.api.watcher import QUIET, Watcher

__all__ = [
    "QUIET",
    "Watcher",
    "catalog",
    "check_manifests",
    "compare",
    "demo",
    "describe_trace",
    "doctor",
    "evaluate",
    "experiment",
    "export_trace",
    "import_mlmodelscope",
    "manifest_schema",
    "manifest_text",
    "profile",
    "read_trace",
    "report",
    "run_experiment",
    "runs",
    "store_info",
    "study_preprocessing",
    "systems",
]
