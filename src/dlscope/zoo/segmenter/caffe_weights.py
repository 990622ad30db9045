"""`load_caffe_weights`: a ResNet-101 with the names that it had in Caffe, into `DeepLabV2`.

    conv1, bn1                          the stem
    layer1…layer4 . block . conv1…3     with bn1…3, and downsample.0 and .1 in the first block
    layer5.conv2d_list.0…3              the branches of the head

Each name may have `module.` and `Scale.` before it.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import torch

from dlscope.core.errors import DataError
from dlscope.zoo.segmenter.deeplab_v2 import BLOCKS, DeepLabV2
from dlscope.zoo.segmenter.segmenter import Segmenter

LEAST_SHARE = 0.9
_PREFIX = re.compile(r"^(?:module\.|Scale\.)+")
_PARTS = {"conv1": "reduce.0", "conv2": "spread.0", "conv3": "enlarge.0"} | {
    "bn1": "reduce.1",
    "bn2": "spread.1",
    "bn3": "enlarge.1",
    "downsample.0": "shortcut.0",
    "downsample.1": "shortcut.1",
}
_TENSORS = {"conv": ("weight",), "bn": ("weight", "bias", "running_mean", "running_var")}
_COUNTER = "num_batches_tracked"
_HEAD = "branches."
_TOLD = 3


@final
@dataclass(frozen=True)
class LoadedWeights:
    """What came of a file: names that were loaded, and those that were skipped with the reason.

    `missing` is what the network has and the file has not, by the names of the network.
    """

    loaded: tuple[str, ...]
    skipped: Mapping[str, str]
    missing: tuple[str, ...]

    def __str__(self) -> str:
        """One sentence."""
        said = f"{len(self.loaded)} tensors loaded"
        if self.skipped:
            some = [f"{name} ({why})" for name, why in list(self.skipped.items())[:_TOLD]]
            said += f", {len(self.skipped)} skipped: {_listed(some, len(self.skipped))}"
        if self.missing:
            some = list(self.missing[:_TOLD])
            said += f", {len(self.missing)} missing: {_listed(some, len(self.missing))}"
        return said


def load_caffe_weights(
    network: Segmenter, path: Path, *, allows_partial: bool = False
) -> LoadedWeights:
    """Fill `network` from the file at `path`; nothing in the file is executed.

    Raises `DataError` for a network that has no such names, for a file that cannot be read, and
    where less than 90 % of the tensors below the head were found, unless `allows_partial`: a
    network that starts from noise trains without complaint, to half of the score.
    """
    if not isinstance(network, DeepLabV2):
        raise DataError(
            f"{network.name} has no weights of Caffe",
            where=str(path),
            fix=f"use them with {DeepLabV2.name}, the network of the preset paper",
        )
    names, own = _names(), network.state_dict()
    found: dict[str, Any] = {}
    loaded, skipped = [], {}
    for name, value in _state(path).items():
        ours = names.get(_PREFIX.sub("", name), "")
        if name.endswith(_COUNTER):
            continue
        if not ours:
            skipped[name] = "no such part"
        elif tuple(value.shape) != tuple(own[ours].shape):
            skipped[name] = f"{_size(value)}, not {_size(own[ours])}"
        else:
            found[ours] = value
            loaded.append(name)
    missing = tuple(ours for ours in names.values() if ours not in found)
    told = LoadedWeights(tuple(loaded), skipped, missing)
    _require_most(told, names, found, path, allows_partial=allows_partial)
    with torch.no_grad():
        for ours, value in found.items():
            own[ours].copy_(value)
    return told


def _require_most(
    told: LoadedWeights,
    names: Mapping[str, str],
    found: Mapping[str, Any],
    path: Path,
    *,
    allows_partial: bool,
) -> None:
    below = [ours for ours in names.values() if not ours.startswith(_HEAD)]
    share = sum(ours in found for ours in below) / len(below)
    if share < LEAST_SHARE and not allows_partial:
        raise DataError(
            f"only {share:.0%} of the tensors below the head are in the file; {told}",
            where=str(path),
            fix="give the weights of a ResNet-101 in Caffe's form, or --allow-partial",
        )


def _names() -> dict[str, str]:
    """The name in the network of every tensor, by its name in Caffe's form."""
    return dict(_pairs())


def _pairs() -> Iterator[tuple[str, str]]:
    yield "conv1.weight", "stem.0.weight"
    yield from ((f"bn1.{each}", f"stem.1.{each}") for each in _TENSORS["bn"])
    place = 0
    for layer, blocks in enumerate(BLOCKS, start=1):
        for block in range(blocks):
            for theirs, ours in _PARTS.items():
                if not theirs.startswith("downsample") or block == 0:
                    kind = "conv" if ours.endswith(".0") else "bn"
                    for each in _TENSORS[kind]:
                        yield (
                            f"layer{layer}.{block}.{theirs}.{each}",
                            f"stages.{place}.{ours}.{each}",
                        )
            place += 1
    for branch in range(4):
        for each in ("weight", "bias"):
            yield f"layer5.conv2d_list.{branch}.{each}", f"{_HEAD}{branch}.{each}"


def _state(path: Path) -> Mapping[str, Any]:
    """The tensors of a file by their names."""
    try:
        whole = torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _unreadable(path, said) from None
    state = whole.get("state_dict", whole) if isinstance(whole, Mapping) else None
    if not isinstance(state, Mapping) or not all(map(torch.is_tensor, state.values())):
        raise _unreadable(path, "it is no dictionary of tensors")
    return state


def _unreadable(path: Path, reason: str) -> DataError:
    return DataError(
        f"the weights cannot be read: {reason}",
        where=str(path),
        fix="give a file of tensors by name, as torch.save writes a state dictionary",
    )


def _size(value: Any) -> str:
    return "×".join(map(str, value.shape)) or "one number"


def _listed(some: list[str], count: int) -> str:
    return ", ".join(some) + (", …" if count > len(some) else "")
