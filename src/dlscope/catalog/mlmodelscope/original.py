"""`OriginalManifest`: a model manifest of MLModelScope as its authors wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from dlscope.core.manifest import Document
from dlscope.core.manifest.base import refuse


def _text(value: Any) -> Any:
    """YAML reads 1.0 as a number, and the name of a layer that is a number as one too."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


def _nothing(value: Any) -> Any:
    return {} if value is None else value


Text = Annotated[str, BeforeValidator(_text)]
Parameters = Annotated[dict[str, Any], BeforeValidator(_nothing)]


class OriginalFramework(Document):
    """The framework a model was published for, and which versions of it."""

    name: str
    version: Text = "*"


class OriginalTensor(Document):
    """An input, or the output: its type, and parameters whose names depend on the type."""

    type: str
    description: str | None = None
    parameters: Parameters = Field(default_factory=dict)


class OriginalFiles(Document):
    """Where the graph and the weights are; checksums are MD5."""

    base_url: str | None = None
    graph_path: str | None = None
    weights_path: str | None = None
    is_archive: bool = False
    graph_checksum: str | None = None
    weights_checksum: str | None = None


class OriginalManifest(Document):
    """The whole document. There are manifests with `output` and with a list `outputs`."""

    name: str
    version: Text
    framework: OriginalFramework
    container: dict[str, dict[str, str]] = Field(default_factory=dict)
    description: str = ""
    references: list[str] = Field(default_factory=list)
    license: str = "unknown"
    inputs: list[OriginalTensor] = Field(min_length=1)
    output: OriginalTensor | None = None
    outputs: list[OriginalTensor] = Field(default_factory=list)
    before_preprocess: str | None = None
    preprocess: str | None = None
    after_preprocess: str | None = None
    before_postprocess: str | None = None
    postprocess: str | None = None
    after_postprocess: str | None = None
    model: OriginalFiles
    attributes: Annotated[dict[str, Any], BeforeValidator(_nothing)] = Field(default_factory=dict)
    hidden: bool = False

    @model_validator(mode="after")
    def _has_an_output(self) -> Self:
        if (self.output is None) == (not self.outputs):
            raise refuse("a manifest has one of output and outputs", "keep one of the two")
        return self

    @property
    def answers(self) -> list[OriginalTensor]:
        """Its outputs, however they are written."""
        return self.outputs or ([self.output] if self.output is not None else [])

    @property
    def code(self) -> Mapping[str, str]:
        """The texts of code around the steps, by the field that holds them."""
        fields = ["before_preprocess", "preprocess", "after_preprocess"]
        fields += ["before_postprocess", "postprocess", "after_postprocess"]
        found = {name: getattr(self, name) for name in fields}
        return {name: text for name, text in found.items() if text}
