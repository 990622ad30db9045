"""`Variant`: a model whose declaration was changed on purpose, told by its manifest itself.

The Run of a variant stays recognisable in the store: it is evidence about the declaration, never a
result of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from dlscope.core.manifest import ModelManifest
from dlscope.core.run import Run

_PREFIX = "variant_"


@dataclass(frozen=True)
class Variant:
    """What of a declaration was changed: its `topic`, what it `declares`, what was tried instead.

    `cure` is the change to the manifest that would make the other reading the declared one.
    """

    topic: str
    declares: str
    tried: str
    cure: str

    def marked(self, model: ModelManifest) -> ModelManifest:
        """`model` with this variant among its attributes."""
        told = {f"{_PREFIX}{name}": value for name, value in vars(self).items()}
        return model.model_copy(update={"attributes": {**model.attributes, **told}})

    @classmethod
    def of(cls, run: Run) -> Self | None:
        """The variant that `run` measured, None for the model as it is declared."""
        attributes: Mapping[str, object] = run.plan.model.attributes
        fields = ("topic", "declares", "tried", "cure")
        if f"{_PREFIX}topic" not in attributes:
            return None
        return cls(*(str(attributes[f"{_PREFIX}{name}"]) for name in fields))


def as_declared(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Those of `runs` that measured a model as it is declared."""
    return tuple(run for run in runs if Variant.of(run) is None)
