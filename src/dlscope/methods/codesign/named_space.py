"""`named_space`: the space of a name of the catalog, or of a file."""

from __future__ import annotations

from dlscope.catalog.finder import find
from dlscope.core.manifest import SpaceManifest
from dlscope.methods.codesign.space.space import Space


def named_space(name: str) -> Space:
    """The space called `name`, or in the YAML file of that path.

    Raises `ManifestError` where there is none, or `Problems` with all that is wrong with it.
    """
    manifest = find("space", name)
    if not isinstance(manifest, SpaceManifest):
        raise TypeError(f"{name} is no space")
    return Space(manifest)
