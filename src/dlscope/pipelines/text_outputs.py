"""Steps from what a network answers to text.

Axes: T places along the text, K symbols.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, ClassVar, final

import numpy as np
from pydantic import Field

from dlscope.core.errors import DataError
from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array
from dlscope.pipelines.requirements import require_float


@final
class CtcDecode(Step):
    """Text from probabilities of symbols at each place, `{"text": …, "score": …}`.

    Greedy decoding of connectionist temporal classification (Graves et al. 2006): the best symbol
    at each place, repetitions taken together, blanks (symbol 0) left out. `score` is the mean
    probability of the symbols kept, 0 for an empty text. The symbols from 1 on are the lines of
    `key` in the metadata of the ONNX file with the role `characters`, then a space.
    """

    step: ClassVar[str] = "ctc_decode"
    characters: str = "graph"
    key: Annotated[str, Field(min_length=1)] = "character"

    def _infer(self, spec: Spec) -> Spec:
        require_float(self, spec)
        if spec.axes != "TK":
            raise self._refuse(
                f"ctc_decode takes symbols at each place (TK), got {spec}", "use layout NTK"
            )
        return Spec("prediction")

    def _apply(self, value: Value, context: StepContext) -> Value:
        probabilities_tk = as_array(value)
        symbols = self._symbols(context)
        if probabilities_tk.shape[1] != len(symbols):
            raise self._spoiled(
                f"the output has {probabilities_tk.shape[1]} symbols, "
                f"the file {len(symbols)} with blank and space",
                "name the file of this network in characters",
            )
        best_t = probabilities_tk.argmax(axis=1)
        is_new_t = np.diff(best_t, prepend=0) != 0
        kept_t = np.flatnonzero(is_new_t & (best_t != 0))
        scores = probabilities_tk[kept_t, best_t[kept_t]].astype(np.float64)
        text = "".join(symbols[index] for index in best_t[kept_t])
        score = float(scores.mean()) if scores.size else 0.0
        return value.with_data({"text": text, "score": score}, axes="")

    def _symbols(self, context: StepContext) -> tuple[str, ...]:
        path = context.assets.get(self.characters)
        if path is None:
            raise self._spoiled(
                f"the model has no asset {self.characters!r}",
                "name the role of its ONNX file in characters",
            )
        return _read_symbols(path, self.key)


@functools.lru_cache(maxsize=8)
def _read_symbols(path: Path, key: str) -> tuple[str, ...]:
    """Blank, the characters in the metadata of the ONNX file at `path`, and space."""
    import onnx  # only a model that writes needs it

    try:
        model = onnx.load(str(path), load_external_data=False)
    # Any file may be named; what protobuf makes of one that is no model has no common class.
    except Exception as error:
        raise DataError(
            "the characters cannot be read: this is no ONNX file",
            where=str(path),
            fix="name the role of the model's ONNX file in characters",
        ) from error
    for entry in model.metadata_props:
        if entry.key == key:
            return ("", *entry.value.split("\n"), " ")
    known = ", ".join(sorted(entry.key for entry in model.metadata_props)) or "none"
    raise DataError(
        f"the ONNX file has no metadata {key!r}", where=str(path), fix=f"it has: {known}"
    )
