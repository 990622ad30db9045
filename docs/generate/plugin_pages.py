"""What is registered: steps, backends, devices, and the boards of the catalog."""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import entry_points
from typing import Any
from unittest.mock import MagicMock

from dlscope.backends.base import Backend
from dlscope.catalog import finder
from dlscope.core import registry
from dlscope.core.manifest import BoardManifest
from generate.fields import fields_of, prose, table
from generate.included_files import ROOT

_QUOTED = re.compile(r"(: |-> )'([^']*)'")


def steps() -> str:
    """Every registered step with its parameters."""
    return "\n".join(
        f"## {name}\n\n{fields_of(registry.load('steps', name))}"
        for name in registry.names("steps")
    )


def backends() -> str:
    """Every registered backend with what it declares and the options it takes."""
    parts = []
    for name in registry.names("backends"):
        backend = _without_framework(name)
        parts.append(f"## {name}\n\n{prose(backend)}\n\n{_declared(name, backend)}")
        parts.append(f"Options:\n\n{fields_of(backend.options)}")
    return "\n".join(parts)


def devices() -> str:
    """Every registered hardware model with what it declares."""
    parts = []
    for name in registry.names("devices"):
        device = registry.load("devices", name)
        rows = [
            ("judged by", f"`{device.objective}`"),
            ("lanes are a choice", "yes" if device.has_lanes else "no"),
            ("bits are chosen for", f"each {device.precision_scope}"),
            ("engines are shared", "yes" if device.shares_engines else "no"),
            ("made with", f"`{_made_with(device)}`"),
        ]
        parts.append(f"## {name}\n\n{prose(device)}\n\n{table(('declared', 'value'), rows)}")
    return "\n".join(parts)


def boards() -> str:
    """The boards of the catalog and what their parts have."""
    found = [finder.find("boards", name) for name in finder.names("boards")]
    rows = [
        (f"`{each.name}`", each.part, *each.resources.model_dump().values(),
         f"{each.memory_gb_per_s:g}", f"{each.clock_mhz:g}")
        for each in found if isinstance(each, BoardManifest)
    ]  # fmt: skip
    header = ("board", "part", "DSP", "LUT", "FF", "BRAM36", "URAM", "memory GB/s", "clock MHz")
    return table(header, rows)


def _made_with(device: type[Any]) -> str:
    signature = str(inspect.signature(device)).replace("dlscope.devices.base.", "")
    return _QUOTED.sub(r"\1\2", f"{device.__name__}{signature}")


def _without_framework(name: str) -> type[Backend]:
    """The class of a backend, whether or not its framework is installed here.

    What a page tells of it is written in its own file; modules that are missing are stood in for.
    """
    (point,) = (p for p in entry_points(group="dlscope.backends") if p.name == name)
    while True:
        try:
            backend: type[Backend] = point.load()
        except ModuleNotFoundError as error:
            assert error.name is not None
            assert not error.name.startswith("dlscope")
            sys.modules[error.name] = MagicMock()
        else:
            return backend


def _declared(name: str, backend: type[Backend]) -> str:
    rows = (
        ("formats", ", ".join(sorted(backend.formats))),
        ("devices", ", ".join(backend.devices)),
        ("trace levels", ", ".join(backend.levels)),
        ("tolerance", f"{backend.tolerance:g} of max|reference|"),
        ("how to get it", _extra(name)),
    )
    return table(("declared", "value"), rows)


def _extra(name: str) -> str:
    module = registry.load("backends", name).__module__.rpartition(".")[2]
    extra = {"onnxruntime": "ort"}.get(module, module)
    return f"`pip install 'dlscope[{extra}]'`" if extra in _extras() else "comes with dlscope"


@cache
def _extras() -> frozenset[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return frozenset(project["optional-dependencies"])
