"""`implementations`: the ways of computing a layer that there are, and what others lack."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType

from dlscope.core.errors import DlscopeError, PluginError, did_you_mean
from dlscope.core.registry import missing_distribution
from dlscope.methods.bounds.implementation import Implementation

_PACKAGE = "dlscope.methods.bounds.implementations"

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ort": f"{_PACKAGE}.ort:Ort",
        "ort_blocked": f"{_PACKAGE}.ort_blocked:OrtBlocked",
        "ort_int8": f"{_PACKAGE}.ort_int8:OrtInt8",
        "torch_nchw": f"{_PACKAGE}.torch_nchw:TorchNchw",
        "torch_nhwc": f"{_PACKAGE}.torch_nhwc:TorchNhwc",
        "onednn_packed": f"{_PACKAGE}.onednn_packed:OneDnnPacked",
        "onednn_blocked": f"{_PACKAGE}.onednn_blocked:OneDnnBlocked",
        "openvino": f"{_PACKAGE}.openvino:OpenVino",
    }
)
"""Where each of dlscope's own is; nothing is imported before it is asked for."""

ON_GPU: Mapping[str, str] = MappingProxyType(
    {
        "cudnn": f"{_PACKAGE}.cudnn:Cudnn",
        "cublaslt": f"{_PACKAGE}.cublaslt:CublasLt",
        "torch_cuda": f"{_PACKAGE}.torch_cuda:TorchCuda",
        "triton": f"{_PACKAGE}.triton_tiles:Triton",
    }
)
"""Those for a GPU; a machine without one lacks them all."""


def implementations(device: str = "cpu") -> tuple[Implementation, ...]:
    """Those for `device` whose library is installed, in the order in which they are listed."""
    missing = missing_implementations(device)
    found = (implementation(name) for name in _named(device) if name not in missing)
    return tuple(each for each in found if each.device == device)


def missing_implementations(device: str = "cpu") -> Mapping[str, PluginError]:
    """Those for `device` that lack a library, or the device, and the error that says which."""
    missing = {}
    for name in _named(device):
        try:
            implementation(name)
        except PluginError as error:
            missing[name] = error
    return missing


def implementation(name: str) -> Implementation:
    """The one called `name`, or the class that a text `package.module:Class` points to.

    Raises `PluginError` for an unknown name, and for one whose library is not installed.
    """
    place = name if ":" in name else {**NAMES, **ON_GPU}.get(name)
    if place is None:
        raise _unknown(name)
    module, _, attribute = place.partition(":")
    try:
        found: Implementation = getattr(importlib.import_module(module), attribute)()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        raise missing_distribution("implementations", name, missing, where=place) from error
    return found


def _named(device: str) -> Mapping[str, str]:
    return NAMES if device == "cpu" else ON_GPU


def _unknown(name: str) -> DlscopeError:
    return PluginError(
        f"there is no implementation {name!r}",
        where="implementations of layers",
        fix=did_you_mean(name, [*NAMES, *ON_GPU]),
    )
