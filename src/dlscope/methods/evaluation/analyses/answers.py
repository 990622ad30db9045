"""What a classifier answered to an item, and whether two Runs have the same items right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dlscope.core.run import ItemResult
from dlscope.metrics.classification import ranking


class Paired(NamedTuple):
    """Items of two Runs: how many only the first has right (`lost`), how many only the second."""

    items: int
    lost: int
    won: int


def label_of(item: ItemResult) -> int | None:
    """The right class, None where the item is not labelled with one."""
    label = item.target.get("label") if isinstance(item.target, Mapping) else None
    return label if isinstance(label, int) and not isinstance(label, bool) else None


def answer_of(item: ItemResult) -> int | None:
    """The best class, None for a failed item and for an answer without classes."""
    if item.prediction is None or "classes" not in item.prediction:
        return None
    best = ranking(item)[:1]
    return best[0][0] if best else None


def label_name_of(item: ItemResult) -> str | None:
    """What the right class is called, None where neither the model nor its answer tells."""
    prediction, label = item.prediction or {}, label_of(item)
    listed = (name for index, name, _ in prediction.get("classes") or () if index == label)
    name = prediction.get("label_name") or next(listed, None)
    return str(name) if name and label is not None else None


def p_label_of(item: ItemResult) -> float:
    """The probability given to the right class, 0 where it is not told."""
    if item.prediction is None:
        return 0.0
    told = item.prediction.get("p_label")
    return float(told) if told is not None else dict(ranking(item)).get(label_of(item) or 0, 0.0)


def is_right(item: ItemResult) -> bool:
    """Whether the best class is the right one."""
    answer = answer_of(item)
    return answer is not None and answer == label_of(item)


def paired(
    first: Sequence[ItemResult], second: Sequence[ItemResult]
) -> Iterator[tuple[ItemResult, ItemResult]]:
    """The labelled items that both have, in the order of the first."""
    others = {item.item: item for item in second}
    for item in first:
        if item.item in others and label_of(item) is not None:
            yield item, others[item.item]


def paired_right(first: Sequence[ItemResult], second: Sequence[ItemResult]) -> Paired:
    """Right best answers on the labelled items that both have; a failed item is not right."""
    pairs = [(is_right(a), is_right(b)) for a, b in paired(first, second)]
    lost = sum(a and not b for a, b in pairs)
    return Paired(len(pairs), lost, sum(b and not a for a, b in pairs))
