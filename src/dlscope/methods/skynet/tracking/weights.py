"""A trained tracker as a file: its design and its arrays. Reading executes nothing."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from dlscope.core.errors import DataError
from dlscope.core.whole_file import whole_file
from dlscope.methods.skynet.hdf5 import SIGNATURE
from dlscope.methods.skynet.released_weights import released_state
from dlscope.zoo.siamese.design import Design
from dlscope.zoo.siamese.network import SiameseNetwork

_KIND = "dlscope tracker"
_FIX = "give a file that `dlscope skynet track --train` wrote"
_FIX_TRUNK = "give a file that `dlscope skynet train` or `track --train` wrote, or `scratch`"


def save_tracker(path: Path, network: SiameseNetwork) -> None:
    """Write a tracker. Raises `FileError` where it cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"kind": _KIND, "design": network.design.to_json(), "state": network.state_dict()}
    with whole_file(path) as part:
        torch.save(whole, part)


def load_tracker(path: Path) -> SiameseNetwork:
    """The tracker of a file, for inference.

    Raises `DataError` for another file, and naming the first array with NaN or infinity.
    """
    whole = _read(path)
    if not isinstance(whole, dict) or whole.get("kind") != _KIND:
        raise DataError("the file holds no tracker", where=str(path), fix=_FIX)
    network = SiameseNetwork(Design.from_json(whole["design"]))
    try:
        network.load_state_dict(whole["state"])
    except RuntimeError as error:
        raise DataError(
            f"the arrays do not fit the design: {str(error).splitlines()[0]}",
            where=str(path),
            fix=_FIX,
        ) from None
    require_finite(network, str(path))
    network.eval()
    return network


def require_finite(network: Any, where: str) -> None:
    """Raise `DataError` naming the first array that holds NaN or infinity."""
    for name, value in network.state_dict().items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise DataError(
                f"{name} holds NaN or infinity", where=where, fix="train again with a smaller rate"
            )


def load_trunk(network: SiameseNetwork, path: Path) -> int:
    """Take the bundles of a trained SkyNet, detector or tracker; how many arrays are taken.

    Raises `DataError` for a file without them, and for bundles of another width.
    """
    own = network.trunk.state_dict()
    found = {
        "network." + name[name.index("bundles.") :]: value
        for name, value in _arrays(path).items()
        if "bundles." in name
    }
    taken = {name: value for name, value in found.items() if name in own}
    missing = sorted(
        name for name in own if name not in taken and not name.endswith("num_batches_tracked")
    )
    wrong = [name for name, value in taken.items() if value.shape != own[name].shape]
    if missing or wrong:
        raise DataError(
            f"the file does not fit the trunk at {(missing or wrong)[0]!r}",
            where=str(path),
            fix="give a trained SkyNet of the same width as the tracker",
        )
    network.trunk.load_state_dict(taken, strict=False)
    require_finite(network.trunk, str(path))
    return len(taken)


def _arrays(path: Path) -> dict[str, Any]:
    """Every array of a file by name, however deep it lies in mappings; also the authors' file."""
    if path.is_file() and path.read_bytes()[: len(SIGNATURE)] == SIGNATURE:
        state = released_state(path)
        return {name: torch.from_numpy(value.copy()) for name, value in state.items()}
    whole = _read(path, _FIX_TRUNK)
    found: dict[str, Any] = {}
    waiting = [("", whole)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [
                (f"{name}.{key}" if name else str(key), each) for key, each in value.items()
            ]
        elif isinstance(value, torch.Tensor):
            found[name] = value
    return found


def _read(path: Path, fix: str = _FIX) -> Any:
    try:
        # It warns of pickles of others before it refuses them.
        with warnings.catch_warnings(action="ignore"):
            return torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        first = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        what = f"the weights cannot be read: {first or type(error).__name__}"
        raise DataError(what, where=str(path), fix=fix) from None
