"""The command line's commands and options, pinned: a change here is a change for every user."""

from __future__ import annotations

import inspect

import pytest
import typer

from dlscope import api
from dlscope.cli.app import app

COMMON = {"--help"}
RESULT = {"--format", "--output"}
MEASURE = {
    "--backend",
    "--batch-size",
    "--dataset",
    "--items",
    "--min-duration-ms",
    "--pipeline",
    "--repeats",
    "--rerun",
    "--scenario",
    "--store",
    "--threads",
    "--all",
    "--allow-hooks",
    "--device",
    "--latency-bound-ms",
    "--loadgen",
    "--memory-limit",
    "--min-queries",
    "--mode",
    "--rate-qps",
    "--set",
    "--stack",
    "--scheduler",
    "--address",
}
SURFACE = {
    "adapt ablate": RESULT
    | {"--all", "--device", "--out", "--preset", "--rows", "--scenes", "--seeds", "--select"}
    | {"--store", "--threads"},
    "adapt check-data": RESULT | {"--all", "--labelled", "--labels", "--layout", "--split"},
    "adapt explain-adversarial": RESULT | {"--all", "--store"},
    "adapt export": {"--onnx", "--out", "--preset", "--seed", "--select"},
    "adapt list": RESULT | {"--all", "--store"},
    "adapt show": RESULT | {"--all", "--store"},
    "adapt make-scenes": {
        "--gap",
        "--seed",
        "--size",
        "--source",
        "--target",
        "--val",
        "--workers",
    },
    "adapt train": RESULT
    | {
        "--all",
        "--allow-partial",
        "--device",
        "--initial",
        "--labels",
        "--on-bad",
        "--out",
        "--preset",
        "--seed",
        "--select",
        "--size",
        "--source",
        "--source-images",
        "--source-layout",
        "--source-split",
        "--source-val",
        "--steps",
        "--store",
        "--target",
        "--target-layout",
        "--target-split",
        "--threads",
        "--translate",
        "--unknown-ids",
        "--val",
    },
    "codesign emit": RESULT
    | {"--accumulator-bits", "--all", "--into", "--lanes", "--seed", "--store", "--tiling", "--to"},
    "codesign simulate": RESULT | {"--all", "--seed", "--store", "--vectors"},
    "agent list": RESULT | {"--address"},
    "agent start": {"--address", "--backend", "--head", "--label", "--name", "--slots"},
    "bricks add": {"--output"},
    "bricks compose": RESULT
    | {"--against", "--all", "--model", "--quick", "--scope", "--store", "--threads"},
    "bricks generate": {"--anonymous", "--batch-size", "--bind", "--cut", "--default-dim"}
    | {"--granularity", "--output", "--pad-with", "--partition"},
    "bricks run": RESULT
    | {"--all", "--file", "--max-seconds", "--min-rounds", "--processes", "--quick", "--refresh"}
    | {"--scope", "--store", "--threads", "--whole"},
    "bricks stats": RESULT | {"--all"},
    "bound analyze": RESULT
    | {"--against", "--all", "--backend", "--batch-size", "--bind", "--cores", "--device"}
    | {"--dtype", "--implementation", "--layouts", "--mixed", "--option", "--paper-costs"}
    | {"--partial", "--refresh", "--seconds", "--select-algorithm", "--show", "--store"}
    | {"--environment", "--stored", "--strategy", "--threads", "--verify"},
    "bound export": {"--store"},
    "bound generate": {"--batch-size", "--bind", "--layouts", "--output"},
    "bound import": RESULT | {"--store"},
    "bound run": RESULT
    | {"--all", "--device", "--dtype", "--implementation", "--refresh", "--seconds", "--store"}
    | {"--threads"},
    "codesign baseline": RESULT | {"--all", "--evaluations", "--seeds", "--space"},
    "codesign compare": RESULT | {"--all", "--store"},
    "codesign derive": RESULT
    | {"--all", "--combine", "--designs", "--evaluations", "--store", "--table"}
    | {"--target-latency"},
    "codesign list": RESULT | {"--all", "--store"},
    "codesign measure": RESULT | {"--all", "--min-seconds", "--processes", "--store", "--threads"},
    "codesign profile": RESULT
    | {"--all", "--device", "--max-seconds", "--min-seconds", "--networks", "--processes"}
    | {"--refresh", "--save", "--space", "--store", "--threads"},
    "codesign report": {"--output", "--requirements", "--store"},
    "codesign search": RESULT
    | {"--all", "--allow-predict", "--budget", "--combine", "--data", "--device", "--epochs"}
    | {"--foreign-table", "--impl", "--mode", "--objective", "--place", "--requirements"}
    | {"--rerun", "--seed", "--space"}
    | {"--store", "--table", "--target-latency", "--threads"},
    "codesign show": RESULT | {"--all", "--requirements", "--store"},
    "codesign space show": RESULT,
    "codesign space size": RESULT,
    "codesign space validate": set(),
    "codesign split": RESULT | {"--all", "--device", "--store", "--task"},
    "codesign targets": RESULT | {"--all", "--device", "--store"},
    "codesign templates": RESULT | {"--all", "--device", "--space", "--store"},
    "codesign train": {"--data", "--epochs", "--into", "--place", "--seed", "--threads"},
    "codesign validate": RESULT | {"--all"},
    "compare": MEASURE | RESULT,
    "datasets": RESULT | {"--all"},
    "demo": {"--format", "--full", "--into", "--output", "--store"},
    "doctor": RESULT,
    "evaluate": MEASURE | RESULT | {"--trace-level"},
    "manifest check": RESULT,
    "manifest draft": {"--bind"},
    "manifest import-mlmodelscope": {"--output"},
    "manifest schema": set(),
    "models": RESULT | {"--all"},
    "papers": RESULT | {"--all"},
    "profile": RESULT
    | {"--all", "--backend", "--batch", "--best-effort", "--dataset", "--iterations", "--levels"}
    | {"--rerun", "--store", "--threads"},
    "report": RESULT | {"--all", "--store"},
    "stack create": RESULT | {"--offline"},
    "skynet build": RESULT | {"--act", "--all", "--seed", "--size", "--variant", "--width"},
    "skynet count": RESULT | {"--all", "--size", "--trunk", "--variant", "--width"},
    "skynet data": RESULT
    | {"--all", "--check", "--count", "--frames", "--layout", "--preset", "--seed", "--size"}
    | {"--split", "--strict"},
    "skynet eval": RESULT
    | {"--all", "--data", "--data-seed", "--images", "--size", "--split", "--store", "--strict"},
    "skynet list": RESULT | {"--all", "--store"},
    "skynet show": RESULT | {"--all", "--store"},
    "skynet export": {"--onnx", "--reorder", "--size"},
    "skynet pipeline": RESULT
    | {"--all", "--apart", "--batch", "--capacity", "--images", "--limit", "--resize"}
    | {"--results", "--rounds", "--store", "--strict", "--threads"},
    "skynet quantize": RESULT
    | {"--all", "--calibration", "--calibration-images", "--data", "--fine-tune", "--images"}
    | {"--int8", "--integer-bits", "--map-bits", "--onnx", "--preset", "--resize", "--seed"}
    | {"--store", "--sweep", "--tuned", "--weight-bits"},
    "skynet score": RESULT
    | {"--all", "--energy-j", "--f1", "--images", "--mean-energy-j", "--mean-iou", "--min-fps"}
    | {"--rules", "--seconds", "--track", "--truth"},
    "skynet search": RESULT
    | {"--all", "--alpha", "--bundle", "--data-seed", "--depth", "--device", "--epoch"}
    | {"--epochs", "--feature-epochs", "--final-epochs", "--form", "--groups", "--images"}
    | {"--into", "--iterations", "--multi-scale", "--particles", "--resume", "--seed", "--size"}
    | {"--sketch-epochs", "--store", "--target", "--test-images", "--threads", "--val-images"}
    | {"--width"},
    "skynet track": RESULT
    | {"--all", "--backbone-init", "--data", "--design", "--export", "--frames", "--iterations"}
    | {"--lenient", "--out", "--preset", "--results", "--score", "--seed", "--sequences", "--split"}
    | {"--store", "--threads", "--tracker", "--train", "--weights"},
    "skynet train": RESULT
    | {"--act", "--all", "--budget", "--data", "--data-seed", "--device", "--images"}
    | {"--iterations", "--out", "--recipe", "--resize", "--resume", "--seed", "--size"}
    | {"--strict", "--threads"}
    | {"--store", "--val-images", "--variant", "--width"},
    "stack list": RESULT,
    "stack rm": {"--unused-for"},
    "stack show": RESULT,
    "serve": {"--allow-hooks", "--host", "--port", "--store", "--token"},
    "store delete": {"--store"},
    "store export": {"--store"},
    "store import": {"--store"},
    "store import-mlmodelscope": {"--store"},
    "store import-spool": {"--store"},
    "store info": RESULT | {"--store"},
    "store list": RESULT
    | {"--all", "--backend", "--dataset", "--limit", "--model", "--status", "--store"},
    "study preprocessing": RESULT
    | {"--all", "--allow-hooks", "--backend", "--change", "--dataset", "--rerun", "--store"}
    | {"--scheduler", "--address"},
    "systems": RESULT | {"--all"},
    "trace export": {"--from", "--store"},
    "trace show": RESULT | {"--all", "--from", "--strict"},
}
FUNCTIONS = {
    "export_trace": ("run", "file", "store", "kind"),
    "profile": (
        *("model", "dataset", "backend", "levels", "batch_size", "threads", "iterations"),
        *("options", "best_effort", "store", "rerun", "watcher"),
    ),
}


def surface(command, name: str = "") -> dict[str, set[str]]:
    """Options of every command below `command`, by its words."""
    if hasattr(command, "commands"):
        found: dict[str, set[str]] = {}
        for word, inner in command.commands.items():
            found |= surface(inner, f"{name} {word}".strip())
        return found
    options = {
        option
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    }
    return {name: options - COMMON}


def test_the_commands_and_their_options_are_these() -> None:
    assert surface(typer.main.get_command(app)) == SURFACE


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_functions_take_these(name: str) -> None:
    assert tuple(inspect.signature(getattr(api, name)).parameters) == FUNCTIONS[name]


def test_every_command_and_option_says_what_it_does() -> None:
    pending = [typer.main.get_command(app)]
    while pending:
        command = pending.pop()
        pending.extend(getattr(command, "commands", {}).values())
        assert command.help, command.name
        assert all(getattr(each, "help", "") for each in command.params), command.name
