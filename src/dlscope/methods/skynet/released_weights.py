"""The weights that the authors released, under the names of `zoo.skynet`.

The file has 61 arrays for variant C with ReLU6: `model_pX.Y` names a bundle, `.0` and `.3` its
convolutions, `.1` and `.4` their normalisations.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError, did_you_mean
from dlscope.methods.skynet.hdf5 import read_hdf5
from dlscope.zoo.skynet.folding import require_finite
from dlscope.zoo.skynet.layout import Layout

BUNDLES = ("model_p1.0", "model_p1.2", "model_p1.4", "model_p2.1", "model_p2.2", "model_p3.0")
HEAD = "model_p3.1"
_CONVOLUTIONS = ((0, "depthwise"), (3, "pointwise"))
_NORMALISED = ("weight", "bias", "running_mean", "running_var")


def released_state(path: Path) -> dict[str, NDArray[np.float32]]:
    """The arrays of the authors' file by the names of `SkyNet` C, for `load_state` and `fold_bn`.

    Raises `DataError` naming an array that is unknown, missing or of another shape, `GraphError`
    for one that is no number.
    """
    found, names = read_hdf5(path), dict(_names())
    for key in found:
        if key not in names:
            raise _misfit(path, f"there is an unknown array {key!r}", did_you_mean(key, names))
    shapes = _shapes()
    for key, name in names.items():
        if key not in found:
            raise _misfit(path, f"there is no array {key!r}", "give the file as released, whole")
        if found[key].shape != shapes[name]:
            raise _misfit(
                path,
                f"array {key!r} has the shape {found[key].shape}, not {shapes[name]}",
                "give weights of SkyNet C at full width",
            )
    state = {name: found[key] for key, name in names.items()}
    require_finite(state)
    return state


def _names() -> Iterator[tuple[str, str]]:
    """Each name in the file, and ours."""
    for index, bundle in enumerate(BUNDLES):
        for place, name in _CONVOLUTIONS:
            own = f"bundles.{index}.{name}"
            yield f"{bundle}.{place}.weight", f"{own}.weight"
            for part in _NORMALISED:
                yield f"{bundle}.{place + 1}.{part}", f"{own}_norm.{part}"
    yield f"{HEAD}.weight", "head.weight"


def _shapes() -> dict[str, tuple[int, ...]]:
    *layers, head = Layout("C").layers
    shapes: dict[str, tuple[int, ...]] = {
        "head.weight": (head.channels_out, head.channels_in, 1, 1)
    }
    for number, layer in enumerate(layers):
        own = f"bundles.{number // 2}.{layer.kind}"
        inputs = (1, 3, 3) if layer.kind == "depthwise" else (layer.channels_in, 1, 1)
        shapes[f"{own}.weight"] = (layer.channels_out, *inputs)
        shapes |= {f"{own}_norm.{part}": (layer.channels_out,) for part in _NORMALISED}
    return shapes


def _misfit(path: Path, what: str, fix: str) -> DataError:
    return DataError(what, where=str(path), fix=fix)
