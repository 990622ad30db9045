"""`OnnxAnswering`: the files of an exported tracker, asked by a tracker; no torch is needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.base import Predictor
from dlscope.catalog.document import load_manifest
from dlscope.core import registry
from dlscope.core.errors import DataError
from dlscope.core.manifest import ModelManifest
from dlscope.methods.skynet.tracking.answering import Answer
from dlscope.methods.skynet.tracking.onnx_parts import (
    FEATURES,
    MASK,
    SEARCH,
    TEMPLATE,
    kernel_names,
    parts_of,
)
from dlscope.zoo.siamese.design import Design

_FIX = "give a folder that `dlscope skynet track --export` wrote"


@final
class OnnxAnswering:
    """See `answering.Answering`; any backend that reads ONNX runs it, on `threads`."""

    def __init__(self, folder: Path, backend: str = "onnxruntime", *, threads: int = 1) -> None:
        self.design = read_design(folder)
        opener = registry.load("backends", backend)()
        self._parts: dict[str, Predictor] = {
            part: opener.open(folder / f"{part}.onnx", {"threads": threads})
            for part in parts_of(self.design)
        }

    def kernels(self, template_1ctt: NDArray[np.float32]) -> Mapping[str, Any]:
        """See `Answering.kernels`."""
        found = self._parts[TEMPLATE].predict({TEMPLATE: template_1ctt})
        return {name: found[name] for name in kernel_names(self.design)}

    def answer(self, search_1css: NDArray[np.float32], kernels: Mapping[str, Any]) -> Answer:
        """See `Answering.answer`."""
        found = self._parts[SEARCH].predict({SEARCH: search_1css, **kernels})
        features = found[FEATURES][0] if self.design.has_mask else None
        return Answer(found["scores"][0], found["boxes"][0], features)

    def mask(self, features_c: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Answering.mask`."""
        features_1c11 = np.ascontiguousarray(features_c.reshape(1, -1, 1, 1))
        return np.asarray(self._parts[MASK].predict({FEATURES: features_1c11})[MASK].ravel())


def read_design(folder: Path) -> Design:
    """The design of the tracker in a folder. Raises `DataError` where there is none."""
    path = folder / f"{SEARCH}.yaml"
    if not path.is_file():
        raise DataError("the folder holds no exported tracker", where=str(folder), fix=_FIX)
    manifest = load_manifest(path)
    told = manifest.attributes.get("design") if isinstance(manifest, ModelManifest) else None
    try:
        return Design.from_json(json.loads(str(told)))
    except ValueError as error:
        raise DataError("the manifest tells no design", where=str(path), fix=_FIX) from error
