"""`lane_cost`: what one lane takes of a board: ψ(q) DSPs, or λ(q) LUTs where it has none."""

from __future__ import annotations

from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest, LaneCost
from dlscope.devices.precision import Precision


def lane_cost(
    board: BoardManifest, precision: Precision, *, packed: bool = True
) -> dict[str, float]:
    """Resources of one lane, by name: `dsp`, or `lut` where no DSP is needed.

    With `packed`, two narrow products share a DSP where the board can. Bits that the board does
    not list cost what the next larger ones do. Raises `SearchError` beyond the largest.

    >>> from dlscope.core.manifest import BoardManifest
    >>> lanes = [{"bits": 8, "dsp_packed": 0.5, "dsp": 1, "lut": 234}]
    >>> part = {"dsp": 900, "lut": 218_600, "ff": 437_200, "bram36": 545}
    >>> board = BoardManifest(schema_version=1, name="mine", part="XC7Z045", resources=part,
    ...                       memory_gb_per_s=12.8, clock_mhz=200, lanes=lanes)
    >>> lane_cost(board, Precision.of(6)), lane_cost(board, Precision.of(6), packed=False)
    ({'dsp': 0.5}, {'dsp': 1.0})
    """
    found = _listed(board, precision)
    dsp = found.dsp_packed if packed else found.dsp
    return {"dsp": dsp} if dsp else {"lut": found.lut}


def _listed(board: BoardManifest, precision: Precision) -> LaneCost:
    for lane in board.lanes:  # sorted by the manifest, narrowest first
        if lane.bits >= precision.lane_bits:
            return lane
    listing = ", ".join(str(lane.bits) for lane in board.lanes)
    raise SearchError(
        f"a lane of {precision.lane_bits} bits has no cost",
        where=f"board {board.name}, lanes",
        fix=f"search a space whose quant has at most {board.lanes[-1].bits} bits, or add the width "
        f"to the board: it lists {listing}",
    )
