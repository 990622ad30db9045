"""`dlscope evaluate` and `dlscope compare`."""

from __future__ import annotations

import typer

from dlscope.cli import asking
from dlscope.cli.measurement import Load, Place, Setting
from dlscope.cli.option_group import spread
from dlscope.cli.output import Shown, exit_code


@spread
def evaluate(
    model: list[str] = typer.Argument(
        ..., help="Models by name, manifest or ONNX file, or one experiment manifest."
    ),
    dataset: list[str] = asking.DATASET,
    backend: list[str] = asking.BACKEND,
    *,
    load: Load,
    setting: Setting,
    trace_level: str = typer.Option(
        "MODEL",
        "--trace-level",
        help="Record the queries down to LAYER, LIBRARY or KERNEL, at a cost.",
    ),
    place: Place,
    shown: Shown,
) -> None:
    """Accuracy and latency of models on backends, kept in the store.

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
        scenario=load.asked(),
        trace_level=trace_level,
        **setting.asked(),
    )
    with Progress(f"evaluate {' '.join(model)}") as progress:
        report = api.run_experiment(asked, watcher=progress, **place.asked())
    shown.show(report)
    raise typer.Exit(exit_code(progress.runs, progress.refused))


@spread
def compare(
    model: str = typer.Argument(..., help="Model by name, manifest or ONNX file."),
    backend: list[str] = asking.BACKENDS,
    dataset: str = asking.DATASET,
    *,
    load: Load,
    setting: Setting,
    place: Place,
    shown: Shown,
) -> None:
    """One model on several backends: answers and latency compared.

    \b
    dlscope compare efficientnet-lite0 -b onnxruntime -b torch -b openvino
    dlscope compare efficientnet-lite0 -b onnxruntime==1.18.0 -b onnxruntime==1.31.1
    """
    from dlscope import api
    from dlscope.cli.progress import Progress

    with Progress(f"compare {model}") as progress:
        report = api.compare(
            model,
            backends=backend or (),
            dataset=dataset,
            scenario=load.asked(),
            watcher=progress,
            **setting.asked(),
            **place.asked(),
        )
    shown.show(report)
    raise typer.Exit(exit_code(progress.runs, progress.refused))
