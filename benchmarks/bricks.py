"""How well are models rebuilt from bricks, and how much less is there to run?

`accuracy` walks over a suite of models that nothing was chosen on, cut into bricks of 1, 2 and 4
layers of the executed graph and of 1 layer of the graph as written, in three fresh processes each,
and compares what is composed with what is measured beside it. `speedup` does so for a suite of
families in several depths and widths, where bricks are shared; `quick` times these as `dlscope
bricks run --quick` does, and `more` the same with two further networks. All write their tables,
with the fingerprint of the machine, to `benchmarks/results/`.

    python benchmarks/bricks.py accuracy
    python benchmarks/bricks.py speedup
    python benchmarks/bricks.py quick
    python benchmarks/bricks.py more
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dlscope import api
from dlscope.core.errors import DlscopeError
from dlscope.stacks.fingerprint import environment
from dlscope.zoo import wide_resnet

Cuts = tuple[tuple[str, int], ...]
EXECUTED: Cuts = (("executed", 1), ("executed", 2), ("executed", 4))
RESULTS = Path(__file__).parent / "results"
DEVELOPMENT = (
    *("mobilenet_v2", "resnet18", "squeezenet1_1", "shufflenet_v2", "googlenet", "lstm"),
    *("vit_tiny", "tiny_yolo"),
)
"""What the estimator was chosen on; never part of what is reported."""
HELD_OUT = (
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet-lite0", "efficientnet-lite1"),
    *("ghostnet", "inception_v3", "light_inception_v1", "light_shufflenet", "mnasnet"),
    *("mobilenet_v3_large", "mobilenet_v3_small", "regnetx_400mf", "regnety_400mf"),
    *("resnet50", "resnext50", "squeezenet1_0", "swin_tiny", "vgg16"),  # classification
    *("centerface", "ssdlite_mobilenet_v3"),  # detection
    *("deeplab_mobilenet_v2", "unet"),  # segmentation
    *("bert_mini", "distilbert_base", "gru", "bert_base"),  # text
    *("silero-vad", "basic-pitch"),  # sound
)
FAMILIES = (
    *("resnet14", "resnet18", "resnet26", "resnet34", "resnet38", "resnet50", "resnet101"),
    *("resnet152", "wide_resnet50", "vgg11", "vgg13", "vgg16", "vgg19"),
    *("densenet121", "densenet169", "densenet201"),
)
PARTS: Mapping[str, tuple[tuple[str, ...], Cuts]] = {
    "accuracy": (HELD_OUT, (*EXECUTED, ("authored", 1))),
    "development": (DEVELOPMENT, (*EXECUTED, ("authored", 1))),
    "speedup": (FAMILIES, EXECUTED[:2]),
    "quick": (FAMILIES, EXECUTED[:1]),
    "more": ((*FAMILIES, "resnet50_v1", "wide_resnet101"), EXECUTED[:1]),
}
"""Models, and how they are cut."""
QUICK = ("quick", "more")


def further(folder: Path) -> dict[str, Path]:
    """Files of the networks that the catalog does not have, by name."""
    path = folder / "wide_resnet101.onnx"
    path.write_bytes(wide_resnet.build(None, {"depth": "101", "seed": "0"}))
    return {path.stem: path}


def cut(models: tuple[str, ...], granularity: int, graph: Any, files: Mapping[str, Path]) -> Any:
    """One suite; models that cannot be cut are told and left out."""
    suite = None
    for name in models:
        model = files.get(name, name)
        try:
            found = api.generate_bricks(
                [model], granularity=granularity, cut=graph, default_dim=320
            )
        except DlscopeError as error:
            print(f"{name} is left out: {error.what}", flush=True)
            continue
        suite = found if suite is None else suite.with_models_of(found)
    return suite


def measured(suite: Any, **asked: Any) -> dict[str, Any]:
    """Tables of one suite, and how long it took in all, set-up included."""
    begun = time.perf_counter()
    report = api.run_bricks([suite], **asked)
    tables = {
        name: list(report.table(name)) for name in ("composition", "accuracy", "speedup", "failed")
    }
    for row in tables["composition"]:
        told = "–" if row["ratio"] is None else f"{row['ratio']:.3f}"
        print(f"  {row['model']:24s} {told}  spread {row['spread']}", flush=True)
    for row in (*tables["accuracy"], *tables["speedup"]):
        print(f"  {row}", flush=True)
    return {**tables, "took_s": time.perf_counter() - begun, "generator": suite.generator}


def main() -> None:
    """Measure what was asked for and write it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=tuple(PARTS))
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--granularity", default="")
    asked = parser.parse_args()
    models, cuts = PARTS[asked.part]
    if asked.granularity:
        cuts = tuple(e for e in cuts if f"{e[0]}{e[1]}" in asked.granularity.split(","))
    found: dict[str, Any] = {}
    for graph, granularity in cuts:
        print(f"{graph} graph, at most {granularity} layers", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            files = further(Path(folder)) if asked.part == "more" else {}
            suite = cut(models, granularity, graph, files)
            found[f"{graph}-{granularity}"] = measured(
                suite,
                processes=asked.processes,
                quick=asked.part in QUICK,
                files=list(files.values()),
                store=folder,
            )
        machine = environment().to_json() | {"volatile": {}}
        text = json.dumps({"machine": machine, "command": sys.argv[1:], "suites": found}, indent=1)
        (RESULTS / f"bricks-{asked.part}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
