"""The library face: the functions that the command line calls, too.

import dlscope

report = dlscope.evaluate("efficientnet-lite0", dataset="imagenet-mini20")
report.table("latency")
"""

from __future__ import annotations

from dlscope.api.bricks import (
    add_to_bricks,
    anonymous_bricks,
    compose_bricks,
    describe_bricks,
    generate_bricks,
    read_bricks,
    run_bricks,
)
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
    "add_to_bricks",
    "anonymous_bricks",
    "catalog",
    "check_manifests",
    "compare",
    "compose_bricks",
    "demo",
    "describe_bricks",
    "describe_trace",
    "doctor",
    "evaluate",
    "experiment",
    "export_trace",
    "generate_bricks",
    "import_mlmodelscope",
    "manifest_schema",
    "manifest_text",
    "profile",
    "read_bricks",
    "read_trace",
    "report",
    "run_bricks",
    "run_experiment",
    "runs",
    "store_info",
    "study_preprocessing",
    "systems",
]
