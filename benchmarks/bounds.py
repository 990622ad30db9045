"""Are bounds sound on every model of the catalog, and do predictions come true?

`soundness` bounds model after model, each in a process of its own, and compares ONNX Runtime,
OpenVINO and PyTorch with the bound; a model that one of them runs faster is told with what that
backend's own profile takes for each operator. `advice` carries advice out and sets what it achieved
beside what was predicted. Both add a line for each model to a file in `benchmarks/results/` as soon
as it is known, and go on after the last one when they are started again. `figures` sums both up.
With a `--backend`, `advice` carries out the one change to that backend in every case of another,
and keeps what the model was predicted to take then beside what it takes, in a file of its own.

    python benchmarks/bounds.py soundness [--models squeezenet1_0,resnet18]
    python benchmarks/bounds.py advice [--models mobilenet_v2]
    python benchmarks/bounds.py advice --backend openvino
    python benchmarks/bounds.py figures
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from dlscope import api
from dlscope.core.errors import DlscopeError
from dlscope.core.report import Report
from dlscope.methods.bounds.layer_times import layer_times
from dlscope.methods.bounds.opening import open_models
from dlscope.methods.bounds.own_code import OWN
from dlscope.methods.bounds.setups import Setup
from dlscope.stacks.fingerprint import environment
from dlscope.stacks.interference import InterferenceMeter

Row = dict[str, Any]
RESULTS = Path(__file__).parent / "results"
MODELS = (
    *("squeezenet1_0", "light_inception_v1", "mobilenet_v2", "resnet18", "shufflenet_v2"),
    *("bert_tiny", "tiny_yolo", "lstm", "unet", "vit_tiny", "ghostnet", "efficientnet-lite0"),
    *("mnasnet", "mobilenet_v3_small", "alexnet", "deeplab_mobilenet_v2", "gru", "googlenet"),
    *("resnet50", "light_shufflenet", "squeezenet1_1", "light_squeezenet", "silero-vad"),
    *("regnetx_400mf", "regnety_400mf", "bert_mini", "mobilenet_v3_large", "centerface"),
    *("light_bvlc_alexnet", "light_zfnet512", "vgg16", "resnet14", "resnet26", "resnet34"),
    *("resnet38", "resnext50", "resnet50_v1", "light_resnet50", "magika", "all-minilm-l6-v2"),
    *("efficientnet-lite1", "efficientnet-lite2", "basic-pitch", "pp-ocr-rec", "inception_v3"),
    *("convnext_tiny", "swin_tiny", "ssdlite_mobilenet_v3", "light_inception_v2", "vgg11"),
    *("vgg13", "vgg19", "light_vgg19", "wide_resnet50", "resnet101", "resnet152"),
    *("distilbert_base", "bert_base", "vit_base", "densenet121", "light_densenet121"),
    *("densenet169", "densenet201", "silero-vad-original"),
)
"""All of the catalog, so that any first part has many families in it."""
SIZES: Mapping[str, Mapping[str, int]] = {
    "centerface": {"H": 320, "W": 320},
    "all-minilm-l6-v2": {"T": 128},
    "silero-vad-original": {"input[0]": 1, "input[1]": 256, "state[1]": 1},
}
FLOAT32 = (
    *("ort", "ort_blocked", "torch_nchw", "torch_nhwc", "onednn_packed", "onednn_blocked"),
    "openvino",
)
CASES: Sequence[tuple[str, str, Mapping[str, Any]]] = (
    ("mobilenet_v2", "onnxruntime", {"graph_optimization": "disabled"}),
    ("light_inception_v1", "onnxruntime", {}),
    ("googlenet", "onnxruntime", {}),
    ("resnet18", "torch", {}),
    ("squeezenet1_0", "onnxruntime", {"graph_optimization": "disabled"}),
    ("resnet18", "onnxruntime", {"graph_optimization": "disabled"}),
    ("shufflenet_v2", "onnxruntime", {"graph_optimization": "disabled"}),
    ("mnasnet", "onnxruntime", {"graph_optimization": "disabled"}),
    ("ghostnet", "onnxruntime", {"graph_optimization": "disabled"}),
    ("mnasnet", "torch", {}),
    ("inception_v3", "onnxruntime", {}),
    ("resnet50", "openvino", {}),
)
"""Models, each in the setup that advice begins with."""
SOUND = 0.95
"""Measured ÷ S_f below which a bound is none."""
WITHIN = 0.25
"""How far a saving may be from what was predicted of it."""
LATENCY_WITHIN = 0.1
"""The same of the latency after a change."""
_MOST = 12
_CHANGES = "bounds-advice-"
_UNOPTIMISED = "onnxruntime, graph_optimization=disabled"


def soundness(model: str, asked: argparse.Namespace) -> Row:
    """One model against its bounds, in float32."""
    report = api.bound(
        model,
        dtypes=["float32"],
        implementations=FLOAT32,
        bindings=SIZES.get(model, {}),
        seconds=asked.seconds,
        cores=1,  # what advice about threads needs is not asked here
        partial=True,
        store=asked.store,
    )
    bounds = _rows(report, "bounds")
    return {
        "bounds": bounds,
        "exceptions": [_exception(model, report, row) for row in bounds if _is_faster(row)],
        "slower_than_bound": _rows(report, "slower_than_bound")[:_MOST],
        "single_source": _rows(report, "single_source"),
        "missing": _rows(report, "missing")[:_MOST],
    } | _said(report)


def advice(model: str, asked: argparse.Namespace) -> Row:
    """One model in the setup of its case: what advice predicts, and what it achieves."""
    if asked.backend:
        return change(model, asked)
    _, backend, options = CASES[asked.case]
    report = api.bound(
        model,
        backend=backend,
        options=options,
        bindings=SIZES.get(model, {}),
        seconds=asked.seconds,
        verify=True,
        store=asked.store,
    )
    applied = [row for row in _rows(report, "advice") if row["predicted_over_achieved"]]
    for row in applied:
        row.pop("evidence")
    return {"setup": Setup(backend, options).label, "advice": applied} | _said(report)


def change(model: str, asked: argparse.Namespace) -> Row:
    """One model moved as a whole to `asked.backend`, in float32 on one thread."""
    _, backend, options = CASES[asked.case]
    report = api.bound(
        model,
        backend=backend,
        options=options,
        against=[asked.backend],
        dtypes=["float32"],
        implementations=[*OWN[backend], *OWN[asked.backend]],
        bindings=SIZES.get(model, {}),
        seconds=asked.seconds,
        cores=1,
        verify=True,
        store=asked.store,
    )
    label = Setup(backend, options).label
    (before,) = (row for row in _rows(report, "bounds") if row["backend"] == label)
    moved = [row for row in _rows(report, "advice") if row["kind"] == "backend"]
    for row in moved:
        row.pop("evidence")
        for saving in ("predicted", "achieved"):
            saved = row[f"{saving}_saving_ms"]
            row[f"{saving}_latency_ms"] = (
                None if saved is None else before["measured_ns"] / 1e6 - saved
            )
    return {"setup": label, "advice": moved} | _said(report)


PARTS: Mapping[str, Callable[[str, argparse.Namespace], Row]] = {
    "soundness": soundness,
    "advice": advice,
}


def figures(folder: Path) -> Row:
    """What both parts found, over all models."""
    stored = _stored(_path(folder, "soundness"))
    sound = [row for row in stored if row.get("bounds")]
    advised = [
        {"model": row["model"], "setup": row["setup"], **each}
        for row in _stored(_path(folder, "advice"))
        for each in row.get("advice", ())
    ]
    return {
        "models": len(sound),
        "without bounds": {each["model"]: _why(each) for each in stored if each not in sound},
        "ratios": {name: _spread(of(sound)) for name, of in RATIOS.items()},
        "below 0.95": [
            f"{each['model']} on {found['backend']}: {found['ratio']:.3f}"
            for each in sound
            for found in each["exceptions"]
        ],
        "single source": _spread(_column(sound, "onnxruntime", "single_source_pct")),
        "others' share of CPU time": _spread(each["others_share"] for each in sound),
        "advice": _by_kind(advised),
        "changes of backend": {
            path.stem.removeprefix(_CHANGES): _changes(_stored(path))
            for path in sorted(folder.glob(f"{_CHANGES}*.jsonl"))
        },
        "predictions": [
            {
                "model": each["model"],
                "setup": each["setup"],
                "kind": each["kind"],
                "how": each["how"],
                "predicted_ms": each["predicted_saving_ms"],
                "achieved_ms": each["achieved_saving_ms"],
                "ratio": each["predicted_over_achieved"],
            }
            for each in advised
        ],
    }


def _rows(report: Report, table: str) -> list[Row]:
    return list(map(dict, report.table(table)))


def _said(report: Report) -> Row:
    return {
        "findings": [each.claim for each in report.findings],
        "warnings": list(report.warnings),
    }


def _is_faster(row: Row) -> bool:
    ratio = row["measured_over_fused"]
    return ratio is not None and ratio < SOUND


def _exception(model: str, report: Report, row: Row) -> Row:
    """What a backend that beats the bound takes for each operator, beside the bound of each."""
    name, _, told = row["backend"].partition(", ")
    options = dict(each.split("=") for each in told.split(", ")) if told else {}
    (opened,) = open_models([model], [1], SIZES.get(model, {}), has_layouts=False)
    profile = layer_times(opened.path, Setup(name, options))
    by_operator: dict[str, int] = defaultdict(int)
    for layer in report.table("layers"):
        by_operator[str(layer["type"])] += int(str(layer["bound_ns"]))
    return {
        "backend": row["backend"],
        "ratio": row["measured_over_fused"],
        "layers": sum(1 for _ in report.table("layers")),
        "profile_ns": _most(profile),
        "bound_ns": _most(by_operator),
    }


def _most(values: Mapping[str, float]) -> dict[str, int]:
    """The largest of them."""
    ordered = sorted(values, key=lambda name: -values[name])
    return {name: round(values[name]) for name in ordered[:_MOST]}


def _column(rows: Iterable[Row], backend: str, name: str) -> Iterator[float]:
    """A column of the rows of one backend, where it is known."""
    found = (row[name] for each in rows for row in each["bounds"] if row["backend"] == backend)
    return (value for value in found if value is not None)


def _unoptimised(rows: Iterable[Row]) -> Iterator[float]:
    for each in rows:
        took = {row["backend"]: row["measured_ns"] for row in each["bounds"]}
        if took.get("onnxruntime") and took.get(_UNOPTIMISED):
            yield took[_UNOPTIMISED] / took["onnxruntime"]


RATIOS: Mapping[str, Callable[[list[Row]], Iterator[float]]] = {
    "optimised ONNX Runtime ÷ S": lambda rows: _column(
        rows, "onnxruntime", "measured_over_sequential"
    ),
    "optimised ONNX Runtime ÷ S_f": lambda rows: _column(
        rows, "onnxruntime", "measured_over_fused"
    ),
    "OpenVINO ÷ S_f": lambda rows: _column(rows, "openvino", "measured_over_fused"),
    "PyTorch ÷ S_f": lambda rows: _column(rows, "torch", "measured_over_fused"),
    "optimised ONNX Runtime ÷ composed": lambda rows: _column(
        rows, "onnxruntime", "measured_over_composed"
    ),
    "OpenVINO ÷ composed": lambda rows: _column(rows, "openvino", "measured_over_composed"),
    "PyTorch ÷ composed": lambda rows: _column(rows, "torch", "measured_over_composed"),
    "S ÷ P": lambda rows: _column(rows, "onnxruntime", "sequential_over_parallel"),
    "S ÷ S_f": lambda rows: _column(rows, "onnxruntime", "sequential_over_fused"),
    "unoptimised ÷ optimised ONNX Runtime": _unoptimised,
}


def _spread(values: Iterable[float]) -> Row:
    """Geometric mean and range; zeros have no logarithm and keep it to the range."""
    known = sorted(values)
    if not known:
        return {"n": 0}
    told = {"n": len(known), "least": known[0], "median": median(known), "most": known[-1]}
    if known[0] > 0:
        told["geomean"] = math.exp(sum(map(math.log, known)) / len(known))
    return {name: each if name == "n" else round(each, 4) for name, each in told.items()}


def _by_kind(rows: Iterable[Row]) -> dict[str, Row]:
    """Of the savings that were predicted, how many were within 25 % of what was achieved."""
    kinds: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["predicted_saving_ms"] > 0:
            kinds[row["kind"]].append(row)
    return {
        kind: {
            "within 25 %": sum(map(_is_close, found)),
            **_spread(row["predicted_over_achieved"] for row in found),
        }
        for kind, found in sorted(kinds.items())
    }


def _is_close(row: Row) -> bool:
    off = abs(row["predicted_saving_ms"] - row["achieved_saving_ms"])
    return bool(off <= WITHIN * abs(row["achieved_saving_ms"]))


def _changes(rows: Iterable[Row]) -> Row:
    """Of the changes to one backend, how many latencies and savings came as predicted."""
    known = [
        {"model": row["model"], **each}
        for row in rows
        for each in row.get("advice", ())
        if _is_carried_out(each)
    ]
    return {
        "models": len({row["model"] for row in known}),
        "latency within 10 %": sum(map(_is_latency_close, known)),
        "latency": _spread(
            row["predicted_latency_ms"] / row["achieved_latency_ms"] for row in known
        ),
        "savings within 25 %": sum(map(_is_close, known)),
        "savings": _spread(
            row["predicted_saving_ms"] / row["achieved_saving_ms"]
            for row in known
            if row["achieved_saving_ms"]
        ),
    }


def _is_carried_out(row: Row) -> bool:
    return row["achieved_saving_ms"] is not None


def _is_latency_close(row: Row) -> bool:
    off = abs(row["predicted_latency_ms"] / row["achieved_latency_ms"] - 1)
    return bool(off <= LATENCY_WITHIN)


def _why(row: Row) -> str:
    lacking = ", ".join(sorted({each["type"] for each in row.get("missing", ())}))
    return row.get("error") or f"nothing measures {lacking}"


def _path(folder: Path, part: str, backend: str | None = None) -> Path:
    return folder / (f"{_CHANGES}{backend}.jsonl" if backend else f"bounds-{part}.jsonl")


def _stored(path: Path) -> list[Row]:
    """The newest line of each model, in each case."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return list({_name(row): row for row in map(json.loads, lines)}.values())


