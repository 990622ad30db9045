"""`onnx_program`: a network of torch as ONNX, exported without a word."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from dlscope.core.errors import PluginError

_OPSET = 18


def onnx_program(
    network: Any,
    example: Sequence[Any],
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    free: Any = None,
) -> Any:
    """What torch makes of `network` for tensors such as `example`; `save(path)` writes it.

    `free` tells the sides that are not fixed, as torch's `dynamic_shapes`. Raises `PluginError`
    without the exporter.
    """
    try:
        with _quiet():
            return torch.onnx.export(
                network,
                tuple(example),
                dynamo=True,
                opset_version=_OPSET,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes=free,
                verbose=False,
            )
    except ModuleNotFoundError as error:
        raise PluginError(
            f"exporting needs {error.name!r}, which is not installed",
            where=__name__,
            fix="pip install 'dlscope[training]'",
        ) from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter speaks of what it is without; none of it concerns these networks."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
