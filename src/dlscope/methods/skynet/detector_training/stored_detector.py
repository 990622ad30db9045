"""`StoredDetector`: a SkyNet with what its boxes depend on, in one file that executes nothing.

Beside the weights that is the variant, width and activation, the size of images, the filter they
were resized with, and the anchors.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import torch

from dlscope.core.errors import DataError
from dlscope.core.whole_file import whole_file
from dlscope.methods.skynet.anchors import scaled_anchors
from dlscope.methods.skynet.decoding import ANCHORS
from dlscope.methods.skynet.detection_scores import Predict
from dlscope.methods.skynet.detector_training.network_predictor import network_predictor
from dlscope.methods.skynet.hdf5 import SIGNATURE
from dlscope.methods.skynet.preparing import Resize
from dlscope.methods.skynet.released_weights import released_state
from dlscope.training.loop import Figures
from dlscope.zoo.skynet.layout import SIZE
from dlscope.zoo.skynet.network import Act, SkyNet, build, load_state

FILE = "detector.pt"
_FORM = "dlscope skynet detector 1"
Told = Mapping[str, str | int | float]


@final
@dataclass(frozen=True)
class StoredDetector:
    """A network in evaluation mode; `told` says where its weights are from, `history` how it went.

    Sizes are (height, width), anchors in cells.
    """

    network: SkyNet
    anchors: tuple[tuple[float, float], ...]
    resize: Resize
    told: Told = field(default_factory=dict)
    history: tuple[Figures, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of its images."""
        return self.network.layout.size

    @property
    def title(self) -> str:
        """Variant, width and size in words."""
        layout = self.network.layout
        height, width = layout.size
        return f"SkyNet {layout.variant}, width {layout.width_mult:g}, {width}×{height}"

    @property
    def predict(self) -> Predict:
        """Boxes of images, for `evaluate_detector`."""
        return network_predictor(self.network, self.anchors)

    def write(self, path: Path) -> None:
        """Keep it in one file, whole or not at all."""
        layout = self.network.layout
        whole: dict[str, Any] = {
            "form": _FORM,
            "variant": layout.variant,
            "width_mult": layout.width_mult,
            "size": list(layout.size),
            "act": self.network.act,
            "anchors": [list(anchor) for anchor in self.anchors],
            "resize": self.resize,
            "told": dict(self.told),
            "history": [dict(figures) for figures in self.history],
            "state": {
                name: value.detach().cpu().contiguous()
                for name, value in self.network.state_dict().items()
            },
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            torch.save(whole, part)


def untrained(
    variant: Any = "C",
    *,
    width: float = 1.0,
    size: tuple[int, int] = SIZE,
    act: Act = "relu6",
    seed: int = 0,
) -> StoredDetector:
    """A network as it is before training, drawn from `seed`, with the published anchors, scaled."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build(variant, act, width, size)
    return StoredDetector(
        network.eval(), scaled_anchors(size), "area", {"weights": "untrained", "seed": seed}
    )


def read_detector(path: Path, size: tuple[int, int] = SIZE) -> StoredDetector:
    """The detector in a file of `write`, in a folder of a training, or of the authors' weights.

    The authors' weights take images of any `size`. Raises `DataError` for a file that is neither.
    """
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        raise DataError(
            "there is no trained detector",
            where=str(path),
            fix=f"train one: dlscope skynet train --out {path}",
        )
    if file.suffix != ".pt":
        with file.open("rb") as opened:
            if opened.read(len(SIGNATURE)) != SIGNATURE:
                raise _no_detector(file, "it is neither a .pt file nor HDF5")
        network = build("C", input=size)
        load_state(network, released_state(file))
        return StoredDetector(network.eval(), ANCHORS, "nearest", {"weights": "released"})
    return _built(_whole(file), file)


def _built(whole: Mapping[str, Any], file: Path) -> StoredDetector:
    try:
        height, width = whole["size"]
        network = build(whole["variant"], whole["act"], whole["width_mult"], (height, width))
        network.load_state_dict(whole["state"])
        anchors = tuple((float(w), float(h)) for w, h in whole["anchors"])
        return StoredDetector(
            network.eval(), anchors, whole["resize"], whole["told"], tuple(whole["history"])
        )
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise _no_detector(file, f"what it holds does not fit: {error}") from error


def _whole(file: Path) -> Mapping[str, Any]:
    try:
        whole = torch.load(file, weights_only=True, map_location="cpu")
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError):
        raise _no_detector(file, "it cannot be read") from None
    if not isinstance(whole, dict) or whole.get("form") != _FORM:
        raise _no_detector(file, "it is of another form")
    return whole


def _no_detector(file: Path, what: str) -> DataError:
    return DataError(
        f"this is no detector: {what}",
        where=str(file),
        fix="give a file that `dlscope skynet build` or `train` wrote, or the authors' weights",
    )
