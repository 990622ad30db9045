"""`FrameworkManifest`: one exact version of a backend; `FrameworkRequirement`: what may run."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dlscope.core.manifest.base import Document, ExactVersion, Manifest, Name, VersionConstraint
from dlscope.core.manifest.stack import StackLock


class FrameworkRequirement(Document):
    """A backend and the versions of it that can run a model."""

    name: Name
    version: VersionConstraint = "*"
    options: dict[str, Any] = Field(default_factory=dict)


class FrameworkManifest(Manifest):
    """A backend as it stands on a machine.

    `tolerance` is the largest difference from the reference, relative to max|reference|, at
    which it still computes the same model.
    """

    kind: Literal["framework"] = "framework"
    version: ExactVersion
    backend: Name
    formats: tuple[str, ...] = ("onnx",)
    devices: tuple[str, ...] = ("cpu",)
    levels: tuple[str, ...] = ("MODEL",)
    tolerance: float = 1e-4
    options: dict[str, Any] = Field(default_factory=dict)
    stack: StackLock | None = None

    @property
    def identity(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def label(self) -> str:
        """What is typed for it: the name, and in a stack of its own the version, too."""
        return self.name if self.stack is None else f"{self.name}=={self.version}"
