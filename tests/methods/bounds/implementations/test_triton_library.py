from __future__ import annotations

import sys
from types import ModuleType

import pytest

from dlscope.core.errors import PluginError
from dlscope.methods.bounds.implementations import triton_kernels
from dlscope.methods.bounds.implementations.triton_kernels import elementwise_kernel
from dlscope.methods.bounds.implementations.triton_library import TritonCompiler


class _Jitted:
    def __init__(self, kernel, launched) -> None:
        self._kernel, self._launched = kernel, launched

    def __getitem__(self, grid):
        return lambda *arguments, **constants: self._launched.append(
            (self._kernel, grid, arguments, constants)
        )


@pytest.fixture
def triton(monkeypatch) -> ModuleType:
    """A package that compiles nothing, and writes down what is launched."""
    module, language = ModuleType("triton"), ModuleType("triton.language")
    module.__version__ = "9.9"
    module.compiled, module.launched = [], []

    def jit(kernel):
        module.compiled.append(kernel)
        return _Jitted(kernel, module.launched)

    module.jit = jit
    monkeypatch.setitem(sys.modules, "triton", module)
    monkeypatch.setitem(sys.modules, "triton.language", language)
    language.constexpr = int
    monkeypatch.setattr(triton_kernels, "tl", None)
    monkeypatch.setattr(triton_kernels, "constexpr", None)
    module.language = language
    return module


def test_the_kernels_speak_the_language_that_is_installed(triton) -> None:
    assert TritonCompiler().version() == "9.9"
    assert triton_kernels.tl is triton.language
    assert triton_kernels.constexpr is int


def test_a_kernel_is_compiled_once_and_launched_over_the_grid(triton) -> None:
    compiler = TritonCompiler()
    for grid in ((2,), (3,)):
        compiler.launch(elementwise_kernel, grid, (1, 2), {"block": 8}, warps=4)
    assert triton.compiled == [elementwise_kernel]
    assert triton.launched == [
        (elementwise_kernel, grid, (1, 2), {"block": 8, "num_warps": 4}) for grid in ((2,), (3,))
    ]


def test_says_what_is_not_installed(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "triton", None)
    with pytest.raises(PluginError) as caught:
        TritonCompiler()
    assert str(caught.value) == (
        "PluginError: implementation 'triton' needs 'triton', which is not installed\n"
        "  where  dlscope.methods.bounds.implementations.triton_library\n"
        "  fix    pip install triton"
    )
