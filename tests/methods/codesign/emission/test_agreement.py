from __future__ import annotations

import numpy as np
import pytest
from emission_networks import images

from dlscope.graph.builder import serialize
from dlscope.methods.codesign.emission.agreement import Agreement, agreement
from dlscope.methods.codesign.emission.qdq import to_qdq


@pytest.fixture(scope="module")
def model(integers, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "design.onnx"
    path.write_bytes(serialize(to_qdq(integers, exact=True)))
    return path


@pytest.mark.parametrize("backend", ["onnxruntime", "reference"])
def test_an_exact_model_answers_as_its_reference(integers, model, backend) -> None:
    x = images(100)
    labels = integers.logits(x).argmax(axis=1)
    found = agreement(integers.logits, model, x, labels, backend=backend)
    assert found == Agreement(n=100, reference_right=100, model_right=100, same=100)
    assert found.same_share == 1


def test_another_reference_is_told_apart(integers, model) -> None:
    x = images(50)

    def wrong(batch: np.ndarray) -> np.ndarray:
        return -integers.logits(batch)

    labels = integers.logits(x).argmax(axis=1)
    found = agreement(wrong, model, x, labels)
    assert (found.same, found.model_right, found.reference_right) == (0, 50, 0)
