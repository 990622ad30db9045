"""`MeasuredLatency`: whole networks in ONNX Runtime, in turns with a reference network.

A machine is not as quick all day. So a network is timed in turns with the reference, and told as
its ratio to it times the latency that the reference had at the beginning:

    Est = median over rounds of (t_network / t_reference) · t_reference at the beginning

How a reorder is written changes the time, but not what is computed. So a network with a bypass is
written in every way that there is, and the quickest one counts, for the reference as well.

Axes: r rounds, m models.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import SearchError
from dlscope.core.whole_file import write_whole
from dlscope.graph.builder import serialize
from dlscope.methods.codesign.measuring.bound_model import BoundModel
from dlscope.zoo.bundles.layout import StackedLayout
from dlscope.zoo.bundles.onnx_model import drawn, forms_of, onnx_model
from dlscope.zoo.skynet.onnx_model import Lowering

_FEWEST, _ROUNDS, _AT_A_TIME = 5, 15, 4
_NS_PER_MS = 1e6


@final
class MeasuredLatency:
    """Batch 1 on so many `threads`; time and form of the `reference` are kept in the file `kept`.

    Weights are drawn: they change no time. Raises `SearchError` for a damaged file, and for one of
    a version that timed the reference in one form alone.
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
        self._forms: dict[str, Lowering] = {}
        before = _read(kept)
        if before is not None:
            self._forms[reference.digest] = before[0]
        self._network, self._reference = reference, self._opened(reference)
        self.reference_ms = self._begun(kept) if before is None else before[1]

    def __call__(self, network: StackedLayout) -> float:
        """Milliseconds of one image; of the reference what it had at the beginning."""
        if network == self._network:
            return self.reference_ms
        return float(np.median(self.ratios(network))) * self.reference_ms

    def ratios(self, network: StackedLayout) -> NDArray[np.float64]:
        """Its time over that of the reference, round by round, after one that does not count."""
        times_rm = _in_turns([self._opened(network), self._reference], self._rounds)
        return np.asarray(times_rm[:, 0] / times_rm[:, 1])

    def form_of(self, network: StackedLayout) -> Lowering:
        """The way to write `network` that was quickest when it was first asked for."""
        if network.digest not in self._forms:
            self._opened(network)
        return self._forms[network.digest]

    def _opened(self, network: StackedLayout) -> BoundModel:
        """The network in its quickest form."""
        known = self._forms.get(network.digest)
        forms = forms_of(network) if known is None else (known,)
        models = [_written(network, form, self._threads) for form in forms]
        best = 0
        if len(models) > 1:
            times_rm = _in_turns(models, self._rounds)
            best = int(np.median(times_rm / times_rm[:, :1], axis=0).argmin())
        self._forms[network.digest] = forms[best]
        return models[best]

    def _begun(self, kept: Path) -> float:
        times = [_least_ns(self._reference) for _ in range(max(self._rounds, _FEWEST))]
        reference_ms = float(np.median(times)) / _NS_PER_MS
        told = {"reference_ms": reference_ms, "form": self.form_of(self._network)}
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_whole(kept, json.dumps(told) + "\n")
        return reference_ms


def _read(kept: Path) -> tuple[Lowering, float] | None:
    """Form and milliseconds of the reference; None where nothing is kept."""
    if not kept.is_file():
        return None
    try:
        before = json.loads(kept.read_text(encoding="utf-8"))
        return before["form"], float(before["reference_ms"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SearchError(
            f"the time of the reference cannot be read: {type(error).__name__}",
            where=str(kept),
            fix="search again into another folder",
        ) from None


def _in_turns(models: Sequence[BoundModel], rounds: int) -> NDArray[np.float64]:
    """Times in ns, [r, m], after a round that does not count."""
    times_rm = np.zeros((rounds + 1, len(models)))
    for number in range(rounds + 1):
        # Who goes first changes from round to round.
        for place in range(len(models))[:: 1 if number % 2 else -1]:
            times_rm[number, place] = _least_ns(models[place])
    return times_rm[1:]


def _written(network: StackedLayout, form: Lowering, threads: int) -> BoundModel:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{network.bundle.id}.onnx"
        path.write_bytes(serialize(onnx_model(network, drawn(network), form=form)))
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
