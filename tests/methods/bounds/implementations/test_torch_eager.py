from __future__ import annotations

import pytest
from single_layers import IMAGE, LAYERS, layer

from dlscope.core.errors import BackendError
from dlscope.methods.bounds.implementation import Configuration
from dlscope.methods.bounds.implementations.reference import Reference
from dlscope.methods.bounds.implementations.torch_eager import eager


@pytest.mark.parametrize("layout", ["plain", "channels_last"])
@pytest.mark.parametrize("kind", ["dense", "slice", "split", "transpose", "average pool"])
def test_results_are_right_in_both_layouts(kind, layout) -> None:
    runnable = eager(LAYERS[kind], Configuration(layout=layout), 1)
    assert Reference(LAYERS[kind]).checked(runnable) < 1e-5


def test_what_pytorch_lacks_is_refused_in_its_words() -> None:
    normed = layer("LRN", [IMAGE], size=5)
    with pytest.raises(BackendError, match=r"PyTorch refuses LRN: .*not implemented"):
        eager(normed, Configuration(dtype="bfloat16"), 1)
