"""Classes that nothing was ever drawn to, since too few features of the source were stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from dlscope.data.scene_classes import NAMES
from dlscope.methods.adaptation.feature_memory import FeatureMemory

Unmatched: TypeAlias = Mapping[str, int]
"""How many vectors are stored of each class that was never matched."""


def unmatched_of(memory: FeatureMemory) -> dict[str, int]:
    """The classes of which the memory has too few vectors, in the order of the classes."""
    return {
        name: int(memory.stored[class_id])
        for class_id, name in enumerate(NAMES)
        if not memory.is_active(class_id)
    }


def told_of_training(unmatched: Unmatched) -> tuple[str, ...]:
    """One sentence of one training; none where every class was matched."""
    if not unmatched:
        return ()
    first, *others = _by_number(unmatched, reverse=False)
    told = [f"{first[0]} stored vectors of {first[1]}", *(f"{n} of {names}" for n, names in others)]
    return (f"not matched, for want of features: {'; '.join(told)}",)


def told_of_trainings(results: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """One sentence of all trainings of an ablation, by how many of them each class lacks in."""
    lacking = [each for each in results if each.get("unmatched")]
    if not lacking:
        return ()
    rows = dict.fromkeys(str(each["row"]) for each in lacking)
    times = Counter(name for each in lacking for name in each["unmatched"])
    told = "; ".join(
        f"in {'all' if number == len(lacking) else number}: {names}"
        for number, names in _by_number(times, reverse=True)
    )
    return (
        f"{len(lacking)} trainings, of {', '.join(rows)}: classes not matched, for want of "
        f"features, which are stored of pixels that are predicted right. {told}",
    )


def _by_number(numbers: Mapping[str, int], *, reverse: bool) -> list[tuple[int, str]]:
    """Each number once, with all names that have it."""
    return [
        (number, ", ".join(name for name, own in numbers.items() if own == number))
        for number in sorted(set(numbers.values()), reverse=reverse)
    ]
