"""`ModelManifest`: a network with its inputs, outputs and every step around it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from dlscope.core.manifest.base import (
    Asset,
    Document,
    Manifest,
    SemVer,
    refuse,
)
from dlscope.core.manifest.framework import FrameworkRequirement
from dlscope.core.manifest.hooks import HookName, Hooks
from dlscope.core.manifest.system import SystemRequirement

Task = Literal[
    "image_classification",
    "object_detection",
    "semantic_segmentation",
    "text_embedding",
    "voice_activity",
    "file_type",
    "text_recognition",
    "speech_recognition",
    "question_answering",
    "summarization",
    "language_modeling",
    "image_enhancement",
    "music_transcription",
    "object_tracking",
    "raw",
]
ElementType = Literal[
    "float32", "float16", "bfloat16", "uint8", "int8", "int32", "int64", "bool", "float64"
]
OutputType = Literal[
    "classification",
    "bounding_box",
    "semantic_segment",
    "instance_segment",
    "image",
    "text",
    "tokens",
    "audio",
    "embedding",
    "geo_location",
    "region",
    "raw",
]
Dimension = int | Literal["N"] | None

_FORMATS = ("tflite", "keras", "h5", "xml", "pt2")
_AXES = "NCHWKDTSL"


def _layout(value: str) -> str:
    if len(set(value)) == len(value) and set(value) <= set(_AXES):
        if sorted(value) == sorted("NCHW") and value not in ("NCHW", "NHWC"):
            raise refuse(
                f"{value!r} is not a tensor layout", "use NCHW or NHWC (did you mean NCHW?)"
            )
        return value
    raise refuse(
        f"{value!r} is not a tensor layout",
        f"name each axis once with a letter of {_AXES}, such as NCHW, NHWC or NK",
    )


Layout = Annotated[str, AfterValidator(_layout)]


class StepSpec(Document):
    """One step by name with its parameters; `parameters` holds every default once planned."""

    name: str
    parameters: dict[str, Any] = Field(default_factory=dict)


def _step(value: Any) -> Any:
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, Mapping) and not {"name"} <= set(value) <= {"name", "parameters"}:
        if len(value) != 1:
            raise refuse(
                f"a step has one name, found {', '.join(map(str, value)) or 'none'}",
                "write each step as its own list entry: - resize: {size: 224}",
            )
        ((name, parameters),) = value.items()
        return {"name": name, "parameters": {} if parameters is None else parameters}
    return value


Step = Annotated[StepSpec, BeforeValidator(_step)]


class InputSpec(Document):
    """One graph input: its tensor, and the steps that make it from a data set item.

    `shape` has a number, `N` (the batch) or null (dynamic) for each letter of `layout`.
    """

    name: str
    tensor: str
    type: Literal["image", "text", "audio", "tensor", "raw"]
    element_type: ElementType
    layout: Layout = ""
    shape: tuple[Dimension, ...]
    color_mode: Literal["RGB", "BGR", "GRAY", "YCBCR"] | None = None
    preprocess: tuple[Step, ...] = ()


class OutputSpec(Document):
    """One graph output: its tensor, and the steps that turn it into a prediction.

    An output without steps is only there for the steps of another to read.
    """

    name: str
    tensor: str
    type: OutputType
    element_type: ElementType
    layout: Layout = ""
    shape: tuple[Dimension, ...]
    labels: str | None = None
    postprocess: tuple[Step, ...] = ()


class EnvironmentSpec(Document):
    """An environment of its own: `python` is PEP 440, `requirements` as pip takes them."""

    python: str = ""
    requirements: tuple[str, ...] = ()
    lock: str | None = None


class StackSpec(Document):
    """How the software is provided."""

    env: EnvironmentSpec | None = None
    container: dict[str, dict[str, str]] | None = None


def _frameworks(value: Any) -> Any:
    return [value] if isinstance(value, Mapping) else value


class ModelManifest(Manifest):
    """A network, complete enough that anyone evaluates it the same way."""

    kind: Literal["model"] = "model"
    version: SemVer
    task: Task
    license: str
    references: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    framework: Annotated[tuple[FrameworkRequirement, ...], BeforeValidator(_frameworks)] = ()
    system: SystemRequirement = SystemRequirement()
    stack: StackSpec | None = None
    assets: dict[str, Asset]
    inputs: tuple[InputSpec, ...] = Field(min_length=1)
    outputs: tuple[OutputSpec, ...] = Field(min_length=1)
    hooks: Hooks | None = None
    reference: dict[str, dict[str, str | float]] = Field(default_factory=dict)
    attributes: dict[str, str | int | float | bool] = Field(default_factory=dict)
    visibility: Literal["listed", "hidden"] = "listed"

    @property
    def identity(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    def graph_role(self, formats: Collection[str]) -> str | None:
        """The asset that a backend reading `formats` opens, the first it can; None without one.

        `graph` is an ONNX file unless its name ends otherwise; `graph_tflite` and the like are the
        same network in the format they are named for. A framework's own format comes before ONNX,
        from which it may have to be converted.
        """
        found = {
            _format(role, asset): role
            for role, asset in reversed(self.assets.items())
            if role == "graph" or role.startswith("graph_")
        }
        readable = [kind for kind in reversed(found) if kind in formats]
        own = [kind for kind in readable if kind != "onnx"]
        return found[(own or readable)[0]] if readable else None

    def has_hook(self, *names: HookName) -> bool:
        """Whether code of its own runs at one of these places."""
        return self.hooks is not None and not self.hooks.functions.keys().isdisjoint(names)

    @property
    def prediction(self) -> OutputSpec:
        """The output that answers: the first with post-processing steps, else the first."""
        return next((output for output in self.outputs if output.postprocess), self.outputs[0])


def _format(role: str, asset: Asset) -> str:
    """`onnx`, `tflite`, …: what the role is named for, else what the file name ends in."""
    if role != "graph":
        return role.removeprefix("graph_")
    name = asset.archive_member or asset.source
    return next((ending for ending in _FORMATS if name.endswith(f".{ending}")), "onnx")
