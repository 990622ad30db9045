"""`ModelHooks`: a model's own code, around its steps or in their place.

A hook is `f(context, data) -> data` and is called for one item at a time:

    before_preprocess   [sample] -> [sample]            what the data set has for the item
    preprocess          [sample] -> (array, …)          an array for each input
    after_preprocess    (array, …) -> (array, …)
    before_postprocess  (array, …) -> (array, …)        an array for each output
    postprocess         (array, …) -> [record]          a prediction, plain data
    after_postprocess   [record] -> [record]

Arrays have the batch axis that the graph has, here of size 1, so that a function written for a
batch, such as one of MLHarness, serves as it is. What a hook is given is its own to change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError, PlanError
from dlscope.core.manifest import HookName, InputSpec, ModelManifest, OutputSpec
from dlscope.pipelines.base import Value, as_array
from dlscope.pipelines.chain import Around, alone
from dlscope.pipelines.ends import item_axes
from dlscope.pipelines.hook_module import LoadedHooks, said

Array = NDArray[Any]
Spec = InputSpec | OutputSpec


@final
@dataclass(frozen=True)
class Call:
    """For which item hooks are called, and what happens around each."""

    item: str = ""
    around: Around = alone


@final
class ModelHooks:
    """The hooks of one model; a place without one lets pass what comes.

    Every method raises `DataError` when a hook raises, or gives what it should not; a model whose
    hooks are not `loaded` is refused with `PlanError`.
    """

    def __init__(
        self, model: ModelManifest, loaded: LoadedHooks, labels: tuple[str, ...], seed: int
    ) -> None:
        declared = model.hooks.functions if model.hooks else {}
        if declared.keys() != loaded.functions.keys():
            raise PlanError(
                f"the hooks {', '.join(declared)} of {model.name} are not loaded",
                where=f"model {model.name}, hooks",
                fix="give what load_hooks gives for its file",
            )
        self._model = model
        self._loaded = loaded
        self._about = {
            "model": model.name,
            "version": model.version,
            "inputs": tuple(each.name for each in model.inputs),
            "outputs": tuple(each.name for each in model.outputs),
            "labels": labels,
            "seed": seed,
        }

    def before_preprocess(self, sample: Any, call: Call) -> Any:
        """The item's data."""
        if "before_preprocess" not in self._loaded.functions:
            return sample
        return self._single("before_preprocess", [deepcopy(sample)], "sample", call)

    def preprocess(self, sample: Any, call: Call) -> dict[str, Value] | None:
        """The inputs by name; None without a hook."""
        if "preprocess" not in self._loaded.functions:
            return None
        arrays = self._arrays("preprocess", [deepcopy(sample)], self._model.inputs, call)
        return {
            declared.name: Value(array, _axes(declared), declared.color_mode)
            for declared, array in zip(self._model.inputs, arrays, strict=True)
        }

    def after_preprocess(self, prepared: dict[str, Value], call: Call) -> dict[str, Value]:
        """The inputs by name."""
        if "after_preprocess" not in self._loaded.functions:
            return prepared
        inputs = self._model.inputs
        given = tuple(_batched(as_array(prepared[each.name]), each) for each in inputs)
        arrays = self._arrays("after_preprocess", given, inputs, call)
        return {
            each.name: prepared[each.name].with_data(array, axes=_axes(each))
            for each, array in zip(inputs, arrays, strict=True)
        }

    def before_postprocess(self, outputs: Mapping[str, Array], call: Call) -> Mapping[str, Array]:
        """The outputs by tensor, in the shapes that are declared."""
        if "before_postprocess" not in self._loaded.functions:
            return outputs
        declared = self._model.outputs
        arrays = self._arrays("before_postprocess", self._of(outputs), declared, call)
        for each, array in zip(declared, arrays, strict=True):
            self._check_shape(each, array)
        return {each.tensor: array for each, array in zip(declared, arrays, strict=True)}

    def postprocess(self, outputs: Mapping[str, Array], call: Call) -> dict[str, Any] | None:
        """The prediction; None without a hook."""
        if "postprocess" not in self._loaded.functions:
            return None
        return self._record("postprocess", self._of(outputs), call)

    def after_postprocess(self, prediction: Mapping[str, Any], call: Call) -> dict[str, Any]:
        """The prediction."""
        if "after_postprocess" not in self._loaded.functions:
            return dict(prediction)
        return self._record("after_postprocess", [deepcopy(dict(prediction))], call)

    def _of(self, outputs: Mapping[str, Array]) -> tuple[Array, ...]:
        return tuple(_batched(outputs[each.tensor], each) for each in self._model.outputs)

    def _record(self, name: HookName, data: Any, call: Call) -> dict[str, Any]:
        record = self._single(name, data, "record", call)
        try:
            plain = _plain(record)
        except TypeError as error:
            raise _wrong(name, f"gave {error}, which is not plain data", _PLAIN) from None
        return plain if isinstance(plain, dict) else {"values": plain}

    def _single(self, name: HookName, data: Any, what: str, call: Call) -> Any:
        given = self._called(name, data, call)
        if not isinstance(given, list | tuple) or len(given) != 1:
            found = f"{len(given)}" if isinstance(given, list | tuple) else type(given).__name__
            fix = f"give a list with one {what} for each that came in"
            raise _wrong(name, f"gave {found}, not a list of one {what}", fix)
        return given[0]

    def _arrays(
        self, name: HookName, data: Any, declared: Sequence[Spec], call: Call
    ) -> list[Array]:
        given = self._called(name, data, call)
        if not isinstance(given, tuple) or not all(isinstance(each, np.ndarray) for each in given):
            raise _wrong(name, f"gave {_shown(given)}, not a tuple of arrays", _ARRAYS)
        if len(given) != len(declared):
            what = f"gave {len(given)} arrays, the model declares {len(declared)}"
            raise _wrong(name, what, _ARRAYS)
        return [_item(name, *each) for each in zip(given, declared, strict=True)]

    def _called(self, name: HookName, data: Any, call: Call) -> Any:
        context = MappingProxyType({**self._about, "item": call.item})
        with call.around(f"hook {name}"):
            try:
                return self._loaded.functions[name](context, data)
            # It is not ours: whatever it raises, even to end the process, fails this item alone.
            except (Exception, SystemExit) as error:
                raise DataError(
                    f"the hook raised {said(error)}",
                    where=f"hook {name}, {self._loaded.line_of(error)}",
                    fix="correct the file of hooks, and put its new sha256 into the manifest",
                ) from error

    def _check_shape(self, declared: OutputSpec, array: Array) -> None:
        _, shape = item_axes(declared, "outputs")
        if len(shape) != array.ndim or any(
            wanted not in (None, size) for wanted, size in zip(shape, array.shape, strict=True)
        ):
            sizes = ", ".join("?" if size is None else str(size) for size in shape)
            what = f"gave {list(array.shape)} for {declared.name}, declared is [{sizes}]"
            raise _wrong("before_postprocess", what, "keep the shapes of the outputs")


