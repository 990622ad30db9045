"""`Forward`: an item's way through the model, step by step, each step a span."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, final

from numpy.typing import NDArray

from dlscope.backends.base import Predictor, Tensors
from dlscope.core.errors import DataError, DlscopeError
from dlscope.core.manifest import ModelManifest
from dlscope.core.run import ItemResult
from dlscope.core.trace import Level
from dlscope.data.base import Dataset, Item
from dlscope.pipelines.base import Value
from dlscope.pipelines.collate import collate, split
from dlscope.pipelines.preparation import Preparation
from dlscope.pipelines.stream import Map, Outcome, run_stream
from dlscope.tracing.capture import SpanBuffer

Prepared = Mapping[str, Value]
Named = tuple[str, Prepared]
"""The id of an item and its inputs."""


@dataclass(frozen=True)
class Ready:
    """An item of the data set with its inputs, or with the reason why it has none."""

    index: int
    id: str
    target: Any = None
    prepared: Prepared = field(default_factory=dict)
    error: DlscopeError | None = None

    def failed(self, error: DlscopeError) -> ItemResult:
        """The record of this item as a failed one."""
        return ItemResult(self.id, None, self.target, f"{error.what} ({error.where})")

    def answered(self, answer: Answer, *, keep_outputs: bool) -> ItemResult:
        """The record of this item with its answer.

        A classification also keeps `p_label`, the probability it gave to the right class, and
        `label_name`, what that class is called. An item whose class the model does not have fails.
        """
        if answer.prediction is None:
            assert answer.error is not None
            return self.failed(answer.error)
        prediction = dict(answer.prediction)
        if "probabilities" in answer.attributes and isinstance(self.target, Mapping):
            probabilities, label = answer.attributes["probabilities"], self.target["label"]
            if not 0 <= label < len(probabilities):
                return self.failed(_no_class(label, len(probabilities)))
            prediction["p_label"] = float(probabilities[label])
            if label < len(names := answer.attributes.get("labels", ())):
                prediction["label_name"] = names[label]
        outputs = answer.outputs if keep_outputs else {}
        return ItemResult(self.id, prediction, self.target, None, outputs)


def _no_class(label: int, classes: int) -> DataError:
    return DataError(
        f"the label {label} is none of the {classes} classes of the model",
        where="data set, label",
        fix="correct the label, or evaluate a model that has the class",
    )


@dataclass(frozen=True)
class Answer:
    """What the model says of one item, or why it says nothing that counts.

    `attributes` are what the steps learnt beside the prediction; `outputs` the item's output
    tensors without the batch axis.
    """

    prediction: Mapping[str, Any] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    error: DlscopeError | None = None


@final
class Forward:
    """Prepares items, predicts batches of them, and finishes each answer."""

    def __init__(
        self,
        model: ModelManifest,
        predictor: Predictor,
        preparation: Preparation,
        spans: SpanBuffer,
        *,
        preparers: int = 1,
    ) -> None:
        self.predictor = predictor
        self._model = model
        self._preparation = preparation
        self._spans = spans
        self._preparers = preparers

    def of(self, predictor: Predictor) -> Forward:
        """The same way through another opened `predictor` of the model."""
        return Forward(
            self._model, predictor, self._preparation, self._spans, preparers=self._preparers
        )

    def ready(self, dataset: Dataset, indices: Iterable[int], *, overlaps: bool) -> Iterator[Ready]:
        """The items at `indices` in that order, prepared; ahead of time when it `overlaps`."""

        def ready_item(index: int) -> Ready:
            try:
                item = dataset[index]
            except DlscopeError as error:
                return Ready(index, dataset.item_id(index), error=error)
            try:
                return Ready(index, item.id, item.target, self.prepare(item))
            except DlscopeError as error:
                return Ready(index, item.id, item.target, error=error)

        if not overlaps:
            return map(ready_item, indices)
        stage = Map("prepare", ready_item, workers=self._preparers)
        return _values(run_stream(indices, [stage], capacity=2 * self._preparers))

    def stream(
        self, dataset: Dataset, batches: Iterable[Sequence[int]]
    ) -> Generator[bool, None, None]:
        """Whether each batch was answered, in order; steps of neighbouring batches overlap."""

        def prepare_batch(indices: Sequence[int]) -> list[Named]:
            items = (dataset[index] for index in indices)
            return [(item.id, self.prepare(item)) for item in items]

        stages = [
            Map("prepare", prepare_batch, workers=self._preparers),
            Map("answer", self.answer_prepared),
        ]
        outcomes = run_stream(batches, stages, capacity=2 * self._preparers)
        try:
            for outcome in outcomes:
                yield outcome.error is None
        finally:
            outcomes.close()

    def prepare(self, item: Item) -> Prepared:
        """The inputs of one item. Raises `DataError` for an item that cannot be prepared."""
        with self._spans.costed("preprocess", Level.PIPELINE, n=1):
            return self._preparation.prepare(item.input, self._step_span, item.id)

    def feeds(self, prepared: Sequence[Prepared]) -> Tensors:
        """One batch of prepared items as graph inputs."""
        return collate(self._model.inputs, prepared)

    def first_feeds(self, dataset: Dataset, batch_size: int) -> Tensors:
        """The first item that can be prepared, `batch_size` times."""
        reason = ""
        for index in range(len(dataset)):
            try:
                item = dataset[index]
                first = self._preparation.prepare(item.input, item_id=item.id)
                return self.feeds([first] * batch_size)
            except DlscopeError as error:
                # A spoiled item is counted and named by the accuracy pass.
                reason = reason or f": {error.what} ({error.where})"
        raise DataError(
            f"no item of the data set can be prepared{reason}",
            where=f"model {self._model.name}, inputs",
            fix="check that the data set holds what the preprocess steps expect",
        )

    def answer(self, items: Sequence[Item]) -> list[Answer]:
        """One batch, whole. Raises `DataError` when an item cannot be prepared."""
        return self.answer_prepared([(item.id, self.prepare(item)) for item in items])

    def answer_prepared(self, named: Sequence[Named]) -> list[Answer]:
        """The answers to one batch of prepared items, in their order."""
        n = len(named)
        feeds = self.feeds([prepared for _, prepared in named])
        with self._spans.costed("predict", Level.PIPELINE, n=n):
            outputs = self.predictor.predict(feeds)
        with self._spans.costed("postprocess", Level.PIPELINE, n=n):
            singles = split(self._model.outputs, outputs, n)
            return [
                self._finished(single, *each) for single, each in zip(singles, named, strict=True)
            ]

    def _step_span(self, step: str) -> AbstractContextManager[None]:
        return self._spans.costed(step, Level.PIPELINE, n=1)

    def _finished(
        self, outputs: Mapping[str, NDArray[Any]], item_id: str, inputs: Prepared
    ) -> Answer:
        try:
            prediction, attributes = self._preparation.finish(
                outputs, inputs, self._step_span, item_id
            )
        except DlscopeError as error:
            return Answer(error=error)
        return Answer(prediction, attributes, outputs)


def _values(outcomes: Iterable[Outcome]) -> Iterator[Any]:
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
        yield outcome.value
