"""Manifests as YAML text: read with every problem told at its line, and written back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from dlscope.catalog.yaml_tree import MAX_BYTES, Dumper, YamlTree
from dlscope.core.errors import DlscopeError, ManifestError, did_you_mean, raise_all
from dlscope.core.manifest import (
    KINDS,
    Manifest,
    ModelManifest,
    ScenarioManifest,
    Source,
    SpaceManifest,
    parse_manifest,
)
from dlscope.core.manifest.base import Locate
from dlscope.core.manifest.space import check_space


def load_manifest(path: Path) -> Manifest:
    """The manifest in the YAML file at `path`.

    Raises `ManifestError`, or `Problems` with one for everything that is wrong with it.
    """
    return parse_text(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of a manifest file. Raises `ManifestError` when it is none."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ManifestError(
            f"the manifest cannot be read: {error.strerror}",
            where=str(path),
            fix="name an existing YAML file that you may read",
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ManifestError(
            "the manifest is not UTF-8 text", where=str(path), fix="save it as UTF-8"
        ) from None


def parse_text(text: str, where: str) -> Manifest:
    """The manifest in the YAML document `text`; `where` names its origin in messages.

    Raises `ManifestError`, or `Problems` with one for everything that is wrong with it.
    """
    tree = YamlTree(text, where)
    manifest = parse_manifest(_kind(tree), tree.data, tree.locate)
    if isinstance(manifest, ModelManifest):
        raise_all(check_model(manifest, tree.locate))
    if isinstance(manifest, SpaceManifest):
        raise_all(check_space(manifest, tree.locate))
    return manifest


def locator(path: Path) -> Locate:
    """From a path inside the YAML file at `path` to its line, as messages name it."""
    return YamlTree(path.read_text(encoding="utf-8-sig"), str(path)).locate


def dump_manifest(manifest: Manifest) -> str:
    """`manifest` as YAML without its defaults; `parse_text` gives an equal manifest back."""
    data = manifest.model_dump(mode="json", exclude_defaults=True)
    if isinstance(manifest, ScenarioManifest):
        # Its type has defaults of its own, in whose place the manifest's would be read back.
        data |= manifest.model_dump(mode="json", include=set(manifest.rule.defaults))
    document = {"kind": manifest.kind, **data}
    for field, steps in (("inputs", "preprocess"), ("outputs", "postprocess")):
        for tensor in document.get(field, ()):
            if steps in tensor:
                tensor[steps] = [_short_step(step) for step in tensor[steps]]
    return yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)


def check_model(model: ModelManifest, locate: Locate) -> Sequence[DlscopeError]:
    """What is wrong between the parts of `model`, each of which is well-formed by itself."""
    problems: list[DlscopeError] = []
    if not any(role == "weights" or role.startswith("graph") for role in model.assets):
        problems.append(
            ManifestError(
                "a model needs the asset 'graph' or 'weights'",
                where=locate(("assets",)),
                fix="add graph: {source: …, sha256: …}",
            )
        )
    for role, asset in model.assets.items():
        is_generated = Source.parse(asset.source).scheme == "generated"
        if asset.sha256 is None and asset.md5 is None and not is_generated:
            problems.append(
                ManifestError(
                    f"asset {role!r} has no sha256",
                    where=locate(("assets", role)),
                    fix="add sha256: and what sha256sum prints for the file",
                )
            )
    for index, output in enumerate(model.outputs):
        if output.labels is not None and output.labels not in model.assets:
            problems.append(
                ManifestError(
                    f"{output.labels!r} is not an asset of this model",
                    where=locate(("outputs", index, "labels")),
                    fix=did_you_mean(output.labels, model.assets),
                )
            )
    return problems


def _kind(tree: YamlTree) -> type[Manifest]:
    kind = tree.data.get("kind")
    if kind is None:
        raise ManifestError(
            "field 'kind' is missing",
            where=tree.locate(()),
            fix=f"add kind: with one of {', '.join(sorted(KINDS))}",
        )
    if not isinstance(kind, str) or kind not in KINDS:
        raise ManifestError(
            f"{kind!r} is not a kind of manifest",
            where=tree.locate(("kind",)),
            fix=did_you_mean(str(kind), KINDS),
        )
    return KINDS[kind]


def _short_step(step: dict[str, Any]) -> Any:
    parameters = step.get("parameters")
    return {step["name"]: parameters} if parameters else step["name"]
