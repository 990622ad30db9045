"""Files of an emitted design: a quantised model with its manifest, or a verified accelerator.

Nothing is left in the folder unless it was run and gave the integers of the reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
import yaml
from numpy.typing import NDArray

from dlscope.core.errors import SearchError
from dlscope.core.whole_file import write_whole
from dlscope.graph.builder import serialize
from dlscope.methods.codesign.emission.accelerator.recursive import recursive_source
from dlscope.methods.codesign.emission.accelerator.source import Source, rendered
from dlscope.methods.codesign.emission.accelerator.streaming import streaming_source
from dlscope.methods.codesign.emission.calibration import inputs_of
from dlscope.methods.codesign.emission.integer_network import IntegerNetwork
from dlscope.methods.codesign.emission.model_manifest import model_document
from dlscope.methods.codesign.emission.qdq import to_qdq
from dlscope.methods.codesign.emission.quantise import EXACT_BITS, quantise
from dlscope.methods.codesign.emission.vectors import RANDOM, golden, vectors_of, write_golden
from dlscope.methods.codesign.emission.verifying import Verification, verified
from dlscope.methods.codesign.float_model import to_onnx
from dlscope.methods.codesign.folded_network import FoldedNetwork

Tiling = Literal["pipelined", "dataflow", "recursive"]
FOLDER = "accelerator"
"""Where the sources of an accelerator lie, beside the design."""

_FLOAT_BITS = 32
_GOLDEN_BYTES = 4_000_000
_KEPT = 16
_SCRIPT, _VECTORS, _OPTIONS = "synthesise.tcl", "vectors.bin", "accelerator.json"


@final
@dataclass(frozen=True)
class Accelerator:
    """What an accelerator is made with: its form, and lanes of each layer from stem to head.

    `part` and `clock_mhz` are for the script of a hardware compiler, where they are known.
    """

    tiling: Tiling
    lanes: tuple[int, ...]
    part: str = ""
    clock_mhz: float = 0.0
    most_accumulator_bits: int = EXACT_BITS

    @classmethod
    def read(cls, folder: Path) -> Accelerator:
        """What the accelerator in `folder` was made with. Raises `SearchError` for none."""
        path = folder / _OPTIONS
        try:
            options = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{**options, "lanes": tuple(options["lanes"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            is_missing = isinstance(error, FileNotFoundError)
            reason = "there is none" if is_missing else "its options are cut or edited"
            raise SearchError(
                f"no accelerator can be read: {reason}", where=str(path), fix=_emit_first(folder)
            ) from None

    def source(self, network: IntegerNetwork, *, title: str) -> Source:
        """Its files for `network`."""
        if self.tiling == "recursive":
            return recursive_source(network, self.lanes, title=title)
        return streaming_source(network, self.lanes, self.tiling, title=title)


@final
@dataclass(frozen=True)
class Emitted:
    """Files, by their path from the folder, and for an accelerator how it was verified.

    `accumulator_bits` are those of its widest sum.
    """

    files: tuple[str, ...]
    verification: Verification | None = None
    accumulator_bits: int | None = None


def emit_onnx(
    network: FoldedNetwork, images: NDArray[Any], folder: Path, *, name: str, dataset: str = ""
) -> Emitted:
    """`NAME.onnx` and `NAME.yaml`, its manifest, in `folder`.

    Quantised, unless all layers have 32 bits, which stay float32. `images` calibrate inputs of
    layers that have no step.
    """
    is_float = runs_in_float(network)
    model = (
        to_onnx(network, name=name) if is_float else to_qdq(quantise(network, images), name=name)
    )
    path = folder / f"{name}.onnx"
    write_whole(path, serialize(model))
    document = model_document(network, path, name=name, dataset=dataset)
    manifest = folder / f"{name}.yaml"
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    write_whole(manifest, text)
    return Emitted((path.name, manifest.name))


def runs_in_float(network: FoldedNetwork) -> bool:
    """Whether nothing of `network` is rounded: all its layers have 32 bits."""
    return all(layer.precision.lane_bits >= _FLOAT_BITS for layer in network.layers)


def reference_of(
    network: FoldedNetwork, images: NDArray[Any]
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """What says of a batch, N×classes, what an emitted model of `network` must say."""
    if not runs_in_float(network):
        return quantise(network, images).logits

    def answered(batch: NDArray[Any]) -> NDArray[Any]:
        *_, logits = inputs_of(network, batch)
        return logits

    return answered


def emit_accelerator(
    network: FoldedNetwork,
    images: NDArray[Any],
    accelerator: Accelerator,
    folder: Path,
    *,
    name: str,
    rng: np.random.Generator,
    count: int = RANDOM,
) -> Emitted:
    """C++ sources, test bench and golden vectors in the folder `accelerator` of `folder`.

    Raises `SearchError` where they do not give the integers of the reference on all corner inputs
    and `count` random ones; nothing is written then.
    """
    integers = quantise(network, images, most_accumulator_bits=accelerator.most_accumulator_bits)
    source = accelerator.source(integers, title=name)
    verification = verified(source, integers, rng, count=count)
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    script = rendered(_SCRIPT, {"accelerator": accelerator, "title": name})
    options = json.dumps(asdict(accelerator), indent=1) + "\n"
    texts = {**source.files, _SCRIPT: script, _OPTIONS: options}
    for file, text in texts.items():
        (target / file).write_text(text, encoding="utf-8")
    _write_vectors(target / _VECTORS, integers, source.golden_bits, rng)
    names = tuple(f"{FOLDER}/{file}" for file in (*texts, _VECTORS))
    return Emitted(names, verification, integers.accumulator_bits)


def verified_folder(
    network: IntegerNetwork, source: Source, folder: Path, rng: np.random.Generator, *, count: int
) -> Verification:
    """The sources in `folder` as they are, held against `network`.

    Raises `SearchError` as `verified` does, and where a file is missing or not what `source`, which
    the design gives, has: a weight of a channel that is always 0 changes no integer.
    """
    missing = [name for name in source.files if not (folder / name).is_file()]
    if missing:
        raise SearchError(
            f"there is no {', '.join(missing)}",
            where=str(folder),
            fix=_emit_first(folder),
        )
    found = {name: (folder / name).read_text(encoding="utf-8") for name in source.files}
    as_found = Source(source.tiling, found, source.stages, source.golden_bits)
    verification = verified(as_found, network, rng, count=count)
    for name, text in source.files.items():
        if found[name] != text:
            raise SearchError(
                f"{name} is not what the design gives, though all integers are equal",
                where=str(folder / name),
                fix=_emit_first(folder),
            )
    return verification


def _emit_first(folder: Path) -> str:
    """How to get the accelerator of `folder`, which lies beside its design."""
    return f"emit the design: dlscope codesign emit {folder.parent} --to cpp"


def _write_vectors(
    path: Path, network: IntegerNetwork, bits: int, rng: np.random.Generator
) -> None:
    """Golden vectors that stay with the sources, as many as take a few megabytes."""
    inputs = vectors_of(network, rng, count=_KEPT)
    values = sum(layer.shape.outputs for layer in network.layers)
    most = max(1, _GOLDEN_BYTES // (values * bits // 8))
    write_golden(path, golden(network, inputs[:most]), bits)
