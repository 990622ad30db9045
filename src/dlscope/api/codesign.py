"""Co-design: `validate_codesign`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.methods.codesign.space.space import Space


def validate_codesign() -> Report:
    """The hardware models held against published accelerators; nothing is run or measured."""
    from dlscope.methods.codesign.validation import validation_report

    return validation_report()


def describe_space(space: str) -> Report:
    """What a space of networks is, block by block; `space` is a name or the path of a file."""
    from dlscope.methods.codesign.space.report import space_report

    return space_report(_space(space), command=f"dlscope codesign space show {space}")


def space_size(space: str) -> Report:
    """How many networks a space has, with their bits and with their lanes, exactly."""
    from dlscope.methods.codesign.space.report import size_report

    return size_report(_space(space), command=f"dlscope codesign space size {space}")


def check_space(space: str) -> str:
    """The digest of a space that is sound.

    Raises `ManifestError`, or `Problems` with one for everything that is wrong with it.
    """
    return _space(space).digest


def _space(name: str) -> Space:
    from dlscope.catalog.finder import find
    from dlscope.core.manifest import SpaceManifest
    from dlscope.methods.codesign.space.space import Space

    manifest = find("space", name)
    if not isinstance(manifest, SpaceManifest):
        raise TypeError(f"{name} is no space")
    return Space(manifest)
