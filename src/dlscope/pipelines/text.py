"""Steps on text: words as the numbers a network reads."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, final

import numpy as np
from pydantic import Field

from dlscope.core.errors import DataError
from dlscope.core.registry import missing_distribution
from dlscope.pipelines.base import Spec, Step, StepContext, Value
from dlscope.pipelines.requirements import require_kind


@final
class Tokenize(Step):
    """Text → one row of numbers per token, int64, axis T.

    `vocabulary` is the role of the model's asset that holds a `tokenizer.json`; `output` chooses
    which of the three rows this input is. Texts longer than `max_length` tokens are cut, or
    refused when `truncation` is false. Batches are padded when they are put together.
    """

    step: ClassVar[str] = "tokenize"
    vocabulary: str = "tokenizer"
    output: Literal["input_ids", "attention_mask", "token_type_ids"] = "input_ids"
    lower: bool = False
    max_length: Annotated[int, Field(gt=0)] = 512
    truncation: bool = True
    padding: Literal["none"] = "none"

    def _infer(self, spec: Spec) -> Spec:
        require_kind(self, spec, "text")
        return Spec("tensor", "int64", "T", (None,), lo=0.0)

    def _apply(self, value: Value, context: StepContext) -> Value:
        text = value.data
        if not isinstance(text, str):
            raise self._spoiled(
                f"tokenize takes text, the item is {type(text).__name__}",
                "decode the bytes of the item to text",
            )
        encoding = self._tokenizer(context).encode(text.lower() if self.lower else text)
        row = np.array(self._row(encoding), dtype=np.int64)
        if len(row) > self.max_length:
            raise self._spoiled(
                f"the text has {len(row)} tokens, more than {self.max_length}",
                "raise max_length, or set truncation: true",
            )
        return value.with_data(row, axes="T")

    def _row(self, encoding: Any) -> list[int]:
        match self.output:
            case "input_ids":
                row = encoding.ids
            case "attention_mask":
                row = encoding.attention_mask
            case _:
                row = encoding.type_ids
        return list(row)

    def _tokenizer(self, context: StepContext) -> Any:
        path = context.assets.get(self.vocabulary)
        if path is None:
            raise self._spoiled(
                f"the model has no asset {self.vocabulary!r}",
                "add the tokenizer.json to its assets, or name its role in vocabulary",
            )
        return _load(path, self.max_length if self.truncation else None)


@functools.lru_cache(maxsize=8)
def _load(path: Path, max_length: int | None) -> Any:
    """The tokenizer of `path`, cutting at `max_length`; read once per file and length."""
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError as error:
        raise missing_distribution(
            "steps", "tokenize", "tokenizers", where="dlscope.pipelines.text:Tokenize"
        ) from error
    try:
        tokenizer = Tokenizer.from_file(str(path))
    # The library raises plain Exception for a missing file and for malformed JSON alike.
    except Exception as error:
        raise DataError(
            f"the tokenizer cannot be read: {error}", where=str(path), fix="give a tokenizer.json"
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if max_length is not None:
        tokenizer.enable_truncation(max_length)
    return tokenizer
