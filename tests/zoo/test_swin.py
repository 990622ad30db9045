from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from dlscope.zoo.architecture import outline
from dlscope.zoo.swin import STRANGERS, SWIN, build, distance_index, stranger_mask


@pytest.mark.parametrize(
    ("size", "parameters", "macs"),
    [
        ("tiny", 28_288_354, 4_490_566_656),
        ("small", 49_606_258, 8_740_875_264),
        ("base", 87_768_224, 15_430_946_816),
    ],
)
def test_has_the_published_size(sizes, size, parameters, macs):
    """The paper has 4.5, 8.7 and 15.4 billion; torchvision 4.491, 8.741 and 15.431."""
    assert sizes(SWIN, size=size) == (parameters, macs)


def test_costs_what_its_windows_cost(sizes):
    """In a block 12·C² for each place, and 2·49·C for it in attention; 8·C² for each 2×2 merged."""
    macs, places, channels = 3 * 16 * 96 * 56**2, 56**2, 96
    for stage, depth in enumerate((2, 2, 6, 2)):
        if stage:
            places, channels = places // 4, channels * 2
            macs += places * 2 * channels * channels
        macs += depth * places * (12 * channels**2 + 2 * 49 * channels)
    assert sizes(SWIN, size="tiny")[1] == macs + 768 * 1000


def test_two_places_at_one_distance_share_a_row_of_the_table():
    index = distance_index(3).reshape(3, 3, 3, 3)
    assert index.min() == 0
    assert index.max() == 24
    assert len(np.unique(index)) == 25
    assert index[0, 0, 0, 0] == index[1, 1, 1, 1] == index[2, 0, 2, 0] == 12
    assert index[0, 1, 1, 2] == index[1, 0, 2, 1]
    assert index[0, 1, 1, 2] != index[1, 2, 0, 1]


def test_the_mask_keeps_apart_what_comes_from_opposite_edges():
    """Four windows of 2×2 in a 4×4 image: only those at the end of an axis mix two edges."""
    first, right, below, corner = stranger_mask(4, window=2, shift=1) == STRANGERS
    assert not first.any()
    columns = np.array([0, 1, 0, 1])
    assert (right == (columns[:, None] != columns)).all()
    rows = np.array([0, 0, 1, 1])
    assert (below == (rows[:, None] != rows)).all()
    assert (corner == ~np.eye(4, dtype=bool)).all()


def operators(size: str, start: str) -> list[str]:
    nodes = outline(SWIN, {"size": size}).model.graph.node
    return [node.op_type for node in nodes if node.name.startswith(start)]


def test_every_second_block_is_rolled_there_and_back():
    rolls = {
        node.name.rpartition(".")[0]
        for node in outline(SWIN, {"size": "tiny"}).model.graph.node
        if node.name.endswith((".roll.rows", ".unroll.rows"))
    }
    shifted = [(0, 1), (1, 1), (2, 1), (2, 3), (2, 5)]
    assert rolls == {f"stages.{s}.{b}.{way}" for s, b in shifted for way in ("roll", "unroll")}


def test_a_roll_is_two_slices_and_a_concatenation_for_each_axis():
    assert operators("tiny", "stages.0.1.roll.") == ["Slice", "Slice", "Concat"] * 2


def test_a_merge_reads_the_four_quarters_of_each_2x2():
    assert operators("tiny", "merge.1") == [
        *["Slice"] * 8,
        "Concat",
        "LayerNormalization",
        "MatMul",
    ]


@pytest.fixture(scope="module")
def tiny() -> bytes:
    return build(None, {"size": "tiny", "seed": "0"})


def test_answers_with_numbers(answers, tiny):
    assert answers(tiny).shape == (2, 1000)


def probe(file: bytes, *names: str) -> list[np.ndarray]:
    """What the nodes of these names give for noise."""
    model = onnx.load_from_string(file)
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    image = np.random.default_rng(0).standard_normal((1, 3, 224, 224), np.float32)
    return session.run(names, {"image": image})


def test_an_image_is_rolled_cut_into_windows_and_put_together_again(tiny):
    """Against NumPy; the first stage has 8×8 windows."""
    normal, rolled, windows, attended, image, back = probe(
        tiny, *(f"stages.0.1.{name}" for name in (
            "norm1", "roll.columns", "windows", "attention.project", "image", "unroll.columns"
        ))
    )  # fmt: skip
    assert (rolled == np.roll(normal, (-3, -3), axis=(1, 2))).all()
    assert (windows[8 * 2 + 5].reshape(7, 7, 96) == rolled[0, 14:21, 35:42]).all()
    assert (image[0, 14:21, 35:42] == attended[8 * 2 + 5].reshape(7, 7, 96)).all()
    assert (back == np.roll(image, (3, 3), axis=(1, 2))).all()


def test_shares_of_a_shifted_window_follow_distance_and_strangers(tiny):
    (shares, scores) = probe(tiny, "stages.0.1.attention.shares", "stages.0.1.attention.scores")
    arrays = {each.name: each for each in onnx.load_from_string(tiny).graph.initializer}
    table = onnx.numpy_helper.to_array(arrays["stages.0.1.attention.distance.table"])
    bias = table[distance_index()].reshape(49, 49, 3).transpose(2, 0, 1)
    scores = scores.astype(np.float64) + bias + stranger_mask(56)[:, None]
    expected = np.exp(scores - scores.max(axis=-1, keepdims=True))
    expected /= expected.sum(axis=-1, keepdims=True)
    assert np.abs(shares - expected).max() < 1e-5
    assert shares[-1, 0, 0, -1] == 0
    assert shares[shares > 0].min() > np.finfo(np.float32).tiny


def test_a_merge_puts_each_2x2_side_by_side(tiny):
    before, after = probe(tiny, "stages.0.1.add2", "merge.1.concat")
    assert (after[0, 3, 4] == np.concatenate([
        before[0, 6, 8], before[0, 7, 8], before[0, 6, 9], before[0, 7, 9]
    ])).all()  # fmt: skip
