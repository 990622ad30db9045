"""`Setup`: a backend with its options, and the kinds of layers that another backend computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, final

Options = Mapping[str, Any]
_BY_DEFAULT: Options = {
    "threads": 1,
    "inter_op_threads": 1,
    "graph_optimization": "all",
    "precision": "f32",
    "channels_last": False,
}


@final
@dataclass(frozen=True)
class Setup:
    """How a whole model is run.

    `options` are those of `backend` without the threads. `elsewhere` maps operators to the backend
    that computes them instead, each call a change from one framework to the other.
    """

    backend: str
    options: Options = field(default_factory=dict, hash=False)
    elsewhere: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        # What is set to what it is anyway makes no other setup.
        kept = {name: each for name, each in self.options.items() if not _is_default(name, each)}
        object.__setattr__(self, "options", kept)

    @property
    def told(self) -> str:
        """The options and the layers elsewhere as one text, nothing where all is as it comes.

        >>> Setup("onnxruntime", {"graph_optimization": "disabled"}, {"LRN": "openvino"}).told
        'graph_optimization=disabled, LRN=openvino'
        """
        pairs = [*sorted(self.options.items()), *sorted(self.elsewhere.items())]
        return ", ".join(f"{name}={value}" for name, value in pairs)

    @property
    def label(self) -> str:
        """The backend with what is not as it comes.

        >>> Setup("openvino", {"precision": "bf16"}).label
        'openvino, precision=bf16'
        """
        return ", ".join(filter(None, (self.backend, self.told)))

    def option(self, name: str) -> Any:
        """The value of an option, its default where it is not set."""
        return self.options.get(name, _BY_DEFAULT.get(name))

    def with_option(self, name: str, value: Any) -> Self:
        """The same with one option set."""
        return replace(self, options={**self.options, name: value})

    def with_layers_in(self, operator: str, backend: str) -> Self:
        """The same with the layers of one kind computed by another backend."""
        return replace(self, elsewhere={**self.elsewhere, operator: backend})

    def to_json(self) -> dict[str, Any]:
        """All fields as plain data."""
        return {
            "backend": self.backend,
            "options": dict(self.options),
            "elsewhere": dict(self.elsewhere),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """The setup that `to_json` wrote."""
        return cls(plain["backend"], plain["options"], plain["elsewhere"])


def _is_default(name: str, value: Any) -> bool:
    return name in _BY_DEFAULT and _BY_DEFAULT[name] == value
