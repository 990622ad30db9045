"""`health_warnings`: signs that an adversarial training tells the network nothing, or breaks it.

A discriminator that is always right gives no gradient that helps; a network that collapses shows it
in how sure it is of the target, and in which classes it finds there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch

from dlscope.data.scene_classes import NAMES
from dlscope.training.loop import Figures

ALWAYS_RIGHT, FOR_STEPS = 0.98, 500
JUMP = 0.5
_SHARE = "share of "


def target_figures(logits_bkhw: Any) -> Figures:
    """What the network makes of the target: entropy in nats, and the share of each class."""
    with torch.no_grad():
        probabilities = torch.softmax(logits_bkhw, dim=1)
        entropy = -(probabilities * torch.log(probabilities.clamp_min(1e-12))).sum(dim=1).mean()
        counts = torch.bincount(logits_bkhw.argmax(dim=1).flatten(), minlength=len(NAMES))
    shares = (counts / counts.sum()).tolist()
    named = {f"{_SHARE}{name}": share for name, share in zip(NAMES, shares, strict=True)}
    return {"entropy": float(entropy), **named}


def health_warnings(history: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
    """What is to be said of figures from one checkpoint to the next; each kind is said once."""
    found = (_always_right(history), _entropy_jumped(history), _classes_jumped(history))
    return tuple(said for each in found if (said := next(each, None)) is not None)


def _always_right(history: Iterable[Mapping[str, float]]) -> Iterator[str]:
    since, before = None, 0.0
    for figures in history:
        if "source_accuracy" in figures:
            right = (figures["source_accuracy"] + figures["target_accuracy"]) / 2
            since = (before if since is None else since) if right > ALWAYS_RIGHT else None
            if since is not None and figures["step"] - since >= FOR_STEPS:
                yield (
                    f"the discriminator was right on more than {ALWAYS_RIGHT:.0%} of its map from "
                    f"step {since:.0f} to {figures['step']:.0f}: it teaches nothing, make it "
                    "slower or narrower"
                )
        before = figures["step"]


def _entropy_jumped(history: Iterable[Mapping[str, float]]) -> Iterator[str]:
    for before, after in pairwise(each for each in history if "entropy" in each):
        change = after["entropy"] / before["entropy"] - 1 if before["entropy"] > 0 else 0.0
        if abs(change) > JUMP:
            yield (
                f"the entropy of the target changed by {change:+.0%} up to step "
                f"{after['step']:.0f}: the network may have collapsed, use smaller weights"
            )


def _classes_jumped(history: Iterable[Mapping[str, float]]) -> Iterator[str]:
    for before, after in pairwise(each for each in history if f"{_SHARE}{NAMES[0]}" in each):
        moves = [after[f"{_SHARE}{name}"] - before[f"{_SHARE}{name}"] for name in NAMES]
        moved = sum(map(abs, moves)) / 2
        if moved > JUMP:
            grown = NAMES[max(range(len(NAMES)), key=moves.__getitem__)]
            yield (
                f"{moved:.0%} of the target changed its class up to step {after['step']:.0f}, "
                f"most of it to {grown}: the network may have collapsed, use smaller weights"
            )
