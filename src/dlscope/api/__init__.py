"""The library face: the functions that the command line calls, too.

import dlscope

report = dlscope.evaluate("efficientnet-lite0", dataset="imagenet-mini20")
report.table("latency")
"""

from __future__ import annotations

from dlscope.api.adaptation import (
    ablate_adaptation,
    check_scenes,
    explain_adversarial,
    export_adapted,
    make_scenes,
)
from dlscope.api.adaptation_request import AdaptationRequest
from dlscope.api.adaptation_training import train_adaptation
from dlscope.api.agents import agents, start_agent
from dlscope.api.analyses import analyse, analyses
from dlscope.api.bounds import (
    bound,
    export_benchmarks,
    generate_bounds,
    import_benchmarks,
    run_bounds,
)
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
from dlscope.api.closed_loop.running import closed_loop
from dlscope.api.codesign import (
    check_space,
    describe_space,
    space_size,
    validate_codesign,
)
from dlscope.api.comparing import compare_runs
from dlscope.api.demo import demo
from dlscope.api.detector_search import DetectorData, DetectorEffort
from dlscope.api.emissions import emit_design, simulate_design
from dlscope.api.evaluation import (
    compare,
    evaluate,
    experiment,
    report,
    run_experiment,
    study_preprocessing,
)
from dlscope.api.found_searches import search_folder
from dlscope.api.items import Answer, Input, ShownItem, item, item_input, items
from dlscope.api.kept import KINDS, Kind, kept_names, kept_report, list_kept
from dlscope.api.known import GRANULARITIES, known_bounds, known_bricks, measure_bricks
from dlscope.api.local_devices import local_device, profile_space
from dlscope.api.machine import doctor, systems
from dlscope.api.manifests import (
    catalog,
    check_manifests,
    draft_manifest,
    import_mlmodelscope,
    manifest_schema,
    manifest_text,
)
from dlscope.api.oracles import baselines
from dlscope.api.papers import papers
from dlscope.api.planning import plan
from dlscope.api.profiling import profile
from dlscope.api.search_listing import list_searches, search_names
from dlscope.api.search_run import FoundDesign, SearchRun
from dlscope.api.searches import (
    compare_targets,
    describe_templates,
    measure_search,
    search_report,
    split_device,
)
from dlscope.api.searching import (
    compare_searches,
    derive_designs,
    search,
    train_design,
)
from dlscope.api.skynet import export_skynet, skynet_counts, skynet_score
from dlscope.api.skynet_data import check_uav_data, write_uav_synth
from dlscope.api.skynet_deployment import quantize_skynet, run_skynet_pipeline
from dlscope.api.skynet_search import search_skynet
from dlscope.api.skynet_tracking import (
    export_skynet_tracker,
    skynet_track,
    skynet_track_results,
    train_skynet_tracker,
)
from dlscope.api.skynet_training import build_skynet, evaluate_skynet, train_skynet
from dlscope.api.stacks import (
    create_stacks,
    describe_stack,
    remove_stacks,
    remove_unused_stacks,
    stacks,
)
from dlscope.api.stored import runs, store_info, stored_run
from dlscope.api.traces import describe_trace, export_trace, read_trace
from dlscope.api.watcher import QUIET, Watcher

__all__ = [
    "GRANULARITIES",
    "KINDS",
    "MOST_ROWS",
    "QUIET",
    "ROWS",
    "SORTED",
    "STATUSES",
    "AdaptationRequest",
    "Answer",
    "Browsed",
    "DetectorData",
    "DetectorEffort",
    "FoundDesign",
    "Input",
    "Kind",
    "SearchRun",
    "ShownItem",
    "Watcher",
    "ablate_adaptation",
    "add_to_bricks",
    "agents",
    "analyse",
    "analyses",
    "anonymous_bricks",
    "baselines",
    "bound",
    "browse",
    "build_skynet",
    "catalog",
    "check_manifests",
    "check_scenes",
    "check_space",
    "check_uav_data",
    "closed_loop",
    "compare",
    "compare_runs",
    "compare_searches",
    "compare_targets",
    "compose_bricks",
    "create_stacks",
    "demo",
    "derive_designs",
    "describe_bricks",
    "describe_space",
    "describe_stack",
    "describe_templates",
    "describe_trace",
    "doctor",
    "draft_manifest",
    "emit_design",
    "evaluate",
    "evaluate_skynet",
    "experiment",
    "explain_adversarial",
    "export_adapted",
    "export_benchmarks",
    "export_skynet",
    "export_skynet_tracker",
    "export_trace",
    "generate_bounds",
    "generate_bricks",
    "import_benchmarks",
    "import_mlmodelscope",
    "item",
    "item_input",
    "items",
    "kept_names",
    "kept_report",
    "known_bounds",
    "known_bricks",
    "list_kept",
    "list_searches",
    "local_device",
    "make_scenes",
    "manifest_schema",
    "manifest_text",
    "measure_bricks",
    "measure_search",
    "papers",
    "plan",
    "profile",
    "profile_space",
    "quantize_skynet",
    "read_bricks",
    "read_trace",
    "remove_stacks",
    "remove_unused_stacks",
    "report",
    "run_bounds",
    "run_bricks",
    "run_experiment",
    "run_skynet_pipeline",
    "runs",
    "search",
    "search_folder",
    "search_names",
    "search_report",
    "search_skynet",
    "simulate_design",
    "skynet_counts",
    "skynet_score",
    "skynet_track",
    "skynet_track_results",
    "space_size",
    "split_device",
    "stacks",
    "start_agent",
    "store_info",
    "stored_run",
    "study_preprocessing",
    "systems",
    "train_adaptation",
    "train_design",
    "train_skynet",
    "train_skynet_tracker",
    "validate_codesign",
    "verdict_of",
    "write_uav_synth",
]
