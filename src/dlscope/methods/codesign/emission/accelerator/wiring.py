"""How stages are wired: a stream for each tensor, forked for residuals, its words resized.

Words have as many lanes as who gives them; whoever takes another number gets them resized. What
waits for a residual sum needs room for all that the stages between may fetch before that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from dlscope.methods.codesign.emission.accelerator.stage import Stage

IMAGE, ANSWERS = "image", "answers"
_MARGIN = 2  # words that a producer may be ahead


@final
@dataclass(frozen=True)
class Wire:
    """A stream: its words, and room for `depth` of them where that is not a matter of course."""

    name: str
    type: str
    lanes: int
    depth: int = 0


@final
class Wiring:
    """The streams between `stages` and the calls that they carry data to, in order."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.wires: list[Wire] = []
        self.calls: list[str] = []
        self._stages = stages
        self._sides: dict[int, str] = {}
        given = Wire(IMAGE, stages[0].reads_type, stages[0].lanes_in)
        for stage in stages:
            given = self._connected(stage, given)

    def _connected(self, stage: Stage, given: Wire) -> Wire:
        """Call `stage` on what is `given`; what it gives, forked where it is added later on."""
        taken = self._resized(stage, given, stage.lanes_in)
        arguments = [taken.name]
        if stage.place in self._sides:
            arguments.append(self._sides[stage.place])
        if stage.is_answer:
            result = Wire(ANSWERS, stage.gives_type, stage.lanes_out)
        else:
            result = self._wire(f"{stage.id}_out", stage.gives_type, stage.lanes_out)
        self.calls.append(f"{stage.id}({', '.join([*arguments, result.name])})")
        for target in self._targets(stage):
            result = self._forked(stage, result, target)
        return result

    def _targets(self, stage: Stage) -> list[Stage]:
        """Stages that add what `stage` gives."""
        layers = {id(each.layer): place for place, each in enumerate(_weighted(self._stages))}
        place = layers[id(stage.layer)]
        return [
            each
            for each in _weighted(self._stages)
            if each.layer.source == place and not stage.is_averaged
        ]

    def _forked(self, stage: Stage, given: Wire, target: Stage) -> Wire:
        """The stream for the next stage; the other waits for `target`."""
        count = target.channels_out * target.height_out * target.width_out
        main = self._wire(f"{given.name}_on", given.type, given.lanes)
        side = self._wire(f"{given.name}_to_{target.place}", given.type, given.lanes)
        self.calls.append(f"forked<{count}, {given.lanes}>({given.name}, {main.name}, {side.name})")
        words = waiting_places(self._stages[stage.place + 1 : target.place + 1])
        depth = words * target.channels_out // target.lanes_out + _MARGIN
        waiting = self._converted(side, target.lanes_out, count)
        self.wires = [
            Wire(each.name, each.type, each.lanes, depth) if each == waiting else each
            for each in self.wires
        ]
        self._sides[target.place] = waiting.name
        return main

    def _resized(self, stage: Stage, given: Wire, lanes: int) -> Wire:
        return self._converted(given, lanes, stage.channels_in * stage.height * stage.width)

    def _converted(self, given: Wire, lanes: int, count: int) -> Wire:
        """`count` values in words of `lanes`, over the largest word that divides both."""
        for step in (math.gcd(given.lanes, lanes), lanes):
            if step != given.lanes:
                result = self._wire(f"{given.name}_by_{step}", given.type, step)
                self.calls.append(
                    f"resized<{count}, {given.lanes}, {step}>({given.name}, {result.name})"
                )
                given = result
        return given

    def _wire(self, name: str, kind: str, lanes: int) -> Wire:
        wire = Wire(name, kind, lanes)
        self.wires.append(wire)
        return wire


def waiting_places(chain: Sequence[Stage]) -> int:
    """Most places of a map that are fetched by `chain` before its last stage adds the first.

    Each stage may fetch as far as its lookahead; what is added at a place has left by then.
    """
    last = chain[-1]
    fetched = np.arange(last.height_out * last.width_out)
    for stage in reversed(chain):
        rows, columns = np.divmod(fetched, stage.width_out)
        needed = [
            stage.needed(*place) for place in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
        reach = np.minimum(np.array(needed) + stage.lookahead, stage.height * stage.width)
        fetched = reach - 1
    return int((fetched + 1 - np.arange(len(fetched))).max())


def _weighted(stages: Sequence[Stage]) -> list[Stage]:
    return [stage for stage in stages if stage.kind != "pool"]
