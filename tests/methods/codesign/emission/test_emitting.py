from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from emission_networks import images, small_network

from dlscope.core.errors import SearchError
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.emission.calibration import inputs_of
from dlscope.methods.codesign.emission.emitting import (
    FOLDER,
    Accelerator,
    emit_accelerator,
    emit_onnx,
    reference_of,
    runs_in_float,
    verified_folder,
)
from dlscope.methods.codesign.emission.quantise import quantise

ACCELERATOR = Accelerator("pipelined", (2, 8, 4, 8, 4, 2, 8), part="XC7Z045", clock_mhz=200)


def test_a_model_comes_with_its_manifest(folded, tmp_path) -> None:
    emitted = emit_onnx(folded, images(), tmp_path, name="mine")
    assert emitted.files == ("mine.onnx", "mine.yaml")
    assert all((tmp_path / name).is_file() for name in emitted.files)


def test_a_network_of_32_bits_stays_as_it_is(folded, tmp_path) -> None:
    layers = tuple(replace(layer, precision=Precision.of(32)) for layer in folded.layers)
    whole = replace(folded, layers=layers)
    assert runs_in_float(whole) and not runs_in_float(folded)
    *_, expected = inputs_of(whole, images())
    assert np.array_equal(reference_of(whole, images())(images()), expected)
    emit_onnx(whole, images(), tmp_path, name="mine")
    assert b"QuantizeLinear" not in (tmp_path / "mine.onnx").read_bytes()


def test_the_reference_of_fewer_bits_are_the_integers(folded) -> None:
    found = reference_of(folded, images())(images())
    assert np.array_equal(found, quantise(folded, images()).logits(images()))


def test_nothing_is_written_when_the_compiler_is_missing(folded, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(SearchError, match="there is no C"):
        emit_accelerator(
            folded, images(), ACCELERATOR, tmp_path, name="mine", rng=np.random.default_rng(0)
        )
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_folder_without_an_accelerator(folded, integers, tmp_path) -> None:
    folder = tmp_path / "accelerator"
    fix = f"emit the design: dlscope codesign emit {tmp_path} --to cpp"
    with pytest.raises(SearchError) as refused:
        Accelerator.read(folder)
    assert refused.value.what == "no accelerator can be read: there is none"
    assert refused.value.fix == fix
    source = ACCELERATOR.source(integers, title="mine")
    with pytest.raises(SearchError) as refused:
        verified_folder(integers, source, folder, np.random.default_rng(0), count=1)
    assert refused.value.what.startswith("there is no numbers.h, streams.h, instruments.h")
    assert refused.value.fix == fix


def test_options_that_were_cut_are_told_so(tmp_path) -> None:
    (tmp_path / "accelerator.json").write_text("{")
    with pytest.raises(SearchError) as refused:
        Accelerator.read(tmp_path)
    assert refused.value.what == ("no accelerator can be read: its options are cut or edited")


@pytest.mark.slow
@pytest.mark.parametrize("tiling", ["pipelined", "dataflow", "recursive"])
def test_what_was_written_is_verified_again_as_it_lies_there(tiling, tmp_path) -> None:
    network, rng = small_network(), np.random.default_rng(0)
    accelerator = replace(ACCELERATOR, tiling=tiling)
    emitted = emit_accelerator(network, images(), accelerator, tmp_path, name="mine", rng=rng)
    assert emitted.verification.vectors == 215
    assert sorted(emitted.files) == sorted(
        each.relative_to(tmp_path).as_posix() for each in (tmp_path / FOLDER).iterdir()
    )
    assert Accelerator.read(tmp_path / FOLDER) == accelerator
    whole = quantise(network, images())
    source = accelerator.source(whole, title="mine")
    assert verified_folder(whole, source, tmp_path / FOLDER, rng, count=1).vectors == 16


@pytest.mark.slow
def test_files_that_the_design_does_not_give_are_refused_though_nothing_differs(tmp_path) -> None:
    network, rng = small_network(), np.random.default_rng(0)
    emit_accelerator(network, images(), ACCELERATOR, tmp_path, name="mine", rng=rng)
    path = tmp_path / FOLDER / "accelerator.cpp"
    path.write_text(path.read_text() + "// edited\n")
    whole = quantise(network, images())
    source = ACCELERATOR.source(whole, title="mine")
    with pytest.raises(SearchError) as refused:
        verified_folder(whole, source, tmp_path / FOLDER, rng, count=1)
    assert refused.value.what == (
        "accelerator.cpp is not what the design gives, though all integers are equal"
    )
