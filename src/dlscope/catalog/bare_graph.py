"""`BareGraph`: an ONNX file in the place of a manifest.

It is fed with drawn numbers: enough to ask what it costs and whether backends agree, not whether
its answers are right.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final, get_args

from dlscope.catalog.cache import digest_of
from dlscope.core.digest import digest
from dlscope.core.errors import GraphError, ManifestError, raise_all
from dlscope.core.manifest import ModelManifest, parse_manifest
from dlscope.core.manifest.model import ElementType
from dlscope.graph.initializers import weight_files
from dlscope.graph.signature import Axis, TensorSignature, read_signature

_STATED = get_args(ElementType)
_DRAWN = tuple(each for each in _STATED if each != "bfloat16")
_RANGES = {
    "bool": {"low": 0, "high": 1},
    "int32": {"low": 0, "high": 1},
    "int64": {"low": 0, "high": 1},
    "int8": {"low": -128, "high": 127},
    "uint8": {"low": 0, "high": 255},
}
"""Bytes are pixels more often than they choose from something, which other integers do."""
_LETTERS = ("", "D", "LD", "CHW", "CDHW", "LCDHW", "LSCDHW", "LSTCDHW", "LSTKCDHW")
"""Letters for axes beside the batch, by their number; a layout needs one for each."""
_BATCH_NAME = re.compile(r"n|\w*batch\w*", re.IGNORECASE)


@final
class OpenSize(str):
    """Words in the place of a size that the graph does not tell."""

    __slots__ = ()


def bare_model(path: Path) -> ModelManifest:
    """The manifest of the ONNX file `path`, named for it and told apart by its content.

    A free first axis is the batch. Raises as `BareGraph` does, and `ManifestError` for other free
    axes, all of them at once; a draft is what to do about it then.
    """
    graph = BareGraph(path, {})
    graph.require_sizes()
    document = graph.document(path.absolute())
    contents = {role: asset["sha256"] for role, asset in document["assets"].items()}
    document["version"] = f"0.0.0+{digest(contents)[:8]}"
    return parse_manifest(ModelManifest, document, lambda _: str(path))


@final
class BareGraph:
    """What the ONNX file `path` tells of itself, in the words of a manifest.

    Free axes have the `sizes` that are given by name. Raises `ManifestError` where there is no such
    file and for a size that no axis has, `GraphError` for what is no graph, or one whose tensors
    no manifest can state, all of them at once.
    """

    def __init__(self, path: Path, sizes: Mapping[str, int]) -> None:
        if not path.exists():
            raise ManifestError(
                f"there is no file {path}", where="models by path", fix="correct the path"
            )
        self.path = path
        signature = read_signature(path)
        self._inputs, self._outputs = signature.inputs, signature.outputs
        raise_all([*self._problems()])
        self._sizes = dict(sizes)
        self._require_known(sizes)
        self._batch = _batch_names(self._inputs) - sizes.keys()
        self._is_single = not self._batch and not any(map(_has_unnamed_first, self._inputs))
        self.open: dict[OpenSize, list[str]] = {}
        """Where a size is missing, by the words that stand for it."""
        self._declared = [self._input(place, each) for place, each in enumerate(self._inputs)]

    @property
    def name(self) -> str:
        """The name of the file without its ending, as a manifest may have it."""
        return re.sub(r"[^a-z0-9_.-]+", "-", self.path.stem.lower()).strip("-")[:80] or "graph"

    @property
    def drafting(self) -> str:
        """The command that writes a draft of its manifest."""
        return f"dlscope manifest draft {shlex.quote(str(self.path))} > {self.name}.yaml"

    def require_sizes(self) -> None:
        """Refuse a graph with free axes beside the batch."""
        if self.open:
            many = f"{len(self.open)} size{'s' if len(self.open) > 1 else ''}"
            missing = "; ".join(", ".join(places) for places in self.open.values())
            raise ManifestError(
                f"the graph leaves {many} open: {missing}",
                where=str(self.path),
                fix=f"fill in a draft, and name it in place of the graph: {self.drafting}",
            )

    def document(self, source: Path) -> dict[str, Any]:
        """The fields of the manifest, `OpenSize` where there is one to fill in.

        `source` is the file as the manifest names it.
        """
        return {
            "kind": "model",
            "schema_version": 1,
            "name": self.name,
            "version": "1.0.0",
            "task": "raw",
            "description": f"{self.path.name}, fed with drawn numbers.",
            "license": "unknown",
            "assets": self._assets(source),
            "inputs": self._declared,
            "outputs": [self._output(each) for each in self._outputs],
            "attributes": {"dataset": "blank"},
        }

    def _problems(self) -> Iterator[GraphError]:
        if not self._inputs:
            yield self._unfit("it has no inputs", "give a graph that is fed with something")
        for field, kinds, tensors in (
            ("input", _DRAWN, self._inputs),
            ("output", _STATED, self._outputs),
        ):
            for tensor in tensors:
                if tensor.dtype not in kinds:
                    what = f"{field} {tensor.name!r} holds {tensor.dtype}"
                    yield self._unfit(what, f"export it with one of {', '.join(kinds)}")
                if len(tensor.shape or ()) >= len(_LETTERS):
                    what = f"{field} {tensor.name!r} has {len(tensor.shape or ())} axes"
                    yield self._unfit(what, f"export it with at most {len(_LETTERS) - 1}")

    def _unfit(self, what: str, fix: str) -> GraphError:
        return GraphError(
            f"no manifest can state this graph: {what}", where=str(self.path), fix=fix
        )

    def _require_known(self, sizes: Mapping[str, int]) -> None:
        known = [
            axis for each in self._inputs for axis in each.shape or () if isinstance(axis, str)
        ]
        for name in sizes:
            if name not in known:
                has = ", ".join(dict.fromkeys(known)) or "none with a name"
                raise ManifestError(
                    f"the graph has no free axis {name!r}",
                    where=str(self.path),
                    fix=f"its free axes: {has}",
                )

    def _assets(self, source: Path) -> dict[str, Any]:
        assets = {"graph": _asset(source, self.path)}
        folder = self.path.parent.resolve()
        for place, file in enumerate(weight_files(self.path), start=1):
            role = "weight_file" if place == 1 else f"weight_file_{place}"
            assets[role] = _asset(source.parent / file.relative_to(folder), file)
        return assets

    def _input(self, place: int, tensor: TensorSignature) -> dict[str, Any]:
        batch = self._batch_place(tensor, is_fed=True)
        declared = _tensor(tensor, "tensor", batch)
        shape, sizes = self._fed(tensor, batch)
        step = {
            "shape": sizes,
            "axes": declared["layout"].replace("N", ""),
            "dtype": tensor.dtype,
            **_RANGES.get(tensor.dtype, {}),
            "seed": place,
        }
        return {**declared, "shape": shape, "preprocess": [{"random": step}]}

    def _output(self, tensor: TensorSignature) -> dict[str, Any]:
        batch = self._batch_place(tensor, is_fed=False)
        axes = enumerate(tensor.shape or ())
        shape = [self._size(axis, is_batch=index == batch) for index, axis in axes]
        return {**_tensor(tensor, "raw", batch), "shape": shape}

    def _batch_place(self, tensor: TensorSignature, *, is_fed: bool) -> int | None:
        """Which axis is the batch.

        Of an output only one with the name of the batch is: one that is free for another reason
        belongs to the batch as a whole.
        """
        shape = tensor.shape or ()
        named = [index for index, axis in enumerate(shape) if axis in self._batch]
        if named:
            return named[0]
        is_free = is_fed and shape[:1] == (None,)
        is_fixed = self._is_single and shape[:1] == (1,)
        return 0 if is_free or is_fixed else None

    def _fed(self, tensor: TensorSignature, batch: int | None) -> tuple[Any, Any]:
        """The shape of an input, and that of one item; words for what is missing."""
        if tensor.shape is None:
            whole = self._opened(f"shape-of-{tensor.name}", f"{tensor.name}, its axes")
            return whole, OpenSize(f"item-{whole}")
        shape = [
            self._size(axis, is_batch=index == batch) or self._missing(tensor, index, axis)
            for index, axis in enumerate(tensor.shape)
        ]
        return shape, [size for index, size in enumerate(shape) if index != batch]

    def _size(self, axis: Axis, *, is_batch: bool) -> int | str | None:
        """A number or `N`; None for a size that is free."""
        if isinstance(axis, int):
            return axis
        if axis in self._sizes:
            return self._sizes[axis]
        return "N" if is_batch else None

    def _missing(self, tensor: TensorSignature, index: int, axis: Axis) -> OpenSize:
        place = f"{tensor.name}[{index}]"
        # Some exporters call every free axis `?`.
        if isinstance(axis, str) and re.search(r"\w", axis):
            return self._opened(f"size-of-{axis}", f"{axis} of {place}")
        return self._opened(f"size-of-{tensor.name}-{index}", place)

    def _opened(self, words: str, place: str) -> OpenSize:
        """`words` as YAML may anchor them, always the same object; `place` is noted."""
        plain = OpenSize(re.sub(r"[^A-Za-z0-9_-]+", "-", words))
        self.open.setdefault(plain, []).append(place)
        return next(each for each in self.open if each == plain)


def _batch_names(inputs: Sequence[TensorSignature]) -> set[str]:
    """Names of the batch: those that say so, else those of all first axes."""
    named = {axis for each in inputs for axis in each.shape or () if isinstance(axis, str)}
    first = {axis for each in inputs for axis in (each.shape or ())[:1] if isinstance(axis, str)}
    return {axis for axis in named if _BATCH_NAME.fullmatch(axis)} or first


def _has_unnamed_first(tensor: TensorSignature) -> bool:
    return (tensor.shape or ())[:1] == (None,)


def _tensor(tensor: TensorSignature, kind: str, batch: int | None) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "tensor": tensor.name,
        "type": kind,
        "element_type": tensor.dtype,
        "layout": _layout(len(tensor.shape or ()), batch),
    }


def _layout(axes: int, batch: int | None) -> str:
    if batch is None:
        return _LETTERS[axes]
    # Only NCHW and NHWC may have these four letters.
    others = "LSD" if axes == 4 and batch else _LETTERS[axes - 1]
    return f"{others[:batch]}N{others[batch:]}"


def _asset(source: Path, file: Path) -> dict[str, Any]:
    return {"source": f"file:{source}", "sha256": digest_of(file)}
