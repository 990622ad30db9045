"""Results that MLModelScope has stored, as Runs: what was measured there is analysed here.

Its database keeps a result in documents of four collections, joined by their ids: `evaluation`,
`model_accuracy`, `input_prediction` and `performance`. Any of them may be missing; what they would
have told is then missing too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dlscope.catalog.mlmodelscope.naming import backend_of, name_of, version_of
from dlscope.core.digest import digest
from dlscope.core.errors import DlscopeError, ManifestError, raise_all
from dlscope.core.manifest import (
    DatasetManifest,
    FrameworkManifest,
    ModelManifest,
    ScenarioManifest,
)
from dlscope.core.plan import Plan
from dlscope.core.run import Condition, Environment, ItemResult, Metric, Run, Samples
from dlscope.core.stats import wilson_interval
from dlscope.core.version import Version
from dlscope.methods.evaluation.exported_documents import Document, read_documents

_PREDICTIONS = ("c_predict", "predictstep")
_US = 1_000
_SHARES = {"top_1": "top_1", "top_5": "top_5"}
# What a field raises that is of another type than the authors' code writes, or out of its range.
_DAMAGED = (AttributeError, KeyError, OverflowError, TypeError, ValueError)
_UNCHECKED = Condition(
    "validity", "not checked: measured by MLModelScope", "conditions of dlscope", holds=True
)


@dataclass(frozen=True)
class Imported:
    """The Runs of an export, and a sentence for each document that belongs to none of them."""

    runs: tuple[Run, ...]
    notes: tuple[str, ...]


def import_results(files: Sequence[Path]) -> Imported:
    """One Run for each evaluation in the exported `files`, the same each time.

    Raises `ManifestError`s for files that hold no such documents, all of them at once.
    """
    documents = read_documents(files)
    by_id = {document.id: document for document in documents if document.id}
    runs: list[Run] = []
    problems: list[DlscopeError] = []
    used: set[str] = set()
    for document in documents:
        if document.collection != "evaluation":
            continue
        try:
            parts = _Parts(document, by_id)
            used |= {document.id, *parts.ids}
            runs.append(parts.run())
        except DlscopeError as error:
            problems.extend(error.problems)
        except _DAMAGED as error:
            problems.append(_damaged(document, error))
    raise_all(problems)
    if not runs:
        raise ManifestError(
            "there is no evaluation in these files",
            where=", ".join(map(str, files)),
            fix="export the collection `evaluation` too, with mongoexport",
        )
    return Imported(tuple(runs), tuple(_unused(documents, used)))


def _damaged(document: Document, error: Exception) -> ManifestError:
    reason = str(error).partition("\n")[0]
    return ManifestError(
        f"the evaluation, or what it names, is damaged ({type(error).__name__}: {reason})",
        where=document.where,
        fix="export it again with mongoexport",
    )


class _Parts:
    """An evaluation and the documents it names."""

    def __init__(self, evaluation: Document, by_id: Mapping[str, Document]) -> None:
        self._of, self._data = evaluation, evaluation.data
        named = [self._data.get("model_accuracy_id"), self._data.get("performance_id")]
        named += self._data.get("input_prediction_ids") or []
        self.ids = {str(each) for each in named if each}
        self._accuracy = self._part("model_accuracy_id", by_id)
        self._performance = self._part("performance_id", by_id)
        self._answers = [
            by_id[str(each)].data
            for each in self._data.get("input_prediction_ids") or ()
            if str(each) in by_id
        ]

    def run(self) -> Run:
        """The Run. Raises `ManifestError` for an evaluation of no model or framework."""
        plan = self._plan()
        items = tuple(map(_item, self._answers))
        return Run(
            id=f"r-{digest({'mlmodelscope': self._of.id or self._data})[:12]}",
            plan=plan,
            environment=self._environment(),
            status="finished",
            started_utc=str(self._data.get("created_at") or "1970-01-01T00:00:00Z"),
            samples=_samples(self._performance),
            items=items,
            metrics=tuple(self._metrics(plan.items)),
            conditions=(_UNCHECKED,),
        )

    def _part(self, field: str, by_id: Mapping[str, Document]) -> Mapping[str, Any]:
        found = by_id.get(str(self._data.get(field)))
        return found.data if found else {}

    def _plan(self) -> Plan:
        batch = int(self._data.get("batch_size") or 1)
        name, version = self._named("model")
        framework, its_version = self._named("framework")
        backend = backend_of(framework, lambda _: None)
        items = len(self._data.get("input_prediction_ids") or ())
        return Plan(
            workload="evaluation",
            model=_model(name_of(name, lambda _: None), version_of(version)),
            framework=FrameworkManifest(
                schema_version=1,
                name=backend,
                version=str(Version.parse(version_of(its_version))),
                backend=backend,
                formats=(),
            ),
            dataset=_dataset(str(self._data.get("dataset_name") or "unknown"), items),
            scenario=ScenarioManifest(
                schema_version=1,
                name="mlmodelscope",
                type="online" if batch == 1 else "batched",
                batch_size=(batch,),
                min_queries=0,
                min_duration_ms=1,
                mode="submission" if self._accuracy else "performance",
                pipeline="sequential",
            ),
            batch_size=batch,
            items=items,
            options={"imported": "mlmodelscope", "trace_level": self._data.get("trace_level")},
        )

    def _named(self, field: str) -> tuple[str, str]:
        part = self._data.get(field)
        if not isinstance(part, Mapping) or not part.get("name"):
            raise ManifestError(
                f"the evaluation names no {field}",
                where=self._of.where,
                fix=f"export it with its {field}",
            )
        return str(part["name"]), str(part.get("version") or "0")

    def _environment(self) -> Environment:
        gpu = self._data.get("gpu_information")
        uses_gpu = bool(self._data.get("using_gpu"))
        name = gpu.get("product_name") if isinstance(gpu, Mapping) else None
        accelerators = [{"vendor": "nvidia", "name": str(name or "GPU")}] if uses_gpu else []
        return Environment(
            system={
                "name": str(self._data.get("hostname") or "unknown"),
                "architecture": str(self._data.get("machine_architecture") or "unknown"),
                "cpu": {"model": "unknown"},
                "accelerators": accelerators,
            },
            python="",
            packages={},
            variables={},
        )

    def _metrics(self, items: int) -> Iterator[Metric]:
        for field, metric in _SHARES.items():
            value = self._accuracy.get(field)
            if not isinstance(value, int | float):
                continue
            # Both percent and shares are found.
            share = float(value) / 100 if value > 1 else float(value)
            if not items:
                yield Metric(metric, share, None, None, 0)
                continue
            count = round(share * items)
            interval = wilson_interval(count, items)
            yield Metric(metric, share, interval.lo, interval.hi, items, count)


def _model(name: str, version: str) -> ModelManifest:
    """What a result tells of its model: no more than what it is called."""
    unknown = {"tensor": "unknown", "element_type": "float32", "shape": ["N"], "layout": "N"}
    return ModelManifest.model_validate(
        {
            "schema_version": 1,
            "name": name,
            "version": version,
            "task": "image_classification",
            "license": "unknown",
            "assets": {},
            "inputs": [{**unknown, "name": "input", "type": "raw"}],
            "outputs": [{**unknown, "name": "output", "type": "classification"}],
            "attributes": {"imported_from": "mlmodelscope"},
        }
    )


def _dataset(name: str, items: int) -> DatasetManifest:
    return DatasetManifest(
        schema_version=1,
        name=name_of(name, lambda _: None),
        version="1.0.0",
        task="image_classification",
        license="unknown",
        reader="records",
        items=items,
        data_kind="mixed",
    )


def _samples(performance: Mapping[str, Any]) -> Samples:
    """The predictions of a trace in the form of Jaeger, whose times are in microseconds."""
    trace = performance.get("trace")
    traces = trace.get("data", ()) if isinstance(trace, Mapping) else ()
    spans = [span for each in traces for span in each.get("spans", ())]
    named = {str(span.get("operationName", "")).lower() for span in spans}
    wanted = next((name for name in _PREDICTIONS if name in named), None)
    times = sorted(
        (int(span["startTime"]), int(span["duration"]))
        for span in spans
        if str(span.get("operationName", "")).lower() == wanted
    )
    if not times:
        return Samples.empty()
    began, took = (np.array(each, dtype=np.int64) * _US for each in zip(*times, strict=True))
    return Samples(began, began, began + took, np.ones(began.size, dtype=np.bool_))


def _item(answer: Mapping[str, Any]) -> ItemResult:
    features = [_class(each) for each in answer.get("features") or ()]
    top = sorted((each for each in features if each), key=lambda each: -each["probability"])
    expected = answer.get("expected_label")
    label = next((each["index"] for each in top if each["label"] == expected), None)
    name = str(answer.get("input_id") or answer.get("input_index"))
    target = {"label": label} if label is not None else {"name": expected}
    if not top:
        return ItemResult(name, None, target, "no classes were stored")
    classes = [[each["index"], each["label"], each["probability"]] for each in top]
    return ItemResult(name, {"classes": classes, "top": [index for index, _, _ in classes]}, target)


def _class(feature: Mapping[str, Any]) -> dict[str, Any] | None:
    """Index, label and probability of one feature, wherever in it they are kept."""
    for inner in (feature, *_inner(feature)):
        if "index" in inner:
            return {
                "index": int(inner["index"]),
                "label": inner.get("label"),
                "probability": float(feature.get("probability") or 0.0),
            }
    return None


def _inner(feature: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for value in feature.values():
        if isinstance(value, Mapping):
            yield value
            yield from _inner(value)


def _unused(documents: Sequence[Document], used: set[str]) -> Iterator[str]:
    for document in documents:
        if document.id not in used:
            yield f"{document.where}: no evaluation names this {document.collection}"