def _name(row: Row) -> tuple[str, int]:
    return row["model"], row.get("case", 0)


def _wanted(asked: argparse.Namespace) -> Sequence[tuple[str, int]]:
    """Models, and numbers of their cases, that there is no line of yet."""
    every = [(name, 0) for name in MODELS]
    if asked.part == "advice":
        every = [
            (name, number)
            for number, (name, begun, _) in enumerate(CASES)
            if begun != asked.backend
        ]
    chosen = asked.models.split(",") if asked.models else [name for name, _ in every]
    path = _path(asked.output, asked.part, asked.backend)
    known = set() if asked.again else {_name(row) for row in _stored(path) if _is_known(row)}
    return [each for each in every if each[0] in chosen and each not in known]


def _is_known(row: Row) -> bool:
    return "error" not in row


def _carried_out(model: str, case: int, asked: argparse.Namespace) -> Row:
    """One model in a process of its own, and how much of the machine others took meanwhile."""
    command = [sys.executable, __file__, asked.part, "--inside", "--models", model]
    command += ["--case", str(case), "--seconds", str(asked.seconds)]
    command += ["--store", asked.store] if asked.store else []
    command += ["--backend", asked.backend] if asked.backend else []
    begun, meter = time.monotonic(), InterferenceMeter()
    meter.start()
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=False, timeout=asked.limit
        )
        found = json.loads(done.stdout) if done.stdout else {"error": f"exit {done.returncode}"}
    except subprocess.TimeoutExpired:
        found = {"error": f"took longer than {asked.limit} s"}
    seen = meter.stop()
    machine = environment()
    return {
        "model": model,
        "case": case,
        **found,
        "others_share": None if seen.share is None else round(seen.share, 3),
        "took_s": round(time.monotonic() - begun, 1),
        "fingerprint": machine.fingerprint,
        "cpu": machine.system.get("cpu", {}).get("model"),
    }


