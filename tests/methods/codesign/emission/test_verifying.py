from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from emission_networks import images, small_network
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlscope.core.errors import SearchError
from dlscope.devices.fpga_dataflow import MatrixVectorUnit
from dlscope.devices.pipeline_stage import PipelineStage, split_lanes
from dlscope.methods.codesign.emission.accelerator.recursive import recursive_source
from dlscope.methods.codesign.emission.accelerator.source import ModelledStage, Source
from dlscope.methods.codesign.emission.accelerator.stages import dataflow, places
from dlscope.methods.codesign.emission.accelerator.streaming import streaming_source
from dlscope.methods.codesign.emission.quantise import quantise
from dlscope.methods.codesign.emission.verifying import Verification, verified

LANES = (2, 8, 4, 8, 4, 2, 8)


@pytest.fixture(scope="module")
def pipelined(integers) -> Source:
    return streaming_source(integers, LANES, "pipelined")


@pytest.fixture(scope="module")
def found(pipelined, integers) -> Verification:
    return verified(pipelined, integers, np.random.default_rng(0))


def test_a_network_of_4_6_and_8_bits_gives_every_integer(found, integers) -> None:
    assert {layer.precision.weight_bits for layer in integers.layers} == {4, 6, 8}
    assert "depthwise" in {layer.shape.kind for layer in integers.layers}
    given = sum(layer.shape.outputs for layer in integers.layers) + 8
    assert (found.vectors, found.integers) == (215, 215 * given)


def test_counted_cycles_are_those_of_the_pipeline_model(found, integers) -> None:
    modelled = [
        PipelineStage(shape, layer.precision, *split_lanes(shape, lanes)).cycles
        for (layer, shape), lanes in zip(places(integers), LANES, strict=True)
    ]
    assert [stage.counted for stage in found.stages] == modelled


def test_one_flipped_weight_is_found_with_its_layer_and_both_values(pipelined, integers) -> None:
    text = pipelined.files["weights.h"]
    place = re.search(r"s2_b0_depthwise_weights\[\d+\]\[\d+\] = \{\n    \{(-?\d+)", text)
    flipped = text[: place.start(1)] + str(-int(place[1]) - 1) + text[place.end(1) :]
    spoiled = replace(pipelined, files={**pipelined.files, "weights.h": flipped})
    with pytest.raises(SearchError) as refused:
        verified(spoiled, integers, np.random.default_rng(0))
    assert re.fullmatch(r"\d+ of \d+ integers differ from the reference", refused.value.what)
    assert re.fullmatch(
        r"layer b0\.depthwise, index \d+ of vector \d+: expected -?\d+, got -?\d+",
        refused.value.where,
    )


@pytest.mark.slow
def test_units_of_a_dataflow_count_as_their_model(integers) -> None:
    found = verified(
        streaming_source(integers, LANES, "dataflow"), integers, np.random.default_rng(0)
    )
    tiled = [
        (shape, layer, dataflow(shape, layer.precision, lanes))
        for (layer, shape), lanes in zip(places(integers), LANES, strict=True)
    ]
    assert [stage.counted for stage in found.stages] == [
        MatrixVectorUnit(shape, layer.precision, each.lanes_out, each.simd).cycles
        for shape, layer, each in tiled
    ]


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [1, 4, 16, 64])
def test_engines_give_every_integer_at_any_width(integers, lanes) -> None:
    source = recursive_source(integers, [lanes] * len(LANES))
    assert verified(source, integers, np.random.default_rng(0)).vectors == 215


@pytest.mark.slow
def test_wide_accumulators_and_golden_values_of_64_bits() -> None:
    network = small_network(bits=(16, 8, 16, 8, 16, 16))
    whole = quantise(network, images(), most_accumulator_bits=53)
    source = streaming_source(whole, LANES, "pipelined")
    assert source.golden_bits == 64
    assert verified(source, whole, np.random.default_rng(0), count=20).vectors == 35


@pytest.mark.slow
def test_cycles_that_the_model_does_not_know_are_an_error(pipelined, integers) -> None:
    first, *rest = pipelined.stages
    other = replace(pipelined, stages=(ModelledStage(first.name, first.cycles + 1), *rest))
    with pytest.raises(SearchError) as refused:
        verified(other, integers, np.random.default_rng(0), count=1)
    assert refused.value.what == (
        f"{first.cycles} cycles were counted, the model says {first.cycles + 1}"
    )


@pytest.mark.slow
def test_numbers_that_do_not_fit_their_bits_are_an_error(pipelined, integers) -> None:
    text = pipelined.files["accelerator.cpp"]
    narrow = re.sub(r"typedef Numbers<\d+>::Signed sum_t", "typedef Numbers<9>::Signed sum_t", text)
    spoiled = replace(pipelined, files={**pipelined.files, "accelerator.cpp": narrow})
    with pytest.raises(SearchError, match=r"do not fit|differ from the reference"):
        verified(spoiled, integers, np.random.default_rng(0), count=1)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    bits=st.tuples(*[st.sampled_from([2, 3, 4, 5, 6, 8])] * 6),
    size=st.integers(3, 9),
    stride=st.sampled_from([1, 2]),
    lanes=st.tuples(*[st.sampled_from([1, 2, 4, 8, 16])] * 7),
    tiling=st.sampled_from(["pipelined", "dataflow", "recursive"]),
    activation=st.sampled_from(["relu", "relu6"]),
)
def test_any_small_design_gives_every_integer(
    seed, bits, size, stride, lanes, tiling, activation
) -> None:
    network = small_network(seed, bits=bits, size=size, stride=stride, activation=activation)
    whole = quantise(network, images(size=size, seed=seed))
    if tiling == "recursive":
        source = recursive_source(whole, lanes)
    else:
        source = streaming_source(whole, lanes, tiling)
    assert verified(source, whole, np.random.default_rng(seed), count=20).vectors == 35
