"""A `FoldedNetwork` as one file: arrays in NumPy's archive, everything else as JSON within it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dlscope.core.errors import DlscopeError, SearchError
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.folded_network import FoldedLayer, FoldedNetwork

SCHEMA = 1
_DESCRIPTION = "network"
_PAIRS = ("map_in", "map_out", "kernel")


def save_network(network: FoldedNetwork, path: Path) -> None:
    """Write `network` to the file `path`."""
    arrays: dict[str, Any] = {}
    for place, layer in enumerate(network.layers):
        arrays[f"weights.{place}"] = layer.weights
        arrays[f"bias.{place}"] = layer.bias
    arrays[_DESCRIPTION] = np.array(json.dumps(_description(network)))
    with path.open("wb") as file:
        np.savez(file, **arrays)


def load_network(path: Path) -> FoldedNetwork:
    """The network in the file `path`.

    Raises `SearchError` where there is none, and for a file of a newer schema, with both numbers.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            described = json.loads(str(arrays[_DESCRIPTION]))
            _require_schema(described, path)
            layers = tuple(
                _layer(each, arrays[f"weights.{place}"], arrays[f"bias.{place}"])
                for place, each in enumerate(described["layers"])
            )
        return FoldedNetwork(
            input=tuple(described["input"]),
            layers=layers,
            residuals=tuple((source, target) for source, target in described["residuals"]),
            pooled=described["pooled"],
        )
    except DlscopeError:
        raise
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise SearchError(
            f"no network can be read: {type(error).__name__}: {error}",
            where=str(path),
            fix="give the file that `dlscope codesign train` has written",
        ) from error


def _description(network: FoldedNetwork) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "input": network.input,
        "residuals": network.residuals,
        "pooled": network.pooled,
        "layers": [
            {
                "name": layer.name,
                "shape": asdict(layer.shape),
                "activation": layer.activation,
                "precision": asdict(layer.precision),
                "activation_scale": layer.activation_scale,
            }
            for layer in network.layers
        ],
    }


def _require_schema(described: Mapping[str, Any], path: Path) -> None:
    if described["schema"] != SCHEMA:
        raise SearchError(
            f"the network has schema {described['schema']}, this version reads {SCHEMA}",
            where=str(path),
            fix="use the version of dlscope that wrote it, or a newer one",
        )


def _layer(described: Mapping[str, Any], weights: Any, bias: Any) -> FoldedLayer:
    shape: dict[str, Any] = {
        key: tuple(value) if key in _PAIRS else value for key, value in described["shape"].items()
    }
    return FoldedLayer(
        name=described["name"],
        shape=LayerShape(**shape),
        weights=weights,
        bias=bias,
        activation=described["activation"],
        precision=Precision(**described["precision"]),
        activation_scale=described["activation_scale"],
    )
