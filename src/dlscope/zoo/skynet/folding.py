"""`Folded`: a SkyNet whose normalisations are part of its convolutions.

    w' = w · γ / √(σ² + ε)        b' = β − μ · γ / √(σ² + ε)

Computed in float64, kept as float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import GraphError

Array: TypeAlias = NDArray[np.float32]
State: TypeAlias = Mapping[str, NDArray[Any]]
EPSILON = 1e-5


@dataclass(frozen=True)
class FoldedBundle:
    """Weights [C, 1, 3, 3] and [K, C, 1, 1] of a bundle, and their biases [C] and [K]."""

    depthwise: Array
    depthwise_bias: Array
    pointwise: Array
    pointwise_bias: Array

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The four in the order of the released file."""
        return self.depthwise, self.depthwise_bias, self.pointwise, self.pointwise_bias


@final
@dataclass(frozen=True)
class Folded:
    """All bundles, and the weights of the head, or None for a trunk."""

    bundles: tuple[FoldedBundle, ...]
    head: Array | None

    @property
    def flat(self) -> Array:
        """Every number in the order of the released file: bundle after bundle, then the head."""
        arrays = [array for bundle in self.bundles for array in bundle.arrays]
        arrays += [] if self.head is None else [self.head]
        return np.concatenate([array.ravel() for array in arrays])


def fold_bn(state: State) -> Folded:
    """The arrays of a network, by its own names, folded.

    Raises `GraphError` naming the array that is missing, or the first that is no number.
    """
    require_finite(state)
    count = len({name.split(".")[1] for name in state if name.startswith("bundles.")})
    return Folded(
        tuple(_bundle(state, f"bundles.{index}") for index in range(count)),
        state.get("head.weight"),
    )


def require_finite(state: State) -> None:
    """Raise `GraphError` naming the first array, in order, that holds NaN or infinity."""
    for name, values in state.items():
        wrong = int(np.size(values) - np.isfinite(values).sum())
        if wrong:
            raise GraphError(
                f"{wrong} of {np.size(values)} numbers of {name!r} are NaN or infinite",
                where=f"SkyNet, layer {name.rpartition('.')[0]}",
                fix="load weights of a training that went well",
            )


def _bundle(state: State, name: str) -> FoldedBundle:
    return FoldedBundle(*_layer(state, f"{name}.depthwise"), *_layer(state, f"{name}.pointwise"))


def _layer(state: State, name: str) -> tuple[Array, Array]:
    weight, gain, bias, mean, variance = (
        _array(state, key)
        for key in (
            f"{name}.weight",
            f"{name}_norm.weight",
            f"{name}_norm.bias",
            f"{name}_norm.running_mean",
            f"{name}_norm.running_var",
        )
    )
    factor = gain / np.sqrt(variance + EPSILON)
    folded = weight * factor[:, None, None, None]
    return folded.astype(np.float32), (bias - mean * factor).astype(np.float32)


def _array(state: State, key: str) -> NDArray[np.float64]:
    if key not in state:
        raise GraphError(
            f"there is no array {key!r}",
            where="SkyNet, weights",
            fix="give all arrays of a SkyNet, statistics of its normalisations included",
        )
    return np.asarray(state[key], dtype=np.float64)
