from __future__ import annotations

import pytest

from dlscope.catalog.finder import find, names
from dlscope.core.errors import ManifestError
from dlscope.core.manifest import SpaceManifest
from dlscope.methods.codesign.space.space import Space, SpaceSize


def space(called: str, **changes) -> Space:
    manifest = find("space", called)
    assert isinstance(manifest, SpaceManifest)
    return Space(manifest.model_copy(update=changes))


def test_the_space_of_edd_has_as_many_networks_as_it_should() -> None:
    size = space("edd_imagenet").size()
    assert size.networks == 9**20 == 12_157_665_459_056_928_801
    assert size.with_precisions == 27**20 == 42_391_158_275_216_203_514_294_433_201
    assert size.with_lanes == 27**20 * 13**20
    network = space("edd_imagenet", quant_scope="network").size()
    assert network.with_precisions == 3 * 9**20 == 36_472_996_377_170_786_403


def test_lanes_of_a_type_of_operation_are_chosen_once() -> None:
    shared = space("edd_imagenet")
    lanes = shared.manifest.pf.model_copy(update={"scope": "op_type"})
    assert space("edd_imagenet", pf=lanes).size().with_lanes == 27**20 * 13**9


def test_small_spaces_are_counted_by_their_blocks() -> None:
    assert space("tiny_grey_4").size() == SpaceSize(5**4, 15**4, 15**4 * 9**4)
    assert space("mnist_cpu").size() == SpaceSize(8**4 * 5, 2 * 8**4 * 5, 2 * 8**4 * 5)


@pytest.mark.parametrize("name", names("space"))
def test_every_built_in_space_is_a_chain_of_layers(name) -> None:
    every = space(name)
    channels, size = every.stem_layers[-1].channels_out, every.stem_layers[-1].map_out
    for block in every.blocks:
        assert (block.channels_in, block.map_in) == (channels, size)
        for index in range(len(block.operations)):
            layers = block.layers(index)
            assert block.work(index) == sum(layer.work for layer in layers)
            if layers:
                assert layers[0].channels_in == channels
                assert layers[0].map_in == size
                assert layers[-1].channels_out == block.channels_out
                assert layers[-1].map_out == block.map_out
        channels, size = block.channels_out, block.map_out
    mixed, average, classifier = every.head_layers
    assert (mixed.channels_in, mixed.map_in, average.map_out) == (channels, size, (1, 1))
    assert classifier.channels_out == every.classes


def test_the_digest_is_of_what_can_be_chosen() -> None:
    first = space("tiny_grey_4")
    assert space("tiny_grey_4", name="other", description="").digest == first.digest
    assert space("tiny_grey_4", classes=11).digest != first.digest


def test_stem_and_head_have_the_widest_bits_or_those_of_the_network() -> None:
    assert space("tiny_grey_4").ends_precision(0).weight_bits == 16
    assert space("mnist_cpu").ends_precision(0).weight_bits == 8


def test_a_manifest_whose_parts_do_not_fit_is_refused() -> None:
    manifest = find("space", "tiny_grey_4")
    assert isinstance(manifest, SpaceManifest)
    data = manifest.to_json()
    data["blocks"][0]["ops"].append({"type": "skip"})
    with pytest.raises(ManifestError) as caught:
        Space(SpaceManifest.model_validate(data))
    assert caught.value.where == "space tiny_grey_4, blocks[0].ops[5]"
