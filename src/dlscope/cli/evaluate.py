"""`dlscope evaluate` and `dlscope compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, exit_code, show

BACKEND = typer.Option(
    ["onnxruntime"], "--backend", "-b", help="Backend, or backend==version; repeat for several."
)
DATASET = typer.Option(None, "--dataset", "-d", help="Data set; default: the model's own.")
SCENARIO = typer.Option("online", "--scenario", "-s", help="Scenario by name or manifest.")
BATCH = typer.Option(None, "--batch-size", help="Items per query; repeat for a sweep.")
PIPELINE = typer.Option(None, "--pipeline", help="preloaded, sequential or stream.")
DURATION = typer.Option(None, "--min-duration-ms", help="Measure at least this long.")
THREADS = typer.Option(None, "--threads", help="Threads per prediction; default: all cores.")
ITEMS = typer.Option(None, "--items", help="Only the first so many items.")
REPEATS = typer.Option(1, "--repeats", help="Independent processes per point.")
RERUN = typer.Option(False, "--rerun", help="Measure again what is finished.")


def evaluate(
    model: list[str] = typer.Argument(
        ..., help="Models by name or manifest, or one experiment manifest."
    ),
    dataset: list[str] = DATASET,
    backend: list[str] = BACKEND,
    scenario: str = SCENARIO,
    batch_size: list[int] = BATCH,
    pipeline: str = PIPELINE,
    min_duration_ms: float = DURATION,
    threads: int = THREADS,
    items: int = ITEMS,
    repeats: int = REPEATS,
    rerun: bool = RERUN,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Accuracy and latency of models on backends, measured once and kept.

    \b
    dlscope evaluate efficientnet-lite0 --dataset imagenet-mini20
    dlscope evaluate experiment.yaml --format json
    """
    from dlscope import api
    from dlscope.cli.progress import Progress

    asked = _experiment_file(model) or api.experiment(
        model,
        dataset=dataset or None,
        backend=backend,
        scenario=_scenario(scenario, batch_size, pipeline, min_duration_ms),
        items=items,
        options=_options(threads),
        repeats=repeats,
    )
    with Progress(f"evaluate {' '.join(model)}") as progress:
        report = api.run_experiment(asked, store=store, rerun=rerun, watcher=progress)
    show(report, format, output, all=all)
    raise typer.Exit(exit_code(progress.runs, progress.refused))


def compare(
    model: str = typer.Argument(..., help="Model by name or manifest."),
    backend: list[str] = BACKEND,
    dataset: str = DATASET,
    scenario: str = SCENARIO,
    batch_size: list[int] = BATCH,
    pipeline: str = PIPELINE,
    min_duration_ms: float = DURATION,
    threads: int = THREADS,
    items: int = ITEMS,
    repeats: int = REPEATS,
    rerun: bool = RERUN,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """One model on several backends side by side, and whether they give the same answers.

    \b
    dlscope compare efficientnet-lite0 -b onnxruntime -b torch -b openvino
    """
    from dlscope import api
    from dlscope.cli.progress import Progress

    with Progress(f"compare {model}") as progress:
        report = api.compare(
            model,
            backends=backend,
            dataset=dataset,
            scenario=_scenario(scenario, batch_size, pipeline, min_duration_ms),
            items=items,
            options=_options(threads),
            repeats=repeats,
            store=store,
            rerun=rerun,
            watcher=progress,
        )
    show(report, format, output, all=all)
    raise typer.Exit(exit_code(progress.runs, progress.refused))


def _experiment_file(model: list[str]) -> Any:
    if len(model) != 1 or not model[0].endswith((".yaml", ".yml")):
        return None
    from dlscope.catalog.document import load_manifest
    from dlscope.core.manifest import ExperimentManifest

    manifest = load_manifest(Path(model[0]))
    return manifest if isinstance(manifest, ExperimentManifest) else None


def _scenario(
    name: str, batch_size: list[int] | None, pipeline: str | None, min_duration_ms: float | None
) -> dict[str, Any]:
    scenario: dict[str, Any] = {"name": name}
    if batch_size:
        scenario["batch_size"] = batch_size
    if pipeline is not None:
        scenario["pipeline"] = pipeline
    if min_duration_ms is not None:
        scenario["min_duration_ms"] = min_duration_ms
    return scenario


def _options(threads: int | None) -> dict[str, Any]:
    return {} if threads is None else {"threads": threads}
