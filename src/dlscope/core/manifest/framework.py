"""`FrameworkManifest`: one exact version of a backend; `FrameworkRequirement`: what may run."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dlscope.core.manifest.base import Document, ExactVersion, Manifest, Name, VersionConstraint


class FrameworkRequirement(Document):
    """A backend and the versions of it that can run a model."""

    name: Name
    version: VersionConstraint = "*"
    options: dict[str, Any] = Field(default_factory=dict)


class FrameworkManifest(Manifest):
    """A backend as it stands on a machine."""

    kind: Literal["framework"] = "framework"
    version: ExactVersion
    backend: Name
    formats: tuple[str, ...] = ("onnx",)
    devices: tuple[str, ...] = ("cpu",)
    levels: tuple[str, ...] = ("MODEL",)
    options: dict[str, Any] = Field(default_factory=dict)

    @property
    def identity(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"
