"""`BoardManifest`: a programmable board, its resources and what one lane of arithmetic takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, field_validator

from dlscope.core.manifest.base import Document, Manifest, refuse


class Resources(Document):
    """What the whole part has; `bram36` are block RAMs of 36 Kibit, `uram` of 288 Kibit."""

    dsp: NonNegativeInt
    lut: NonNegativeInt
    ff: NonNegativeInt
    bram36: NonNegativeInt
    uram: NonNegativeInt = 0


class LaneCost(Document):
    """What one multiply-accumulate a cycle takes at `bits`, of weights and activations alike.

    `dsp_packed` where two narrow products share a DSP, `dsp` where none do; `lut` is what a lane
    takes that has no DSP.
    """

    bits: int = Field(ge=1, le=32)
    dsp_packed: NonNegativeFloat
    dsp: NonNegativeFloat
    lut: PositiveFloat


class BoardManifest(Manifest):
    """A board: totals of its part, bandwidth of its memory, default clock, cost of a lane by bits.

    `usable_share` is how much of each resource a design may take. A width that `lanes` does not
    list costs what the next larger one does.
    """

    kind: Literal["board"] = "board"
    part: str
    resources: Resources
    memory_gb_per_s: PositiveFloat
    clock_mhz: PositiveFloat
    usable_share: float = Field(default=0.9, gt=0, le=1)
    lanes: Annotated[tuple[LaneCost, ...], Field(min_length=1)]

    @field_validator("lanes")
    @classmethod
    def _each_width_once(cls, lanes: tuple[LaneCost, ...]) -> tuple[LaneCost, ...]:
        widths = [lane.bits for lane in lanes]
        for bits in sorted(set(widths)):
            if widths.count(bits) > 1:
                raise refuse(f"lanes of {bits} bits are listed twice", "keep one of them")
        return tuple(sorted(lanes, key=lambda lane: lane.bits))
