"""What this machine can run: backends with exact versions, assets, the machine itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dlscope.backends.base import Backend
from dlscope.catalog.assets import open_dataset, require_assets
from dlscope.catalog.finder import find, names
from dlscope.core import registry
from dlscope.core.errors import DlscopeError
from dlscope.core.manifest import DatasetManifest, ModelManifest
from dlscope.core.table import Cell, Column, Table
from dlscope.stacks.system import system

_BACKEND_COLUMNS = (
    Column("backend", "str", "name for --backend"),
    Column("available", "bool", "whether it can be used here", role="verdict"),
    Column("version", "str", "exact version of the framework"),
    Column("formats", "str", "model formats it opens", priority=2),
    Column("devices", "str", "devices it runs on", priority=2),
    Column("levels", "str", "deepest trace level", priority=3),
    Column("reason", "str", "why it cannot be used"),
    Column("fix", "str", "how to get it"),
)
_ASSET_COLUMNS = (
    Column("kind", "str", "model or dataset"),
    Column("name", "str", "name in the catalog"),
    Column("available", "bool", "whether its files are here and unchanged", role="verdict"),
    Column("reason", "str", "what is missing"),
    Column("fix", "str", "how to get it"),
)
_SYSTEM_COLUMNS = (
    Column("field", "str", "field of the system manifest"),
    Column("value", "str", "what this machine reports"),
)


def available_backends() -> Mapping[str, bool]:
    """Whether each registered backend can be imported here."""
    return {str(row["backend"]): bool(row["available"]) for row in backend_table()}


def backend_table(only: Collection[str] = ()) -> Table:
    """One row per registered backend, or for `only` these; importing them takes a few seconds."""
    records = [_backend(name) for name in only or registry.names("backends")]
    return Table.of("backends", _BACKEND_COLUMNS, records)


def asset_table() -> Table:
    """One row per model and data set of the catalog."""
    models = (("model", name) for name in names("models"))
    datasets = (("dataset", name) for name in names("datasets"))
    records = [_asset(kind, name) for kind, name in (*models, *datasets)]
    return Table.of("assets", _ASSET_COLUMNS, records, title="Models and data")


def system_table() -> Table:
    """The system manifest of this machine, one field a row."""
    records = [{"field": field, "value": value} for field, value in _fields("", system().to_json())]
    return Table.of("system", _SYSTEM_COLUMNS, records)


def _backend(name: str) -> Mapping[str, Cell]:
    try:
        backend: type[Backend] = registry.load("backends", name)
        version = backend.version()
    except DlscopeError as error:
        return {"backend": name, "available": False, "reason": error.what, "fix": error.fix}
    # A framework that is installed but broken fails in its own way at import.
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        fix = f"reinstall {name}, then run `dlscope doctor` again"
        return {"backend": name, "available": False, "reason": reason, "fix": fix}
    return {
        "backend": name,
        "available": True,
        "version": version,
        "formats": ", ".join(sorted(backend.formats)),
        "devices": ", ".join(backend.devices),
        "levels": ", ".join(backend.levels),
    }


def _asset(kind: str, name: str) -> Mapping[str, Cell]:
    manifest = find(f"{kind}s", name)
    try:
        if isinstance(manifest, ModelManifest):
            require_assets(manifest)
        elif isinstance(manifest, DatasetManifest):
            open_dataset(manifest)
    except DlscopeError as error:
        first = error.problems[0]
        return {
            "kind": kind,
            "name": name,
            "available": False,
            "reason": first.what,
            "fix": first.fix,
        }
    return {"kind": kind, "name": name, "available": True}


def _fields(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _fields(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for index, inner in enumerate(value):
            yield from _fields(f"{prefix}[{index}]", inner)
    elif value not in (None, [], ""):
        text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield prefix, text
