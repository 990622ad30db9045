"""`Source`: the files of an accelerator, and what its test bench must count."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Self, final

import jinja2

_PACKAGE, _TEMPLATES = "dlscope.methods.codesign.emission.accelerator", "templates"
PLAIN = ("numbers.h", "streams.h", "instruments.h")
"""Files that are the same for every design."""


@final
@dataclass(frozen=True)
class ModelledStage:
    """A stage by name, and the cycles that the model of its device says it multiplies for."""

    name: str
    cycles: int


@final
@dataclass(frozen=True)
class Source:
    """Files by name, the stages in the order the test bench counts them, and its bits of integers.

    `tiling` says how loops are tiled.
    """

    tiling: str
    files: Mapping[str, str]
    stages: tuple[ModelledStage, ...]
    golden_bits: int

    @classmethod
    def of(
        cls,
        body: str,
        context: Mapping[str, Any],
        arrays: Sequence[Any],
        stages: Iterable[ModelledStage],
        *,
        tiling: str,
    ) -> Self:
        """What the templates give with `context`, that of the accelerator being `body`."""
        return cls(
            tiling=tiling,
            files={
                **plain_files(),
                "weights.h": rendered("weights.h", {"title": context["title"], "arrays": arrays}),
                "accelerator.h": rendered("accelerator.h", context),
                "accelerator.cpp": rendered(body, context),
                "testbench.cpp": rendered("testbench.cpp", context),
            },
            stages=tuple(stages),
            golden_bits=context["golden_bits"],
        )

    @property
    def interval_cycles(self) -> int:
        """Cycles between results: of the slowest stage, of all layers where they share engines."""
        together = sum if self.tiling == "recursive" else max
        return together(stage.cycles for stage in self.stages)


def rendered(name: str, context: Mapping[str, Any]) -> str:
    """The template `name` with `context`."""
    template = _environment().get_template(f"{name}.j2")
    return template.render(context, version=version("dlscope"))


def plain_files() -> dict[str, str]:
    """The files that are the same for every design."""
    folder = files(_PACKAGE) / _TEMPLATES
    return {name: (folder / name).read_text(encoding="utf-8") for name in PLAIN}


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader(_PACKAGE, _TEMPLATES),
        autoescape=False,  # C++ is no HTML
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
