"""Changes to a manifest by dotted path, such as `inputs.image.preprocess.1.resize.method`.

A list entry is addressed by its index or by its name; a step's parameters by the step's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from dlscope.catalog.document import check_model
from dlscope.core.errors import DlscopeError, ManifestError, did_you_mean, raise_all
from dlscope.core.manifest import Manifest, ModelManifest, parse_manifest

M = TypeVar("M", bound=Manifest)


def apply_overrides(manifest: M, overrides: Mapping[str, Any]) -> M:
    """A new manifest: `manifest` with each path in `overrides` set to its value, checked again.

    Raises `ManifestError`, or `Problems`, for unknown paths and for values that do not fit.
    """
    if not overrides:
        return manifest
    data = manifest.to_json()
    problems: list[DlscopeError] = []
    for path, value in overrides.items():
        try:
            _set(data, path.split("."), value, path, manifest.identity)
        except ManifestError as error:
            problems.append(error)
    raise_all(problems)

    def locate(path: tuple[int | str, ...]) -> str:
        return f"overrides of {manifest.identity}, {'.'.join(map(str, path))}"

    changed = parse_manifest(type(manifest), data, locate)
    if isinstance(changed, ModelManifest):
        raise_all(check_model(changed, locate))
    return changed


def _set(node: Any, parts: Sequence[str], value: Any, path: str, identity: str) -> None:
    """Walk `parts` down from `node` and set what they name to `value`."""
    while True:
        key, rest = _step_into(node, parts, path, identity)
        if not rest:
            node[key] = value
            return
        node, parts = node[key], rest


def _step_into(
    node: Any, parts: Sequence[str], path: str, identity: str
) -> tuple[Any, Sequence[str]]:
    """The key in `node` that the first of `parts` name, and the parts left."""
    for count in range(len(parts), 0, -1):
        # The longest first: the names of tensors and roles may themselves hold dots.
        key = _key(node, ".".join(parts[:count]))
        if key is not None:
            return key, _inside(node, key, parts[:count], parts[count:])
    if isinstance(node, dict) and len(parts) == 1:
        return parts[0], ()
    walked = path.split(".")[: len(path.split(".")) - len(parts)]
    raise ManifestError(
        f"{parts[0]!r} is not part of {'.'.join(walked) or 'the manifest'}",
        where=f"overrides of {identity}, {path}",
        fix=did_you_mean(parts[0], _choices(node)),
    )


def _key(node: Any, word: str) -> Any:
    if isinstance(node, dict):
        if word in node:
            return word
        return "parameters" if _is_step(node) and node["name"] == word else None
    if isinstance(node, list):
        if word.isdigit():
            return int(word) if int(word) < len(node) else None
        names = [_name(entry) for entry in node]
        return names.index(word) if word in names else None
    return None


def _inside(node: Any, key: Any, used: Sequence[str], rest: Sequence[str]) -> Sequence[str]:
    """The parts left; naming a step, rather than its index, already names its parameters."""
    by_name = isinstance(node, list) and not ".".join(used).isdigit()
    if by_name and rest and _is_step(node[key]) and rest[0] not in ("name", "parameters"):
        return ("parameters", *rest)
    return rest


def _is_step(entry: Any) -> bool:
    return isinstance(entry, dict) and set(entry) == {"name", "parameters"}


def _name(entry: Any) -> Any:
    return entry.get("name") if isinstance(entry, dict) else None


def _choices(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [node["name"], *node] if _is_step(node) else list(node)
    if isinstance(node, list):
        return [_name(entry) or str(index) for index, entry in enumerate(node)]
    return []
