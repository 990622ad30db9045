from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import DataError  # noqa: E402 - after the check for torch
from dlscope.zoo.segmenter import caffe_weights  # noqa: E402 - after the check for torch
from dlscope.zoo.segmenter.caffe_weights import load_caffe_weights  # noqa: E402 - as above
from dlscope.zoo.segmenter.deeplab_v2 import DeepLabV2  # noqa: E402 - after the check for torch
from dlscope.zoo.segmenter.named import segmenter  # noqa: E402 - after the check for torch


def theirs(classes: int = 19):
    """A state as the published files have it, of shapes alone: no memory is used."""
    with torch.device("meta"):
        own = DeepLabV2().state_dict()
    state = {name: own[ours] for name, ours in caffe_weights._names().items()}
    for branch in range(4):
        state[f"layer5.conv2d_list.{branch}.weight"] = torch.empty(
            classes, 2048, 3, 3, device="meta"
        )
        state[f"layer5.conv2d_list.{branch}.bias"] = torch.empty(classes, device="meta")
    return state


@pytest.fixture
def network():
    with torch.device("meta"):
        return DeepLabV2()


@pytest.fixture
def given(monkeypatch, tmp_path):
    """Lets a state be what is in a file, whose tensors have shapes alone."""

    def give(state):
        monkeypatch.setattr(caffe_weights, "_state", lambda _path: state)
        return tmp_path / "weights.pth"

    return give


@pytest.mark.parametrize("prefix", ["", "Scale.", "module.", "module.Scale."])
def test_every_tensor_has_a_name_in_the_file_whatever_its_prefix(network, given, prefix):
    told = load_caffe_weights(network, given({prefix + n: v for n, v in theirs().items()}))
    assert (len(told.loaded), told.skipped, told.missing) == (104 + 4 * 104 + 8, {}, ())
    assert str(told) == "528 tensors loaded"


def test_names_are_those_of_the_published_files():
    names = caffe_weights._names()
    assert names["conv1.weight"] == "stem.0.weight"
    assert names["layer1.0.downsample.1.running_var"] == "stages.0.shortcut.1.running_var"
    assert names["layer3.22.conv2.weight"] == "stages.29.spread.0.weight"
    assert names["layer4.2.bn3.bias"] == "stages.32.enlarge.1.bias"
    assert names["layer5.conv2d_list.1.bias"] == "branches.1.bias"
    assert "layer2.1.downsample.0.weight" not in names


def test_a_head_of_other_classes_is_skipped_and_told(network, given):
    state = {f"Scale.{name}": value for name, value in theirs(21).items()}
    told = load_caffe_weights(network, given(state | {"Scale.fc.weight": torch.zeros(1)}))
    assert len(told.loaded) == 520
    assert told.skipped["Scale.layer5.conv2d_list.0.weight"] == "21×2048×3×3, not 19×2048×3×3"
    assert told.skipped["Scale.fc.weight"] == "no such part"
    assert told.missing[0] == "branches.0.weight"
    assert str(told).endswith("8 missing: branches.0.weight, branches.0.bias, branches.1.weight, …")


def test_counters_of_batches_are_neither_loaded_nor_skipped(network, given):
    state = theirs() | {"bn1.num_batches_tracked": torch.tensor(3)}
    assert load_caffe_weights(network, given(state)).skipped == {}


def test_less_than_nine_tenths_are_refused_unless_allowed(network, given):
    state = {name: value for name, value in theirs().items() if not name.startswith("layer3")}
    path = given(state)
    with pytest.raises(DataError) as refused:
        load_caffe_weights(network, path)
    assert str(refused.value) == (
        "DataError: only 33% of the tensors below the head are in the file; 178 tensors loaded, "
        "350 missing: stages.7.reduce.0.weight, stages.7.spread.0.weight, "
        "stages.7.enlarge.0.weight, …\n"
        f"  where  {path}\n"
        "  fix    give the weights of a ResNet-101 in Caffe's form, or --allow-partial"
    )
    assert len(load_caffe_weights(network, path, allows_partial=True).missing) == 350


def test_another_network_has_no_such_weights(tmp_path):
    with pytest.raises(DataError) as refused:
        load_caffe_weights(segmenter("sceneseg_lite"), tmp_path / "weights.pth")
    assert str(refused.value) == (
        "DataError: sceneseg_lite has no weights of Caffe\n"
        f"  where  {tmp_path / 'weights.pth'}\n"
        "  fix    use them with deeplabv2_resnet101, the network of the preset paper"
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [([1, 2], "it is no dictionary of tensors"), ({"conv1.weight": 3}, "it is no dictionary")],
    ids=["a list", "numbers"],
)
def test_what_is_no_state_is_refused(network, tmp_path, content, told):
    path = tmp_path / "weights.pth"
    torch.save(content, path)
    with pytest.raises(DataError, match=f"the weights cannot be read: {told}"):
        load_caffe_weights(network, path)


def test_a_file_that_would_execute_is_refused(network, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"conv1.weight": print}, path)
    with pytest.raises(DataError, match="the weights cannot be read"):
        load_caffe_weights(network, path)


@pytest.mark.slow
def test_a_real_file_gives_the_network_its_values(tmp_path):
    torch.manual_seed(0)
    network = DeepLabV2()
    names = caffe_weights._names()
    state = {
        f"Scale.{name}": torch.randn_like(network.state_dict()[ours])
        for name, ours in names.items()
    }
    torch.save({"state_dict": state}, tmp_path / "weights.pth")
    load_caffe_weights(network, tmp_path / "weights.pth")
    own = network.state_dict()
    assert all(torch.equal(own[ours], state[f"Scale.{name}"]) for name, ours in names.items())
