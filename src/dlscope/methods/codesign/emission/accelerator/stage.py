"""`Stage`: one function of a streaming accelerator, and everything its template asks.

Letters: H and W height and width of the input, k kernel, s stride. CPF and KPF are the channels of
input and of output in a cycle, PE and SIMD the processing elements and the lanes of each.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, final

from dlscope.devices.layer_shape import LayerShape
from dlscope.methods.codesign.emission.grid import Grid
from dlscope.methods.codesign.emission.integer_network import IntegerLayer

Kind = Literal["conv", "depthwise", "unit", "pool"]


@final
@dataclass(frozen=True, eq=False)
class Stage:
    """A layer, or the average behind one, at `simd` × `lanes_out` lanes.

    `cycles` is what the model of the device says of it, `residual_type` the type of what is added.
    A depthwise stage and a pool take as many channels as they give, so their `simd` is 1.
    """

    place: int
    kind: Kind
    layer: IntegerLayer
    shape: LayerShape
    simd: int
    lanes_out: int
    cycles: int
    residual_type: str = ""

    @cached_property
    def name(self) -> str:
        """The name of the layer; of a pool, that it is the average of it."""
        return f"{self.layer.name}.average" if self.kind == "pool" else self.layer.name

    @property
    def id(self) -> str:
        """The name as C++ takes it; the place keeps it apart from all others."""
        return f"s{self.place}_" + re.sub(r"\W", "_", self.name, flags=re.ASCII)

    @property
    def template(self) -> str:
        """The file that writes it."""
        return f"stage_{self.kind}.j2"

    @property
    def told(self) -> str:
        """What it is, in one line."""
        lanes = {
            "conv": f"CPF {self.simd} x KPF {self.lanes_out}",
            "depthwise": f"{self.lanes_out} channels",
            "unit": f"PE {self.lanes_out} x SIMD {self.simd}",
            "pool": f"{self.lanes_out} channels",
        }[self.kind]
        return f"{self.name}: {self.shape}, {self.layer.precision}; {lanes}, {self.cycles} cycles"

    @property
    def lanes_in(self) -> int:
        """Channels of input that arrive at once."""
        if self.kind in ("depthwise", "pool"):
            return self.lanes_out
        return math.gcd(self.simd, self.channels_in)

    @property
    def channels_in(self) -> int:
        """Channels of its input."""
        return self.shape.channels_in

    @property
    def channels_out(self) -> int:
        """Channels of its output."""
        return self.shape.channels_out

    @property
    def height(self) -> int:
        """Rows of its input."""
        return self.shape.map_in[0]

    @property
    def width(self) -> int:
        """Columns of its input."""
        return self.shape.map_in[1]

    @property
    def height_out(self) -> int:
        """Rows of its output."""
        return self.shape.map_out[0]

    @property
    def width_out(self) -> int:
        """Columns of its output."""
        return self.shape.map_out[1]

    @property
    def kernel(self) -> tuple[int, int]:
        """Rows and columns of its kernel."""
        return self.shape.kernel

    @property
    def stride(self) -> int:
        """Places that its kernel moves."""
        return self.shape.stride

    @property
    def padding(self) -> tuple[int, int]:
        """Zeros on each side, rows and columns."""
        return self.layer.padding

    @property
    def window(self) -> int:
        """Products that one output sums up."""
        return self.shape.fan_in

    @property
    def rows(self) -> int:
        """Rows of the input that it keeps: k + s."""
        return self.kernel[0] + self.stride

    @property
    def lookahead(self) -> int:
        """Places that it may fetch beyond what it needs: what the next place of its map needs.

        (s − 1) · W + s, at the end of a row the padding more; never more than s rows, for which
        there is room.
        """
        step = (self.stride - 1) * self.width + self.stride + self.padding[1]
        return min(step, self.stride * self.width)

    @property
    def first_needed(self) -> int:
        """Places of the input that the first place of the output needs."""
        return self.needed(0, 0)

    def needed(self, row: int, column: int) -> int:
        """Places of the input, in the order they come, that this place of the output needs."""
        bottom = min(row * self.stride + self.kernel[0] - 1 - self.padding[0], self.height - 1)
        right = min(column * self.stride + self.kernel[1] - 1 - self.padding[1], self.width - 1)
        return bottom * self.width + right + 1

    @property
    def trips(self) -> int:
        """Cycles of one place of the output."""
        return self.cycles // (self.height_out * self.width_out)

    @cached_property
    def may_wait(self) -> bool:
        """Whether its trips may be too few to fetch what the next place of the output needs.

        One word of the input comes with each trip.
        """
        words = self.channels_in // self.lanes_in
        fetched = self.first_needed * words
        for row in range(self.height_out):
            for column in range(self.width_out):
                needed = self.needed(row, column)
                if fetched < needed * words:
                    return True
                most = min(needed + self.lookahead, self.height * self.width) * words
                fetched = max(fetched, min(most, fetched + self.trips))
        return False

    @property
    def is_averaged(self) -> bool:
        """Whether what it gives are sums that a pool takes."""
        return self.kind != "pool" and self.layer.average is not None

    @property
    def is_answer(self) -> bool:
        """Whether what it gives are the answers of the network."""
        return self.layer.gives is None

    @property
    def least(self) -> int:
        """The least that it gives."""
        return self.layer.least

    @property
    def most(self) -> int:
        """The most that it gives."""
        return self.layer.most

    @property
    def has_sum_shifts(self) -> bool:
        """Whether its sums are moved before anything is added to them."""
        return bool(self.layer.sum_shifts.any())

    @property
    def sum_type(self) -> str:
        """The type of its sums."""
        if self.kind == "pool" and self.layer.average is not None:
            return signed_type(self.layer.average.bits)
        return signed_type(self.layer.accumulator_bits)

    @property
    def reads_type(self) -> str:
        """The type of what it reads."""
        if self.kind == "pool":
            return signed_type(self.layer.accumulator_bits)
        return grid_type(self.layer.reads)

    @property
    def gives_type(self) -> str:
        """The type of what it gives."""
        if self.layer.gives is None or self.is_averaged:
            return signed_type(self.layer.accumulator_bits)
        return grid_type(self.layer.gives)


def grid_type(grid: Grid) -> str:
    """The C++ type of the whole numbers of `grid`."""
    return f"Numbers<{grid.bits}>::{'Signed' if grid.is_signed else 'Unsigned'}"


def signed_type(bits: int) -> str:
    """The C++ type of signed numbers of so many bits."""
    return f"Numbers<{bits}>::Signed"
