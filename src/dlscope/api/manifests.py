"""Manifests: what the catalog holds, and whether a file is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlscope.core.errors import DlscopeError, ManifestError, did_you_mean, raise_all
from dlscope.core.table import Column, Table

if TYPE_CHECKING:
    from dlscope.core.report import Report

_COLUMNS = {
    "models": (
        Column("model", "str", "name for the command line"),
        Column("version", "str", "version of the manifest", priority=2),
        Column("task", "str", "what it does"),
        Column("dataset", "str", "data set it is evaluated on by default"),
        Column("license", "str", "licence of the weights", priority=2),
        Column("description", "str", "what it is", priority=3),
    ),
    "datasets": (
        Column("dataset", "str", "name for the command line"),
        Column("version", "str", "version of the manifest", priority=2),
        Column("task", "str", "task it is labelled for"),
        Column("items", "int", "how many items it has", role="count"),
        Column("data_kind", "str", "photographs, recordings, text, procedural or mixed"),
        Column("license", "str", "licence of the items", priority=2),
        Column("description", "str", "what it is", priority=3),
    ),
}
_CHECK_COLUMNS = (
    Column("file", "str", "file that was checked"),
    Column("kind", "str", "kind of manifest"),
    Column("name", "str", "name it declares"),
    Column("digest", "str", "SHA-256 of its canonical JSON", role="id", priority=2),
    Column("graph", "str", "whether the graph was there to be checked against"),
    Column("hooks", "str", "file of code of its own, which runs only where it is allowed"),
)


def catalog(kind: str) -> Report:
    """The models or the data sets of the catalog, those in DLSCOPE_CATALOG included."""
    from dlscope.catalog.finder import find, names
    from dlscope.core.report import Report, Section

    singular, said = kind.removesuffix("s"), kind.replace("datasets", "data sets")
    records = []
    for name in names(kind):
        manifest = find(kind, name)
        data = manifest.to_json()
        dataset = data.get("attributes", {}).get("dataset")
        records.append({**data, "dataset": dataset, singular: manifest.name})
    table = Table.of(kind, _COLUMNS[kind], records)
    return Report(
        title=said.capitalize(),
        answer=f"{len(table)} {said} in the catalog.",
        tables=(table,),
        sections=(Section(said.capitalize(), (table,)),),
        command=f"dlscope {kind}",
    )


def manifest_text(kind: str, reference: str) -> str:
    """The manifest that `reference` means, as YAML to start from."""
    from dlscope.catalog.document import dump_manifest
    from dlscope.catalog.finder import find

    return dump_manifest(find(kind, reference))


def manifest_schema(kind: str) -> Mapping[str, Any]:
    """The JSON Schema of one kind of manifest."""
    from dlscope.core.manifest import KINDS

    if kind not in KINDS:
        raise ManifestError(
            f"{kind!r} is not a kind of manifest",
            where="manifest schema",
            fix=did_you_mean(kind, KINDS),
        )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | KINDS[
        kind
    ].model_json_schema()


def draft_manifest(graph: Path, sizes: Mapping[str, int] | None = None) -> str:
    """A manifest of the ONNX file `graph`, in YAML, to go on from: what is missing is marked.

    Free axes have the `sizes` given by name. Raises `DlscopeError` for what is no ONNX graph, or
    one that no manifest can state.
    """
    from dlscope.catalog.manifest_draft import draft_manifest

    return draft_manifest(Path(graph), sizes or {})


def import_mlmodelscope(path: Path) -> tuple[str, tuple[str, ...]]:
    """A model manifest of MLModelScope as one of dlscope, in YAML, and notes on what to look at.

    Raises everything that is wrong with the file at once.
    """
    from dlscope.catalog.document import dump_manifest
    from dlscope.catalog.mlmodelscope.converting import convert_model

    found = convert_model(path)
    return dump_manifest(found.model), found.notes


def check_manifests(files: Sequence[Path]) -> Report:
    """Every file checked completely: fields, steps, models against their graphs, data sets opened.

    Of an ONNX file it is checked whether it can stand for a model by itself. Raises everything
    that is wrong with all of them at once.
    """
    from dlscope.core.report import Report, Section

    problems: list[DlscopeError] = []
    records = []
    for path in files:
        try:
            records.append(_checked(path))
        except DlscopeError as error:
            problems.extend(error.problems)
    raise_all(problems)
    table = Table.of("checked", _CHECK_COLUMNS, records)
    right = "is right" if len(table) == 1 else "are right"
    return Report(
        title="Manifests",
        answer=f"{', '.join(path.name for path in files)} {right}.{''.join(map(_hooks, records))}",
        tables=(table,),
        sections=(Section("Checked", (table,)),),
        command=f"dlscope manifest check {' '.join(map(str, files))}",
    )


def _hooks(record: Mapping[str, Any]) -> str:
    """A sentence on the hooks of a manifest; nothing where there are none."""
    if record["hooks"] is None:
        return ""
    return (
        f" {record['name']} has hooks, which are off by default: read {record['hooks']}; if it may "
        f"run, give --allow-hooks {record['sha256']}."
    )


def _checked(path: Path) -> Mapping[str, Any]:
    from dlscope.catalog.assets import open_dataset
    from dlscope.catalog.document import load_manifest
    from dlscope.catalog.finder import find
    from dlscope.core.manifest import DatasetManifest, ModelManifest, Reference
    from dlscope.methods.evaluation.checking import check_labels
    from dlscope.methods.evaluation.resolving import resolve_model

    is_bare = path.suffix == ".onnx"
    manifest = find("model", str(path)) if is_bare else load_manifest(path)
    graph = hooks = None
    if isinstance(manifest, ModelManifest):
        hooks = resolve_model(Reference(name=str(path))).hooks
        graph = "checked"
    # Found by its path, it knows which folder its files are relative to.
    elif isinstance(found := find(manifest.kind, Reference(name=str(path))), DatasetManifest):
        raise_all(check_labels(found, open_dataset(found)))
    return {
        "file": str(path),
        "kind": manifest.kind,
        "name": manifest.identity,
        "digest": manifest.digest,
        "graph": graph,
        "hooks": hooks and hooks.module.removeprefix("file:"),
        "sha256": hooks and hooks.sha256,
    }
