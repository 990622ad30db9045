from __future__ import annotations

import numpy as np
import yaml

from dlscope.catalog.document import load_manifest
from dlscope.catalog.finder import find
from dlscope.graph.builder import serialize
from dlscope.methods.codesign.emission.model_manifest import model_document
from dlscope.methods.codesign.float_model import to_onnx
from dlscope.methods.codesign.random_network import random_network
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space


def test_grey_pictures_are_read_as_the_search_reads_them(tmp_path) -> None:
    space = Space(find("space", "tiny_grey_4"))
    network = random_network(
        space, Design.random(space, np.random.default_rng(0)), np.random.default_rng(0)
    )
    path = tmp_path / "mine.onnx"
    path.write_bytes(serialize(to_onnx(network)))
    document = model_document(network, path, name="mine", dataset="mnist-mini")
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(document))
    manifest = load_manifest(tmp_path / "mine.yaml")
    (image,) = manifest.inputs
    assert (image.type, image.color_mode, image.shape) == ("image", "GRAY", ("N", *space.input))
    assert [step.name for step in image.preprocess] == [
        "decode",
        "resize",
        "cast",
        "normalize",
        "transpose",
    ]
    assert manifest.attributes["dataset"] == "mnist-mini"
    assert manifest.attributes["macs"] == sum(layer.shape.macs for layer in network.layers)


def test_inputs_of_other_channels_are_tensors(folded, tmp_path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(serialize(to_onnx(folded)))
    document = model_document(folded, path, name="mine")
    assert document["inputs"][0]["type"] == "tensor"
    assert "preprocess" not in document["inputs"][0]
    assert "dataset" not in document["attributes"]
    assert document["outputs"][0]["postprocess"][1] == {"top_k": {"k": 3}}
