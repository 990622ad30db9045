"""`dlscope evaluate` and `dlscope compare`."""

from __future__ import annotations

from pathlib import Path

import typer

from dlscope.cli import asking
from dlscope.cli.output import ALL, FORMAT, OUTPUT, STORE, Format, exit_code, show


def evaluate(
    model: list[str] = typer.Argument(
        ..., help="Models by name or manifest, or one experiment manifest."
    ),
    dataset: list[str] = asking.DATASET,
    backend: list[str] = asking.BACKEND,
    scenario: str = asking.SCENARIO,
    batch_size: list[int] = asking.BATCH,
    pipeline: str = asking.PIPELINE,
    mode: str = asking.MODE,
    min_duration_ms: float = asking.DURATION,
    min_queries: int = asking.QUERIES,
    rate_qps: float = asking.RATE,
    latency_bound_ms: float = asking.BOUND,
    loadgen: str = asking.LOADGEN,
    field: list[str] = asking.FIELD,
    threads: int = asking.THREADS,
    device: str = asking.DEVICE,
    memory_limit: str = asking.MEMORY,
    items: int = asking.ITEMS,
    repeats: int = asking.REPEATS,
    stack: str = asking.STACK,
    trace_level: str = asking.TRACE,
    allow_hooks: list[str] = asking.HOOKS,
    rerun: bool = asking.RERUN,
    scheduler: str = asking.SCHEDULER,
    address: str = asking.ADDRESS,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """Accuracy and latency of models on backends, measured once and kept.

    \b
    dlscope evaluate efficientnet-lite0 --dataset imagenet-mini20
    dlscope evaluate efficientnet-lite0 -s server --rate-qps 20 --latency-bound-ms 100
    dlscope evaluate experiment.yaml --format json
    dlscope evaluate experiment.yaml --scheduler ray --address 10.0.0.7:6379
    """
    from dlscope import api
    from dlscope.cli.progress import Progress

    asked = asking.experiment_file(model) or api.experiment(
        model,
        dataset=dataset or None,
        backend=backend,
        scenario=asking.scenario_asked(
            scenario,
            batch_size=batch_size,
            pipeline=pipeline,
            mode=mode,
            min_duration_ms=min_duration_ms,
            min_queries=min_queries,
            rate_qps=rate_qps,
            latency_bound_ms=latency_bound_ms,
            loadgen=loadgen,
            fields=field,
        ),
        items=items,
        options=asking.options_asked(threads=threads, device=device),
        repeats=repeats,
        memory_limit=memory_limit,
        trace_level=trace_level,
        stack=stack,
    )
    with Progress(f"evaluate {' '.join(model)}") as progress:
        report = api.run_experiment(
            asked,
            allow_hooks=allow_hooks or (),
            store=store,
            rerun=rerun,
            scheduler=scheduler,
            address=address,
            watcher=progress,
        )
    show(report, format, output, all=all)
    raise typer.Exit(exit_code(progress.runs, progress.refused))


def compare(
    model: str = typer.Argument(..., help="Model by name or manifest."),
    backend: list[str] = asking.BACKEND,
    dataset: str = asking.DATASET,
    scenario: str = asking.SCENARIO,
    batch_size: list[int] = asking.BATCH,
    pipeline: str = asking.PIPELINE,
    mode: str = asking.MODE,
    min_duration_ms: float = asking.DURATION,
    min_queries: int = asking.QUERIES,
    rate_qps: float = asking.RATE,
    latency_bound_ms: float = asking.BOUND,
    loadgen: str = asking.LOADGEN,
    field: list[str] = asking.FIELD,
    threads: int = asking.THREADS,
    device: str = asking.DEVICE,
    memory_limit: str = asking.MEMORY,
    items: int = asking.ITEMS,
    repeats: int = asking.REPEATS,
    stack: str = asking.STACK,
    allow_hooks: list[str] = asking.HOOKS,
    rerun: bool = asking.RERUN,
    scheduler: str = asking.SCHEDULER,
    address: str = asking.ADDRESS,
    store: str = STORE,
    format: Format = FORMAT,
    output: Path = OUTPUT,
    all: bool = ALL,
) -> None:
    """One model on several backends side by side, and whether they give the same answers.

    \b
    dlscope compare efficientnet-lite0 -b onnxruntime -b torch -b openvino
    dlscope compare efficientnet-lite0 -b onnxruntime==1.18.0 -b onnxruntime==1.31.1
    """
    from dlscope import api
    from dlscope.cli.progress import Progress

    with Progress(f"compare {model}") as progress:
        report = api.compare(
            model,
            backends=backend,
            dataset=dataset,
            scenario=asking.scenario_asked(
                scenario,
                batch_size=batch_size,
                pipeline=pipeline,
                mode=mode,
                min_duration_ms=min_duration_ms,
                min_queries=min_queries,
                rate_qps=rate_qps,
                latency_bound_ms=latency_bound_ms,
                loadgen=loadgen,
                fields=field,
            ),
            items=items,
            options=asking.options_asked(threads=threads, device=device),
            repeats=repeats,
            memory_limit=memory_limit,
            stack=stack,
            allow_hooks=allow_hooks or (),
            store=store,
            rerun=rerun,
            scheduler=scheduler,
            address=address,
            watcher=progress,
        )
    show(report, format, output, all=all)
    raise typer.Exit(exit_code(progress.runs, progress.refused))
