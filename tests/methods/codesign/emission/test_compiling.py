from __future__ import annotations

import pytest

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.emission import compiling
from dlscope.methods.codesign.emission.compiling import compiled


def test_refuses_a_machine_without_the_compiler(tmp_path) -> None:
    with pytest.raises(SearchError) as refused:
        compiling._compiler({"CXX": "no-such-compiler"})
    assert refused.value.what == "there is no C++ compiler 'no-such-compiler'"
    assert refused.value.where == "verification of the emitted source"
    assert refused.value.fix == (
        "install g++, or set CXX to the compiler; nothing is emitted that was not run"
    )


def test_tells_the_words_of_a_compiler_that_refuses(tmp_path) -> None:
    (tmp_path / "accelerator.cpp").write_text("int accelerator() { return unknown; }")
    (tmp_path / "testbench.cpp").write_text("int main() { return 0; }")
    with pytest.raises(SearchError) as refused:
        compiled(tmp_path)
    assert refused.value.what.startswith("the emitted source does not compile: accelerator.cpp:")
    assert "unknown" in refused.value.what
