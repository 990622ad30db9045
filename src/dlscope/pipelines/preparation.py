"""`Preparation`: what a model manifest says around its network, ready to be carried out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError, PlanError
from dlscope.core.manifest import InputSpec, ModelManifest
from dlscope.pipelines.base import StepContext, Value, as_array
from dlscope.pipelines.chain import Around, alone, build_chain, check_inputs, check_outputs
from dlscope.pipelines.ends import input_start, item_axes, output_start
from dlscope.pipelines.hook_module import LoadedHooks
from dlscope.pipelines.hooks import Call, ModelHooks
from dlscope.pipelines.labels import read_labels

Prediction = dict[str, Any]
_NO_HOOKS = LoadedHooks()


@final
class Preparation:
    """The pre- and post-processing of one model, with the files of its `assets` by role.

    Raises `PlanError` or `ManifestError` when the steps do not fit the tensors, `DataError` when
    the labels cannot be read. Methods may be called from several threads; so are `hooks`, which
    are told the `seed` of the plan.
    """

    def __init__(
        self,
        model: ModelManifest,
        assets: Mapping[str, Path],
        hooks: LoadedHooks = _NO_HOOKS,
        seed: int = 0,
    ) -> None:
        check_inputs(model)
        check_outputs(model)
        self._model = model
        self._assets = dict(assets)
        self._chains = {
            declared.name: build_chain(declared.preprocess, f"inputs[{index}].preprocess")
            for index, declared in enumerate(model.inputs)
        }
        self._answer = model.prediction
        place = model.outputs.index(self._answer)
        self._after = build_chain(self._answer.postprocess, f"outputs[{place}].postprocess")
        self.labels = self._read_labels()
        if not model.has_hook("postprocess"):
            self._check_label_count(f"outputs[{place}]")
        self._hooks = ModelHooks(model, hooks, self.labels, seed)

    def prepare(self, item: Any, around: Around = alone, item_id: str = "") -> dict[str, Value]:
        """The inputs of one item by name; each step, and each hook, runs inside `around` its name.

        `item` is its data, given to every input, or a mapping with the data of each by name.
        Raises `DataError` for an item that cannot be processed or ends in another shape.
        """
        call = Call(item_id, around)
        sample = self._hooks.before_preprocess(item, call)
        prepared = self._hooks.preprocess(sample, call)
        if prepared is None:
            prepared = self._stepped(sample, around)
        prepared = self._hooks.after_preprocess(prepared, call)
        for declared in self._model.inputs:
            _check_array(prepared[declared.name], declared)
        return prepared

    def finish(
        self,
        outputs: Mapping[str, NDArray[Any]],
        inputs: Mapping[str, Value],
        around: Around = alone,
        item_id: str = "",
    ) -> tuple[Prediction, Mapping[str, Any]]:
        """Prediction and attributes of one item, from its part of the outputs by tensor name.

        The prediction is plain data; the attributes hold what metrics need in full, such as the
        `probabilities` of all classes; there are none of an answer that a hook made. An answer that
        is still an array becomes `{"values": …}`; each hook runs inside `around` its name.
        Raises `DataError` when an output has NaN or infinite entries.
        """
        for declared in self._model.outputs:
            _check_finite(outputs[declared.tensor], declared.name)
        call = Call(item_id, around)
        outputs = self._hooks.before_postprocess(outputs, call)
        prediction = self._hooks.postprocess(outputs, call)
        attributes: Mapping[str, Any] = {}
        if prediction is None:
            prediction, attributes = self._answered(outputs, inputs)
        if self._model.has_hook("after_postprocess"):
            return self._hooks.after_postprocess(prediction, call), {}
        return prediction, attributes

    def _stepped(self, item: Any, around: Around) -> dict[str, Value]:
        context = StepContext(assets=self._assets, labels=self.labels)
        return {
            declared.name: self._chains[declared.name].apply(
                self._start(item, declared), context, around
            )
            for declared in self._model.inputs
        }

    def _answered(
        self, outputs: Mapping[str, NDArray[Any]], inputs: Mapping[str, Value]
    ) -> tuple[Prediction, Mapping[str, Any]]:
        axes, _ = item_axes(self._answer, "outputs")
        context = StepContext(self._assets, outputs, inputs, self.labels)
        value = self._after.apply(Value(outputs[self._answer.tensor], axes=axes), context)
        if isinstance(value.data, Mapping):
            return dict(value.data), value.attributes
        key = "mask" if self._answer.type == "semantic_segment" else "values"
        return {key: as_array(value).tolist()}, value.attributes

    def _start(self, item: Any, declared: InputSpec) -> Value:
        if isinstance(item, Mapping):
            # An input that no item gives is one made by `constant`.
            item = item.get(declared.name)
        return Value(item, axes=input_start(declared, "inputs").axes)

    def _read_labels(self) -> tuple[str, ...]:
        role = self._answer.labels
        if role is None:
            return ()
        if role not in self._assets:
            raise DataError(
                f"the model has no asset {role!r} with its labels",
                where=self._model.identity,
                fix="add the file to its assets, or correct labels in its output",
            )
        return read_labels(self._assets[role])

    def _check_label_count(self, where: str) -> None:
        trail = self._after.trail(output_start(self._answer, where))
        sizes = [spec.shape[spec.axes.index("K")] for spec in trail if "K" in spec.axes]
        classes = sizes[-1] if sizes else None
        if self.labels and classes is not None and classes != len(self.labels):
            raise PlanError(
                f"the output has {classes} classes, its labels file {len(self.labels)} names",
                where=f"{where}.labels",
                fix="use the labels of this network, or drop_class for a background class",
            )


def _check_array(value: Value, declared: InputSpec) -> None:
    """Refuse what static checks cannot see: arrays as they came, sizes that depend on the item."""
    where = f"input {declared.name!r}"
    if value.data is None:
        raise DataError(
            "the item has nothing for this input", where=where, fix="name it in the item's data"
        )
    array = as_array(value)
    _, shape = item_axes(declared, where)
    same_rank = array.ndim == len(shape)
    if not same_rank or any(
        wanted is not None and size != wanted
        for size, wanted in zip(array.shape, shape, strict=True)
    ):
        wanted = ", ".join("?" if size is None else str(size) for size in shape)
        raise DataError(
            f"the item has shape {list(array.shape)}, the input takes [{wanted}]",
            where=where,
            fix="add steps that give the declared shape",
        )
    if str(array.dtype) != declared.element_type:
        raise DataError(
            f"the item has {array.dtype}, the input takes {declared.element_type}",
            where=where,
            fix=f"add cast: {{to: {declared.element_type}}}",
        )


def _check_finite(array: NDArray[Any], name: str) -> None:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        count = int(array.size - np.isfinite(array).sum())
        raise DataError(
            f"{count} of {array.size} entries are NaN or infinite",
            where=f"output {name!r}",
            fix="check the model's weights and the range of its inputs",
        )
