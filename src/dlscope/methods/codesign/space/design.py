"""`Design`: one network of a space with its bits: an operation and a precision for each block.

`DesignSpace` is what designs can be drawn from: a `Space`, or anything else with blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, final

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.core.manifest.space import Scope
from dlscope.devices.base import Choice
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.space.space import Block, Space


class DesignSpace(Protocol):
    """Blocks that may each be one of several operations, at one of several precisions."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def digest(self) -> str:
        """The same for the same space."""

    @property
    def blocks(self) -> Sequence[Block]:
        """The places where something is chosen."""

    @property
    def precisions(self) -> Sequence[Precision]:
        """What each place may have."""

    @property
    def precision_scope(self) -> Scope:
        """Whether every operation, every block or the whole network has a precision."""


@final
@dataclass(frozen=True, order=True)
class Design:
    """Indices of an operation and of a precision for each block of the space with that digest.

    Where a space has one precision for the network, all are the same.
    """

    space_digest: str
    operations: tuple[int, ...]
    precisions: tuple[int, ...]

    @classmethod
    def of(
        cls, space: DesignSpace, operations: tuple[int, ...], precisions: tuple[int, ...]
    ) -> Self:
        """The design with these indices. Raises `SearchError` where `space` has none such."""
        design = cls(space.digest, tuple(map(int, operations)), tuple(map(int, precisions)))
        design.require_in(space)
        return design

    @classmethod
    def random(cls, space: DesignSpace, rng: np.random.Generator) -> Self:
        """Any design of `space`, each as likely as any other."""
        operations = tuple(int(rng.integers(len(block.operations))) for block in space.blocks)
        bits = rng.integers(len(space.precisions), size=len(space.blocks))
        if space.precision_scope == "network":
            bits[:] = bits[0]
        return cls(space.digest, operations, tuple(map(int, bits)))

    def mutated(self, space: DesignSpace, rng: np.random.Generator, blocks: int = 1) -> Design:
        """A neighbour: in so many different blocks the operation or the precision is another.

        The design itself where the space has no other.
        """
        changeable = _changeable(space)
        count = min(blocks, len(changeable))
        chosen = rng.choice(len(changeable), size=count, replace=False)
        operations, precisions = list(self.operations), list(self.precisions)
        for place in (changeable[int(index)] for index in chosen):
            count_m, count_q = len(space.blocks[place].operations), len(space.precisions)
            if count_q == 1 or (count_m > 1 and rng.random() < 1 / 2):
                operations[place] = _other(operations[place], count_m, rng)
                continue
            bits = _other(precisions[place], count_q, rng)
            if space.precision_scope == "network":
                precisions = [bits] * len(precisions)
            precisions[place] = bits
        return Design(self.space_digest, tuple(operations), tuple(precisions))

    def require_in(self, space: DesignSpace) -> None:
        """Raise `SearchError` unless this is a design of `space`."""
        if self.space_digest != space.digest:
            raise SearchError(
                f"the design is of another space, {self.space_digest[:12]}",
                where=f"space {space.name}, {space.digest[:12]}",
                fix="use the space that it was searched in",
            )
        counts = [len(block.operations) for block in space.blocks]
        lengths = (len(self.operations), len(self.precisions))
        is_sound = lengths == (len(counts), len(counts)) and all(
            0 <= m < count and 0 <= q < len(space.precisions)
            for m, q, count in zip(self.operations, self.precisions, counts, strict=True)
        )
        has_one = space.precision_scope != "network" or len(set(self.precisions)) == 1
        if not is_sound or not has_one:
            raise SearchError(
                f"operations {self.operations} at bits {self.precisions} are no design",
                where=f"space {space.name}, {len(counts)} blocks",
                fix="give each block an operation and a precision that it has"
                if not is_sound
                else "give all blocks the same precision, as quant_scope: network asks",
            )

    def layers(self, space: Space) -> tuple[tuple[LayerShape, Precision], ...]:
        """Every layer from stem to head, with its bits."""
        ends = space.ends_precision(self.precisions[0])
        blocks = [
            (layer, space.precisions[q])
            for block, m, q in zip(space.blocks, self.operations, self.precisions, strict=True)
            for layer in block.layers(m)
        ]
        stem = [(layer, ends) for layer in space.stem_layers]
        head = [(layer, ends) for layer in space.head_layers]
        return (*stem, *blocks, *head)

    def choices(self, space: Space) -> tuple[Choice, ...]:
        """Every layer as what a device costs; those of one kind share an engine where it does."""
        return tuple(Choice(layer, bits, engine=layer.kind) for layer, bits in self.layers(space))

    def told(self, space: DesignSpace) -> str:
        """The blocks in words.

        `mbconv_k3_e4 at 8 bit, skip at 4 bit` for a space of two blocks.
        """
        return ", ".join(
            f"{block.operations[m].name} at {space.precisions[q]}"
            for block, m, q in zip(space.blocks, self.operations, self.precisions, strict=True)
        )

    def to_json(self) -> dict[str, Any]:
        """The design as plain data."""
        return {
            "space": self.space_digest,
            "operations": list(self.operations),
            "precisions": list(self.precisions),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The design that `to_json` wrote."""
        return cls(data["space"], tuple(data["operations"]), tuple(data["precisions"]))


def _changeable(space: DesignSpace) -> list[int]:
    """Places of the blocks that could be something else."""
    if len(space.precisions) > 1:
        return list(range(len(space.blocks)))
    return [block.place for block in space.blocks if len(block.operations) > 1]


def _other(index: int, count: int, rng: np.random.Generator) -> int:
    """Any index below `count` but the one given."""
    return int((index + 1 + rng.integers(count - 1)) % count)
