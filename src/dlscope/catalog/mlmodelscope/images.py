"""An image input, and the steps that its parameters stand for.

A pixel becomes (pixel − mean) / scale. Mean and scale are written in the order red, green, blue,
whatever `color_mode` says; `dimensions` are channels, height, width, without the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

from dlscope.catalog.mlmodelscope.naming import Note
from dlscope.core.errors import ManifestError

_LAYOUTS = {"CHW": "NCHW", "HWC": "NHWC", "NCHW": "NCHW", "NHWC": "NHWC"}
_CHANNELS = 3


@final
class ImageInput:
    """The input called `name`, read from its `parameters`; `where` names it in notes."""

    def __init__(self, name: str, parameters: Mapping[str, Any], where: str, note: Note) -> None:
        self._name, self._given, self._where, self._note = name, dict(parameters), where, note
        self._color = str(self._given.pop("color_mode", "RGB")).upper()
        self._type = str(self._given.pop("element_type", "float32"))
        self._layout = self._read_layout()
        self._size = self._read_dimensions()

    def spec(self) -> dict[str, Any]:
        """The input of the manifest, its steps closed by what the tensor takes."""
        height, width = self._size or (None, None)
        sizes = {"N": "N", "C": _CHANNELS, "H": height, "W": width}
        spec = {
            "name": self._name,
            "tensor": self._read_layer(),
            "type": "image",
            "element_type": self._type,
            "layout": self._layout,
            "shape": [sizes[axis] for axis in self._layout],
            "color_mode": self._color,
            "preprocess": self._steps(),
        }
        for name in sorted(self._given):
            self._note(f"{self._where}: parameter {name} has no place: {self._given[name]}")
        return spec

    def _steps(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = [{"decode": {"color": self._color}}]
        steps += self._sizing()
        if self._type != "uint8":
            steps.append({"cast": {"to": self._type}})
        steps += self._normalizing()
        if self._layout == "NCHW":
            steps.append({"transpose": {"to": "NCHW"}})
        return steps

    def _sizing(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = []
        method, ratio = self._given.pop("crop_method", None), self._given.pop("crop_ratio", None)
        longest = self._given.pop("max_dimension", None)
        keeps_aspect = self._given.pop("keep_aspect_ratio", False)
        if method is not None or ratio is not None:
            crop: dict[str, Any] = {"ratio": ratio if ratio is not None else 1.0}
            steps.append({"crop": {"method": method or "center", **crop}})
        if longest is not None:
            steps.append({"resize": {"size": [longest, longest], "mode": "max_dimension"}})
        elif self._size is not None:
            mode = "letterbox" if keeps_aspect else "exact"
            steps.append({"resize": {"size": list(self._size), "mode": mode}})
        if any("resize" in step for step in steps):
            self._note(
                f"{self._where}: the method of resizing is not recorded; bilinear is assumed"
            )
        return steps

    def _normalizing(self) -> list[dict[str, Any]]:
        mean, scale = (self._per_channel(name) for name in ("mean", "scale"))
        if mean is None and scale is None:
            return []
        if self._type == "uint8":
            self._note(f"{self._where}: mean and scale are left out, since the input takes bytes")
            return []
        constants = {"mean": mean or [0.0] * _CHANNELS, "scale": scale or [1.0] * _CHANNELS}
        if self._color == "BGR":
            constants = {name: list(reversed(values)) for name, values in constants.items()}
        return [{"normalize": constants}]

    def _read_layer(self) -> str:
        """The tensor's name; some manifests know only its position."""
        given = self._given.pop("input_layer", None)
        older = self._given.pop("layer_name", None)
        layer = given if given is not None else older
        if layer is None:
            self._note(f"{self._where}: no layer is named; correct tensor")
            return self._name
        if isinstance(layer, int):
            self._note(f"{self._where}: layer {layer} is a position; correct tensor")
        return str(layer)

    def _read_layout(self) -> str:
        given = self._given.pop("layout", None)
        if given is None:
            self._note(f"{self._where}: no layout is given; CHW is assumed")
            return "NCHW"
        layout = _LAYOUTS.get(str(given).upper(), str(given))
        if not set(layout) <= set("NCHW"):
            raise self._refused(f"{given!r} is not a layout of pictures", "use CHW or HWC")
        return layout

    def _read_dimensions(self) -> Sequence[int] | None:
        """Height and width; None where the network takes any size."""
        given = self._given.pop("dimensions", None)
        if given is None:
            return None
        if isinstance(given, int):
            return (given, given)
        is_list = isinstance(given, list) and bool(given)
        if not (is_list and all(isinstance(size, int) and size > 0 for size in given)):
            raise self._refused(f"dimensions are {given!r}", "give channels, height and width")
        sizes: list[int] = given
        return (sizes[0], sizes[0]) if len(sizes) == 1 else sizes[-2:]

    def _per_channel(self, name: str) -> list[float] | None:
        """The numbers of a parameter, one for each channel."""
        given = self._given.pop(name, None)
        if given is None:
            return None
        numbers = [given] * _CHANNELS if isinstance(given, int | float) else given
        try:
            return [float(value) for value in numbers]
        except (TypeError, ValueError):
            fix = "give one number, or one for each channel"
            raise self._refused(f"{name} is {given!r}", fix) from None

    def _refused(self, what: str, fix: str) -> ManifestError:
        return ManifestError(what, where=self._where, fix=fix)
