"""Versions and constraints: SemVer 2.0 precedence, with the four-part numbers frameworks use.

constraint  = alternative *( "||" alternative )
alternative = comparison *( "," comparison )
comparison  = [ "=" "==" "!=" ">" ">=" "<" "<=" "~" "^" ] ( version | series ) | "*"
series      = number [ "." number ] "." ( "x" | "X" | "*" )
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(
    r"(?P<release>\d+(?:\.\d+)*)"
    r"(?:\.?(?P<label>a|b|rc)(?P<number>\d+))?(?:\.post(?P<post>\d+))?(?:\.dev(?P<dev>\d+))?"
    rf"(?:-(?P<pre>{_IDENTIFIERS}))?(?:\+(?P<build>{_IDENTIFIERS}))?",
    re.ASCII,
)
_SERIES = re.compile(r"(?P<fixed>\d+(?:\.\d+)?)(?:\.[xX*])+", re.ASCII)
_COMPARISON = re.compile(r"(?P<operator>==|!=|>=|<=|[=><~^])?\s*(?P<version>[^\s=<>!~^]+)")


@dataclass(frozen=True)
class Version:
    """`release` numbers (at least three), `post` number (−1 is none), pre-release, build.

    Order ignores the build, identity keeps it.
    """

    release: tuple[int, ...]
    post: int = -1
    pre: tuple[str, ...] = ()
    build: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read SemVer, or what Python distributions use: `2.0.0rc1` is read as `2.0.0-rc.1`.

        Missing numbers count as 0. Raises ValueError for anything else.
        """
        match = _VERSION.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a version")
        release = tuple(int(number) for number in match["release"].split("."))
        release += (0,) * (3 - len(release))
        return cls(release, int(match["post"] or -1), _pre_release(match), match["build"] or "")

    def __str__(self) -> str:
        text = ".".join(map(str, self.release))
        text += f".post{self.post}" if self.post >= 0 else ""
        text += f"-{'.'.join(self.pre)}" if self.pre else ""
        return text + (f"+{self.build}" if self.build else "")

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def __le__(self, other: Version) -> bool:
        return self._key() <= other._key()

    def __gt__(self, other: Version) -> bool:
        return self._key() > other._key()

    def __ge__(self, other: Version) -> bool:
        return self._key() >= other._key()

    def same_precedence(self, other: Version) -> bool:
        """Whether neither comes before the other; the build does not count."""
        return self._key() == other._key()

    def _key(self) -> tuple[Any, ...]:
        release = self.release
        while len(release) > 3 and release[-1] == 0:
            release = release[:-1]
        pre = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in self.pre)
        return (release, self.post, not self.pre, pre)


@dataclass(frozen=True)
class Constraint:
    """Which versions are accepted; `str` gives it back as written."""

    text: str
    alternatives: tuple[tuple[tuple[str, Version], ...], ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a constraint. Raises ValueError saying what is wrong with it."""
        return cls(text, tuple(_alternative(part, text) for part in text.split("||")))

    def __str__(self) -> str:
        return self.text

    def allows(self, version: Version) -> bool:
        """Whether `version` satisfies this; pre-releases only where one is named."""
        return any(
            all(_holds(operator, version, bound) for operator, bound in alternative)
            and (not version.pre or _names_prerelease_of(alternative, version))
            for alternative in self.alternatives
        )

    def best(self, versions: Iterable[Version]) -> Version | None:
        """The highest of `versions` that this allows, None when none does."""
        return max((version for version in versions if self.allows(version)), default=None)


def _pre_release(match: re.Match[str]) -> tuple[str, ...]:
    python = (match["label"], match["number"]) if match["label"] else ()
    development = ("dev", match["dev"]) if match["dev"] else ()
    semver = tuple(match["pre"].split(".")) if match["pre"] else ()
    return (*python, *development, *semver)


def _alternative(text: str, whole: str) -> tuple[tuple[str, Version], ...]:
    bounds: list[tuple[str, Version]] = []
    for part in text.split(","):
        bounds.extend(_comparison(part.strip(), whole))
    return tuple(bounds)


def _comparison(part: str, whole: str) -> list[tuple[str, Version]]:
    if part == "*":
        return []
    match = _COMPARISON.fullmatch(part)
    if match is None:
        raise ValueError(f"{part or whole!r} is not a version constraint")
    series = _SERIES.fullmatch(match["version"])
    if series is not None:
        return _within_series(match["operator"] or "=", series["fixed"], part)
    version = Version.parse(match["version"])
    numbers = match["version"].partition("-")[0].partition("+")[0].count(".") + 1
    operator = match["operator"] or _implied_operator(numbers)
    if operator == "^":
        return [(">=", version), ("<", _raise_first_nonzero(version))]
    if operator == "~":
        return [(">=", version), ("<", _raised(version, 1))]
    return [("=" if operator == "==" else operator, version)]


def _within_series(operator: str, fixed: str, part: str) -> list[tuple[str, Version]]:
    """`1.10.x` is every 1.10, `1.x` every 1; above one, at most one, and so on."""
    first = Version.parse(fixed)
    after = _raised(first, fixed.count("."))
    if operator in ("=", "==", "~", "^"):
        return [(">=", first), ("<", after)]
    bounds = {">=": (">=", first), ">": (">=", after), "<": ("<", first), "<=": ("<", after)}
    if operator not in bounds:
        raise ValueError(f"{part!r}: a series of versions cannot be left out")
    return [bounds[operator]]


def _implied_operator(numbers: int) -> str:
    return {1: "^", 2: "~"}.get(numbers, "=")


def _raise_first_nonzero(version: Version) -> Version:
    first_three = version.release[:3]
    index = next((i for i, number in enumerate(first_three) if number), 2)
    return _raised(version, index)


def _raised(version: Version, index: int) -> Version:
    release = version.release[:index] + (version.release[index] + 1,) + (0,) * (2 - index)
    return Version(release)


def _holds(operator: str, version: Version, bound: Version) -> bool:
    if operator == "=":
        return version.same_precedence(bound)
    if operator == "!=":
        return not version.same_precedence(bound)
    if operator in ("<", "<="):
        return version <= bound if operator == "<=" else version < bound
    return version >= bound if operator == ">=" else version > bound


def _names_prerelease_of(alternative: tuple[tuple[str, Version], ...], version: Version) -> bool:
    return any(bound.pre and bound.release[:3] == version.release[:3] for _, bound in alternative)