def _line(row: Row) -> str:
    """What to tell while it runs."""
    told = f"{row['model']:24s} {row['took_s']:6.0f} s, others {row['others_share']}"
    if "error" in row:
        return f"{told}: {row['error']}"
    if "advice" in row:
        close = sum(map(_is_close, filter(_is_carried_out, row["advice"])))
        return f"{told}: {close} of {len(row['advice'])} within 25 %, from {row['setup']}"
    known = (row for row in row["bounds"] if row["measured_over_fused"])
    ratios = (f"{each['backend']} {each['measured_over_fused']:.3f}" for each in known)
    return f"{told}: {', '.join(ratios)}"


def _inside(asked: argparse.Namespace) -> None:
    """The one model of a process, told on standard output."""
    try:
        found = PARTS[asked.part](asked.models, asked)
    except DlscopeError as error:
        found = {"error": error.what}
    except Exception:
        found = {"error": traceback.format_exc()[-500:]}
    sys.stdout.write(json.dumps(found))


def main() -> None:
    """Measure what there is no line of, or sum up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=(*PARTS, "figures"))
    parser.add_argument("--models", default="", help="only these, with commas between")
    parser.add_argument("--backend", choices=sorted(OWN), help="advice to run on this one alone")
    parser.add_argument("--seconds", type=float, default=0.25, help="most for one benchmark")
    parser.add_argument("--limit", type=float, default=3600.0, help="most seconds for one model")
    parser.add_argument("--store", help="as dlscope bound analyze has it")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--again", action="store_true", help="also what there is a line of")
    parser.add_argument("--case", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.backend and asked.part == "soundness":
        parser.error("--backend is of advice: soundness compares with all of them")
    asked.output.mkdir(parents=True, exist_ok=True)
    if asked.inside:
        _inside(asked)
    elif asked.part == "figures":
        found = figures(asked.output)
        text = json.dumps({"machine": environment().to_json(), **found}, indent=1, default=str)
        (asked.output / "bounds-figures.json").write_text(text + "\n", encoding="utf-8")
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        for model, case in _wanted(asked):
            row = _carried_out(model, case, asked)
            with _path(asked.output, asked.part, asked.backend).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, default=str) + "\n")
            print(_line(row), flush=True)


if __name__ == "__main__":
    main()
