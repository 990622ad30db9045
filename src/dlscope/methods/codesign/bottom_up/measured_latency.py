"""`MeasuredLatency`: whole networks in ONNX Runtime, in turns with a reference network.

A machine is not as quick all day. So a network is timed in turns with the reference, and told as
its ratio to it times the latency that the reference had at the beginning:

    Est = median over rounds of (t_network / t_reference) · t_reference at the beginning
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import SearchError
from dlscope.core.whole_file import write_whole
from dlscope.graph.builder import serialize
from dlscope.methods.codesign.measuring.bound_model import BoundModel
from dlscope.zoo.bundles.layout import StackedLayout
from dlscope.zoo.bundles.onnx_model import drawn, onnx_model

_FEWEST, _ROUNDS, _AT_A_TIME = 5, 15, 4
_NS_PER_MS = 1e6


@final
class MeasuredLatency:
    """Batch 1 on so many `threads`; the time of the `reference` is kept in the file `kept`.

    Weights are drawn: they change no time. Raises `SearchError` for a damaged file.
    """

    def __init__(
        self,
        reference: StackedLayout,
        kept: Path,
        *,
        threads: int = 1,
        rounds: int = _ROUNDS,
    ) -> None:
        self._threads, self._rounds = threads, rounds
        self._network, self._reference = reference, _opened(reference, threads)
        self.reference_ms = self._begun(kept)

    def __call__(self, network: StackedLayout) -> float:
        """Milliseconds of one image; of the reference what it had at the beginning."""
        if network == self._network:
            return self.reference_ms
        return float(np.median(self.ratios(network))) * self.reference_ms

    def ratios(self, network: StackedLayout) -> NDArray[np.float64]:
        """Its time over that of the reference, round by round, after one that does not count."""
        candidate = _opened(network, self._threads)
        found = []
        for number in range(self._rounds + 1):
            # Who goes first changes from round to round.
            order = (self._reference, candidate) if number % 2 else (candidate, self._reference)
            times = {id(model): _least_ns(model) for model in order}
            found.append(times[id(candidate)] / times[id(self._reference)])
        return np.array(found[1:])

    def _begun(self, kept: Path) -> float:
        if kept.is_file():
            try:
                return float(json.loads(kept.read_text(encoding="utf-8"))["reference_ms"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise SearchError(
                    f"the time of the reference cannot be read: {type(error).__name__}",
                    where=str(kept),
                    fix="search again into another folder",
                ) from None
        times = [_least_ns(self._reference) for _ in range(max(self._rounds, _FEWEST))]
        reference_ms = float(np.median(times)) / _NS_PER_MS
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_whole(kept, json.dumps({"reference_ms": reference_ms}) + "\n")
        return reference_ms


def _opened(network: StackedLayout, threads: int) -> BoundModel:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{network.bundle.id}.onnx"
        path.write_bytes(serialize(onnx_model(network, drawn(network))))
        return BoundModel(path, threads=threads)


def _least_ns(model: BoundModel) -> int:
    """The quickest of a few runs: what disturbs a run only makes it slower."""
    least = None
    for _ in range(_AT_A_TIME):
        started = time.perf_counter_ns()
        model.run()
        took = time.perf_counter_ns() - started
        least = took if least is None else min(least, took)
    assert least is not None
    return least
