"""`model_benches`: everything that has to be measured before a model can be bounded.

Each layer is a brick of its own, and so is each group of layers that one kernel could compute, of
the graph as it was written. Bricks do not know their models: those of several models that are equal
are measured once (Benanza, section III-A).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, final

from dlscope.core.errors import BoundError
from dlscope.graph.brick import Brick
from dlscope.graph.ir import Graph, Tensor
from dlscope.graph.segment import Segment
from dlscope.methods.bounds.costing import is_view
from dlscope.methods.bounds.fusion_patterns import LONGEST_CHAIN, Fusible, fusible_groups
from dlscope.methods.bounds.implementation import declared_dtype, is_free
from dlscope.methods.bounds.reorders import LAYOUTS, reorder_brick


class Reordering(NamedTuple):
    """A tensor of this shape and type, taken in one layout and given in another."""

    shape: tuple[int, ...]
    dtype: str
    layout_in: str
    layout_out: str


@final
@dataclass(frozen=True, eq=False)
class ModelBenches:
    """A model's graph, and the brick of each layer by its id, of each group, and of the whole.

    `path` is the file of the graph with its weights. `reorders` are the changes of layout of its
    activations: None where nothing moves, left out where there is no such layout. `asked` is the
    name or the file by which the model was asked for.
    """

    name: str
    graph: Graph
    path: Path
    layers: Mapping[int, Brick]
    groups: tuple[tuple[Fusible, Brick], ...]
    reorders: Mapping[Reordering, Brick | None]
    asked: str = ""

    @cached_property
    def whole(self) -> Brick:
        """The model as one brick: what end-to-end results belong to."""
        return Brick.of(Segment(self.graph, self.graph.layers))

    @property
    def batch(self) -> int:
        """Inputs at once."""
        return self.graph.batch

    @property
    def timed(self) -> tuple[Brick, ...]:
        """The bricks of layers and groups that cost something, each once."""
        found = (*self.layers.values(), *(brick for _, brick in self.groups))
        return tuple({each.id: each for each in found if not is_free(each)}.values())

    @property
    def moved(self) -> tuple[Brick, ...]:
        """The bricks of changes of layout, each once."""
        return tuple({each.id: each for each in self.reorders.values() if each}.values())


def model_benches(
    name: str,
    graph: Graph,
    path: Path,
    *,
    block: int | None = None,
    longest_chain: int = LONGEST_CHAIN,
) -> ModelBenches:
    """The bricks of `graph`; changes of layout only where the size of a `block` is known.

    `block` is how many channels lie together in ONNX Runtime's blocked layout.
    """
    groups = fusible_groups(graph, longest_chain=longest_chain)
    return ModelBenches(
        name,
        graph,
        path,
        {layer.id: Brick.of(Segment(graph, (layer,))) for layer in graph.layers},
        tuple((group, Brick.of(Segment(graph, group.layers))) for group in groups),
        {} if block is None else _reorders(graph, block),
    )


def unique_bricks(models: Iterable[ModelBenches], *, reorders: bool = False) -> tuple[Brick, ...]:
    """The bricks of several models, each once: layers and groups, or changes of layout."""
    found: dict[str, Brick] = {}
    for model in models:
        for brick in model.moved if reorders else model.timed:
            known = found.get(brick.id)
            found[brick.id] = brick if known is None else known.with_sizes_of(brick)
    return tuple(found.values())


def declared_dtypes(bricks: Iterable[Brick]) -> tuple[str, ...]:
    """The types that bricks are written in, sorted."""
    return tuple(sorted({declared_dtype(brick) for brick in bricks}))


def reordering_of(tensor: Tensor, layout_in: str, layout_out: str) -> Reordering:
    """The change of layout of a tensor of a graph."""
    return Reordering(tensor.shape, tensor.dtype, layout_in, layout_out)


def _reorders(graph: Graph, block: int) -> Mapping[Reordering, Brick | None]:
    """All changes of layout of all activations between layers that compute something."""
    found: dict[Reordering, Brick | None] = {}
    for tensor in graph.tensors.values():
        if tensor.kind == "const" or tensor.dtype != "float32":
            continue
        for before in LAYOUTS:
            for after in LAYOUTS:
                wanted = reordering_of(tensor, before, after)
                if before != after and wanted not in found:
                    _add_reorder(found, wanted, block)
    return found


def _add_reorder(found: dict[Reordering, Brick | None], wanted: Reordering, block: int) -> None:
    shape, dtype, before, after = wanted
    try:
        found[wanted] = reorder_brick(shape, before, after, block=block, dtype=dtype)
    except BoundError:
        return  # there is no such layout of this tensor


def costs_nothing(model: ModelBenches, layer_id: int) -> bool:
    """Whether nothing is computed and nothing moved by that layer."""
    return is_free(model.layers[layer_id]) or is_view(model.graph.layers[layer_id])
