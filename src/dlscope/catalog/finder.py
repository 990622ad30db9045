"""Manifests by name: those built in, and those in the folders of DLSCOPE_CATALOG."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dlscope.catalog.document import load_manifest
from dlscope.catalog.overrides import apply_overrides
from dlscope.core.errors import ManifestError, did_you_mean
from dlscope.core.manifest import KINDS, Manifest, Reference
from dlscope.core.manifest.experiment import parse_reference
from dlscope.core.version import Constraint, Version

_BUILT_IN = Path(__file__).parent
_LONGEST_LIST = 20
_OTHER_GRAPHS = (".tflite", ".pt", ".pt2", ".pth", ".pb", ".h5", ".keras", ".safetensors")
_FOLDERS = {
    "model": "models",
    "dataset": "datasets",
    "scenario": "scenarios",
    "board": "boards",
    "space": "spaces",
    "requirements": "requirements",
}


def names(kind: str) -> tuple[str, ...]:
    """Names of the manifests of `kind` (model or models, dataset …), sorted; no hidden ones.

    Raises `ManifestError` for an unknown kind and for a malformed file of the catalog.
    """
    listed = {
        manifest.name
        for _, manifest in _all(_singular(kind))
        if getattr(manifest, "visibility", "listed") == "listed"
    }
    return tuple(sorted(listed))


def find(kind: str, reference: str | Reference) -> Manifest:
    """The manifest of `kind` that `reference` means, its overrides applied.

    A reference is a name, `name@constraint`, `name==version`, or the path of a YAML file. The
    highest version that satisfies the constraint is taken. Relative `file:` sources come back
    absolute, so that the manifest means the same wherever it is carried. A model may also be the
    path of an ONNX file, whose manifest is made from what it tells (`bare_model`).
    Raises `ManifestError` when nothing fits, or when two files claim the same version.
    """
    kind = _singular(kind)
    if isinstance(reference, str):
        reference = _parsed(reference)
    if kind == "model" and reference.name.endswith(".onnx"):
        # The one form of reference for which ONNX is loaded.
        from dlscope.catalog.bare_graph import bare_model

        return apply_overrides(bare_model(Path(reference.name)), reference.overrides)
    _require_manifest(kind, reference.name)
    if _is_path(reference.name):
        path = Path(reference.name)
        manifest = _of_kind(kind, path, load_manifest(path))
    else:
        path, manifest = _by_name(kind, reference)
    return apply_overrides(_anchored(manifest, path.parent), reference.overrides)


def _parsed(text: str) -> Reference:
    if _is_path(text):
        return Reference(name=text)
    fields = parse_reference(text)
    try:
        Constraint.parse(fields.get("version", "*"))
    except ValueError as error:
        raise ManifestError(
            str(error), where=f"reference {text}", fix="use name@>=1.0,<2 or name==1.0.0"
        ) from None
    return Reference.model_validate(fields)


def _is_path(name: str) -> bool:
    return "/" in name or os.sep in name or name.endswith((".yaml", ".yml", ".onnx"))


def _require_manifest(kind: str, name: str) -> None:
    """Refuses what a manifest is about in the place of the manifest: a graph, a folder of items."""
    path = Path(name)
    if kind == "model" and path.suffix in _OTHER_GRAPHS:
        what = f"a {path.suffix} file does not tell what goes in and what comes out, as ONNX does"
        begin = "dlscope models efficientnet-lite0 > mine.yaml"
        fix = f"export it to ONNX, or write a manifest beside it, beginning with: {begin}"
    elif kind == "dataset" and path.is_dir() and _is_path(name):
        what = "this is a folder; a data set is a manifest, which says what lies where in it"
        fix = (
            "write one beside the folder, beginning with: dlscope datasets cifar10-mini > mine.yaml"
        )
    else:
        return
    raise ManifestError(what, where=name, fix=fix)


def _of_kind(kind: str, path: Path, manifest: Manifest) -> Manifest:
    if manifest.kind != kind:
        raise ManifestError(
            f"a {kind} is wanted here, this is a {manifest.kind}",
            where=str(path),
            fix=f"name a file with kind: {kind}",
        )
    return manifest


def _singular(kind: str) -> str:
    singular = kind if kind in KINDS else kind.removesuffix("s")
    if singular not in KINDS:
        raise ManifestError(
            f"{kind!r} is not a kind of manifest",
            where="dlscope.catalog.finder",
            fix=did_you_mean(kind, KINDS),
        )
    return singular


def _by_name(kind: str, reference: Reference) -> tuple[Path, Manifest]:
    known = list(_all(kind))
    named = [(path, manifest) for path, manifest in known if manifest.name == reference.name]
    if not named:
        raise ManifestError(
            f"there is no {kind} {reference.name!r}",
            where="the catalog",
            fix=_nearest(kind, reference.name, {manifest.name for _, manifest in known}),
        )
    versions = _one_per_version(named)
    best = Constraint.parse(reference.version).best(versions)
    if best is None:
        available = ", ".join(str(version) for version in sorted(versions))
        raise ManifestError(
            f"no version of {kind} {reference.name!r} satisfies {reference.version}",
            where=", ".join(sorted(str(path) for path, _ in named)),
            fix=f"use one of the available versions: {available}",
        )
    return versions[best]


def _nearest(kind: str, name: str, known: set[str]) -> str:
    advice = did_you_mean(name, known)
    is_near = advice.startswith("did")
    if kind in ("model", "dataset") and len(known) > _LONGEST_LIST and not is_near:
        return f"dlscope {kind}s lists all there are"
    return advice


def _one_per_version(
    named: Iterable[tuple[Path, Manifest]],
) -> dict[Version, tuple[Path, Manifest]]:
    versions: dict[Version, tuple[Path, Manifest]] = {}
    for path, manifest in named:
        version = Version.parse(getattr(manifest, "version", "0.0.0"))
        first_path, first = versions.setdefault(version, (path, manifest))
        if first.digest != manifest.digest:
            fix = "publish a new version" if hasattr(manifest, "version") else "rename one of them"
            raise ManifestError(
                f"{manifest.kind} {manifest.identity} is defined twice with different content",
                where=f"{first_path} and {path}",
                fix=fix,
            )
    return versions


def _all(kind: str) -> Iterator[tuple[Path, Manifest]]:
    for path in _files(kind):
        stat = path.stat()
        manifest = _loaded(path, stat.st_size, stat.st_mtime_ns)
        if manifest.kind == kind:
            yield path, manifest


def _files(kind: str) -> Iterator[Path]:
    if kind in _FOLDERS:
        yield from sorted((_BUILT_IN / _FOLDERS[kind]).glob("*.yaml"))
    for text in filter(None, os.environ.get("DLSCOPE_CATALOG", "").split(os.pathsep)):
        folder = Path(text)
        if not folder.is_dir():
            raise ManifestError(
                "a catalog folder does not exist",
                where=f"DLSCOPE_CATALOG, {folder}",
                fix="create it, or take it out of DLSCOPE_CATALOG",
            )
        patterns = ("*.yaml", "*.yml", "*/*.yaml", "*/*.yml")
        yield from sorted(path for pattern in patterns for path in folder.glob(pattern))


@functools.lru_cache(maxsize=1024)
def _loaded(path: Path, size: int, mtime_ns: int) -> Manifest:
    del size, mtime_ns  # they make a changed file a different entry
    return load_manifest(path)


def _anchored(manifest: Manifest, folder: Path) -> Manifest:
    """`manifest` with the relative `file:` sources of its files resolved against `folder`."""
    data = manifest.to_json()
    assets: Iterable[dict[str, Any]] = data.get("assets", {}).values()
    fields = [(data, "source"), *((asset, "source") for asset in assets)]
    fields.append((data.get("hooks") or {}, "module"))
    changed = False
    for holder, field in fields:
        source = holder.get(field)
        if isinstance(source, str) and source.startswith("file:"):
            absolute = f"file:{(folder / source.removeprefix('file:')).resolve()}"
            changed = changed or absolute != source
            holder[field] = absolute
    return type(manifest).model_validate(data) if changed else manifest
