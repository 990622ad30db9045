"""`StackRequest`: a framework, versions of it, a Python, and what else must be beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self, final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from dlscope.core.errors import StackError
from dlscope.core.version import Constraint

_NEXT_NAME = re.compile(r",(?=\s*[A-Za-z])")


@final
@dataclass(frozen=True)
class StackRequest:
    """What a stack shall hold; `versions` and `python` are PEP 440, `pins` whole requirements."""

    framework: str
    versions: str = ""
    python: str = ""
    pins: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `onnxruntime==1.18.0,python==3.10,numpy<2`: a framework first, then the rest.

        `python==3.10` is any 3.10. Raises `StackError` saying what cannot be read.
        """
        framework, *others = (_requirement(part, text) for part in _NEXT_NAME.split(text))
        pythons = [_release(each.specifier) for each in others if each.name == "python"]
        pins = sorted(str(each) for each in others if each.name != "python")
        return cls(framework.name, str(framework.specifier), ",".join(pythons), tuple(pins))

    @classmethod
    def of(cls, framework: str, constraint: str) -> Self:
        """The stack of a reference such as `onnxruntime@^1.17`.

        Raises `StackError` for alternatives, of which a stack can only have one.
        """
        alternatives = Constraint.parse(constraint).alternatives
        if len(alternatives) > 1:
            raise StackError(
                f"{constraint!r} leaves a choice that an installer cannot be given",
                where=f"stack {framework}",
                fix="ask for one range, or for an exact version",
            )
        written = {"=": "=="}
        bounds = [f"{written.get(each, each)}{_pep440(str(v))}" for each, v in alternatives[0]]
        return cls(framework, str(SpecifierSet(",".join(bounds))))

    @property
    def version(self) -> str | None:
        """The exact version asked for, None for a range."""
        bounds = list(SpecifierSet(self.versions))
        exact = len(bounds) == 1 and bounds[0].operator == "==" and "*" not in bounds[0].version
        return bounds[0].version if exact else None

    def __str__(self) -> str:
        python = f"python{self.python}" if self.python else ""
        return ",".join(filter(None, (self.framework + self.versions, python, *self.pins)))


def _requirement(text: str, whole: str) -> Requirement:
    try:
        return Requirement(text.strip())
    except InvalidRequirement as error:
        raise StackError(
            f"{text.strip()!r} is not a framework and its version",
            where=f"stack {whole}",
            fix="write it as onnxruntime==1.18.0,python==3.10",
        ) from error


def _release(specifier: SpecifierSet) -> str:
    """`==3.10` as `==3.10.*`: nobody means a Python without its last number."""
    return ",".join(
        f"{each}.*" if each.operator == "==" and each.version.count(".") == 1 else str(each)
        for each in sorted(specifier, key=str)
    )


def _pep440(version: str) -> str:
    """`2.0.0-rc.1` as `2.0.0rc1`."""
    return re.sub(r"-(a|b|rc)\.", r"\1", version).replace("-dev.", ".dev")
