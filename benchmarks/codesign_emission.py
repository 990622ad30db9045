"""A network of 4, 6 and 8 bits, trained, emitted in every form, and held against its integers.

What is written to `benchmarks/results/codesign-emission.json`: accuracy as trained with rounding,
of the integers and of the ONNX file; for each form of accelerator how many integers were compared
on how many inputs, and cycles counted beside those of the model; what is said when one weight of
the depthwise layer is edited; and `--designs` random designs of the space, at random bits and
lanes. With `--ap-types`, a folder of the vendor's arbitrary-precision integers, every form is also
compiled with these.

    python benchmarks/codesign_emission.py --epochs 20 --designs 20
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from dlscope import api
from dlscope.core.errors import SearchError
from dlscope.core.manifest import SpaceManifest
from dlscope.methods.codesign.emission.emitting import FOLDER, Accelerator, emit_accelerator
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.named_device import named_device
from dlscope.methods.codesign.random_network import random_network
from dlscope.methods.codesign.searching.design_file import DesignFile
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.stacks.fingerprint import environment

RESULT = Path(__file__).parent / "results" / "codesign-emission.json"
TILINGS = ("pipelined", "dataflow", "recursive")
DEVICE, DATA = "zc706:pipelined", "mnist-5k"
OPERATIONS: list[list[dict[str, Any]]] = [
    [{"type": "mbconv", "k": 3, "e": 2}, {"type": "conv", "k": 3}],
    [{"type": "mbconv", "k": 3, "e": 4}, {"type": "separable", "k": 5}],
    [{"type": "mbconv", "k": 3, "e": 4}, {"type": "bundle", "k": 3}, {"type": "skip"}],
]
WIDTHS = ((12, 1), (16, 2), (16, 1))


def space() -> Space:
    """Three blocks on grey pictures of 28 x 28, each at 4, 6 or 8 bits."""
    blocks = [
        {"name": f"b{place}", "c_out": width, "stride": stride, "ops": operations}
        for place, ((width, stride), operations) in enumerate(zip(WIDTHS, OPERATIONS, strict=True))
    ]
    document: dict[str, Any] = {
        "schema_version": 1,
        "name": "emission",
        "input": (1, 28, 28),
        "classes": 10,
        "stem": {"c_out": 8, "k": 3, "stride": 2},
        "head": {"c_out": 32},
        "blocks": blocks,
        "quant": [4, 6, 8],
        "quant_scope": "block",
        "pf": {"min": 0, "max": 8, "scope": "op"},
    }
    return Space(SpaceManifest(**document))


def trained(folder: Path, epochs: int) -> Path:
    """The design of inverted residuals at 4, 6 and 8 bits, with its trained network."""
    found = space()
    design = Design.of(found, (0, 0, 0), (0, 1, 2))
    implemented = Implementer(found, named_device(DEVICE, local=_none)).implement(design)
    untrained = folder / "untrained.json"
    DesignFile.of(found, implemented, device=DEVICE, device_digest="0" * 64, seed=0).save(untrained)
    api.train_design(untrained, DATA, folder / "trained", epochs=epochs, told=_told)
    return folder / "trained" / "design.json"


def emitted(design: Path, tiling: str, ap_types: Path | None) -> dict[str, Any]:
    """The accelerator of a form: what was compared and counted, and what an edit leads to."""
    report = api.emit_design(design, to="cpp", tiling=tiling)  # type: ignore[arg-type]
    result = {
        "claim": report.findings[0].claim,
        "stages": [dict(row) for row in report.table("verification")],
    }
    if ap_types is not None:
        result["arbitrary_precision"] = with_ap_types(design.parent / FOLDER, ap_types)
    result["edited_weight"] = edited(design)
    return result


def edited(design: Path) -> str:
    """What is said of the accelerator once the first weight of a depthwise layer is another."""
    header = design.parent / FOLDER / "weights.h"
    text = header.read_text(encoding="utf-8")
    place = text.index("depthwise_weights")
    first = text.index("{", text.index("{", place) + 1) + 1
    end = text.index(",", first)
    flipped = str(-int(text[first:end]) - 1)
    header.write_text(text[:first] + flipped + text[end:], encoding="utf-8")
    try:
        api.simulate_design(design)
    except SearchError as error:
        return f"{error.what}; {error.where}"
    finally:
        header.write_text(text, encoding="utf-8")
    raise SystemExit("an edited weight was not found")


def with_ap_types(folder: Path, ap_types: Path) -> str:
    """What the test bench tells when it is compiled with the vendor's integers."""
    with tempfile.TemporaryDirectory() as name:
        program = Path(name) / "testbench"
        flags = ["-O2", "-std=c++14", "-w", "-DDLSCOPE_AP_INT", f"-I{ap_types}"]
        sources = ["accelerator.cpp", "testbench.cpp"]
        subprocess.run(["g++", *flags, *sources, "-o", program], cwd=folder, check=True)
        done = subprocess.run(
            [program, "vectors.bin"], cwd=folder, capture_output=True, text=True, check=True
        )
    return done.stdout.strip().splitlines()[-1]


def random_designs(count: int, folder: Path) -> list[dict[str, Any]]:
    """Designs drawn from the space, with random weights and lanes, each verified."""
    found, rows = space(), []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        design = Design.random(found, rng)
        network = random_network(found, design, rng)
        tiling = TILINGS[seed % len(TILINGS)]
        lanes = tuple(int(2 ** rng.integers(0, 7)) for _ in design.layers(found))
        images = rng.random((16, *found.input))
        result = emit_accelerator(
            network, images, Accelerator(tiling, lanes), folder, name="random", rng=rng
        ).verification
        assert result is not None
        rows.append(
            {
                "design": design.told(found),
                "tiling": tiling,
                "lanes": lanes,
                "vectors": result.vectors,
                "integers": result.integers,
                "cycles_as_modelled": all(each.counted == each.modelled for each in result.stages),
            }
        )
        print(f"{seed + 1}/{count}: {tiling}, {rows[-1]['design']}", flush=True)
    return rows


def _none() -> Any:
    raise AssertionError("no device of this machine is asked for")


def _told(step: str, share: float) -> None:
    print(f"{share:4.0%}  {step}", flush=True)


def main() -> int:
    """Train, emit, compare, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--designs", type=int, default=20)
    parser.add_argument("--ap-types", type=Path, default=None)
    asked = parser.parse_args(sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        design = trained(Path(name), asked.epochs)
        agreement = [dict(row) for row in api.emit_design(design, to="onnx").table("agreement")]
        forms = {tiling: emitted(design, tiling, asked.ap_types) for tiling in TILINGS}
        designs = random_designs(asked.designs, Path(name))
    result = {
        "asked": {"epochs": asked.epochs, "designs": asked.designs},
        "machine": {"fingerprint": environment().fingerprint, "system": environment().system},
        "agreement": agreement,
        "forms": forms,
        "random_designs": designs,
    }
    text = json.dumps(result, indent=1, ensure_ascii=False, default=str)
    RESULT.write_text(text + "\n", encoding="utf-8")
    print(f"written to {RESULT}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
