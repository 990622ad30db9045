"""`convolved`: a layer on a batch in NumPy, as sums of matrix products.

Axes: n batch, c channels, y and x places of the map, h and w those of the kernel, o outputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from dlscope.devices.layer_shape import LayerShape


def convolved(
    x_ncyx: NDArray[Any], weights: NDArray[Any], shape: LayerShape, padding: tuple[int, int]
) -> NDArray[Any]:
    """The convolution of `x_ncyx` with `weights[o, c/g, h, w]`, in the type of both.

    In float64 it is exact on whole numbers as long as sums of magnitudes stay below 2^53.
    """
    windows = _windows(x_ncyx, shape, padding)
    if shape.groups == 1:
        return _dense(windows, weights)
    parts = np.split(windows, shape.groups, axis=1)
    kernels = np.split(weights, shape.groups)
    if shape.kind == "depthwise":
        summed: NDArray[Any] = np.einsum("ncyxhw,chw->ncyx", windows, weights[:, 0], optimize=True)
        return summed
    return np.concatenate([_dense(*pair) for pair in zip(parts, kernels, strict=True)], axis=1)


def _dense(windows: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    summed = np.tensordot(windows, weights, axes=((1, 4, 5), (1, 2, 3)))
    return np.moveaxis(summed, -1, 1)


def _windows(x_ncyx: NDArray[Any], shape: LayerShape, padding: tuple[int, int]) -> NDArray[Any]:
    rows, columns = padding
    padded = np.pad(x_ncyx, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    views = sliding_window_view(padded, shape.kernel, axis=(2, 3))
    return views[:, :, :: shape.stride, :: shape.stride]