_ARRAYS = "give a tuple with one NumPy array for each tensor, in the order of the manifest"
_PLAIN = "give mappings with text as keys, lists, text, numbers, booleans, None and arrays"


def _axes(declared: Spec) -> str:
    return declared.layout.replace("N", "")


def _batched(array: Array, declared: Spec) -> Array:
    """A copy with the batch axis that the graph has."""
    if "N" not in declared.layout:
        return array.copy()
    return np.expand_dims(array, min(declared.layout.index("N"), array.ndim)).copy()


def _item(name: HookName, array: Array, declared: Spec) -> Array:
    """`array` without the batch axis, which must be of size 1."""
    if "N" not in declared.layout:
        return array
    axis = declared.layout.index("N")
    if axis >= array.ndim or array.shape[axis] != 1:
        what = f"gave {list(array.shape)} for {declared.name}, without a batch of 1 on axis {axis}"
        raise _wrong(name, what, "keep the batch axis that the graph has")
    single: Array = np.take(array, 0, axis=axis)
    return single


def _plain(value: Any) -> Any:
    """`value` as JSON holds it. Raises `TypeError` with the kind of what it cannot hold."""
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufU":
        return value.tolist()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(each) for key, each in value.items()}
    raise TypeError(f"a {type(value).__name__}")


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return type(value).__name__


def _wrong(name: HookName, what: str, fix: str) -> DataError:
    return DataError(f"the hook {what}", where=f"hook {name}", fix=fix)
