"""The library face: the functions that the command line calls, too.

import dlscope

report = dlscope.evaluate("efficientnet-lite0", dataset="imagenet-mini20")
report.table("latency")
"""

from __future__ import annotations

from dlscope.api.bounds import bound, generate_bounds, import_benchmarks, run_bounds
from dlscope.api.bricks import (
    add_to_bricks,
    anonymous_bricks,
    compose_bricks,
    describe_bricks,
    generate_bricks,
    read_bricks,
    run_bricks,
)
from dlscope.api.browsing import (
    MOST_ROWS,
    ROWS,
    SORTED,
    STATUSES,
    Browsed,
    browse,
    verdict_of,
)
from dlscope.api.codesign import validate_codesign
from dlscope.api.comparing import compare_runs
from dlscope.api.demo import demo
from dlscope.api.evaluation import (
    compare,
    evaluate,
    experiment,
    report,
    run_experiment,
    study_preprocessing,
)
from dlscope.api.items import Answer, Input, ShownItem, item, item_input, items
from dlscope.api.machine import doctor, systems
from dlscope.api.manifests import (
    catalog,
    check_manifests,
    import_mlmodelscope,
    manifest_schema,
    manifest_text,
)
from dlscope.api.planning import plan
from dlscope.api.profiling import profile
from dlscope.api.stacks import create_stacks, describe_stack, remove_stacks, stacks
from dlscope.api.stored import runs, store_info, stored_run
from dlscope.api.traces import describe_trace, export_trace, read_trace
from dlscope.api.watcher import QUIET, Watcher

__all__ = [
    "MOST_ROWS",
    "QUIET",
    "ROWS",
    "SORTED",
    "STATUSES",
    "Answer",
    "Browsed",
    "Input",
    "ShownItem",
    "Watcher",
    "add_to_bricks",
    "anonymous_bricks",
    "bound",
    "browse",
    "catalog",
    "check_manifests",
    "compare",
    "compare_runs",
    "compose_bricks",
    "create_stacks",
    "demo",
    "describe_bricks",
    "describe_stack",
    "describe_trace",
    "doctor",
    "evaluate",
    "experiment",
    "export_trace",
    "generate_bounds",
    "generate_bricks",
    "import_benchmarks",
    "import_mlmodelscope",
    "item",
    "item_input",
    "items",
    "manifest_schema",
    "manifest_text",
    "plan",
    "profile",
    "read_bricks",
    "read_trace",
    "remove_stacks",
    "report",
    "run_bounds",
    "run_bricks",
    "run_experiment",
    "runs",
    "stacks",
    "store_info",
    "stored_run",
    "study_preprocessing",
    "systems",
    "validate_codesign",
    "verdict_of",
]
