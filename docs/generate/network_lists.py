"""The networks of the catalog, and what builds them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence

from dlscope.catalog import finder
from dlscope.core import registry
from dlscope.core.manifest import ModelManifest
from dlscope.core.manifest.base import Source
from dlscope.zoo.architecture import Architecture, Number
from generate.fields import table

_WEIGHTS = re.compile(r", (?:with random|its) weights")


def networks() -> str:
    """The networks of the catalog whose weights come from a seed: what each is and costs."""
    rows = [
        (*_summary(model), f"{model.attributes['parameters']:,}", _macs(model),
         f"`{source.location}`")
        for model, source in _sources() if "seed" in source.options
    ]  # fmt: skip
    header = ("model", "network", "family", "input", "parameters", "MACs", "built by")
    return table(header, rows)


def networks_of_onnx() -> str:
    """The networks that the distribution of ONNX brings: what each is and costs, and its file."""
    rows = [
        (*_summary(model), _macs(model), f"`{source.path}`")
        for model, source in _sources() if source.location == "onnx"
    ]  # fmt: skip
    return table(("model", "network", "family", "input", "MACs", "file"), rows)


def architectures() -> str:
    """What builds networks from a seed, and the options that each takes besides `seed`."""
    rows = []
    for name in registry.names("networks"):
        module = inspect.getmodule(registry.load("networks", name))
        for value in vars(module).values():
            if isinstance(value, Architecture):
                first = (inspect.getdoc(module) or "").partition("\n")[0]
                rows.append((f"`{name}`", first, _options(value)))
    return table(("name", "what it builds", "options"), rows)


def _sources() -> Iterator[tuple[ModelManifest, Source]]:
    """The models of the catalog, each with the source of its graph."""
    for name in finder.names("models"):
        model = finder.find("models", name)
        assert isinstance(model, ModelManifest)
        yield model, Source.parse(model.assets["graph"].source)


def _summary(model: ModelManifest) -> tuple[str, ...]:
    """Name, what it is in a word, family and the shapes that it reads."""
    network = _WEIGHTS.split(model.description)[0]
    shapes = dict.fromkeys(_extent(each.shape) for each in model.inputs)
    return f"`{model.name}`", network, str(model.attributes["family"]), ", ".join(shapes)


def _macs(model: ModelManifest) -> str:
    return f"{model.attributes['macs']:,}"


def _extent(shape: Sequence[object]) -> str:
    return " × ".join(str(size) for size in shape)


def _options(architecture: Architecture) -> str:
    told = []
    for name, option in architecture.options.items():
        values = "a number" if isinstance(option, Number) else ", ".join(option.values)
        default = "" if option.default is None else f" (default {option.default})"
        told.append(f"`{name}`: {values}{default}")
    return "; ".join(told) or "none"
