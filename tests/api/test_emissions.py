from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dlscope import api
from dlscope.catalog.finder import find
from dlscope.core.digest import file_digest
from dlscope.core.errors import SearchError
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.named_device import named_device
from dlscope.methods.codesign.random_network import random_network
from dlscope.methods.codesign.searching.design_file import DesignFile
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.methods.codesign.stored_network import save_network


def _design(folder: Path, device: str = "zc706:pipelined", *, has_network: bool = True) -> Path:
    """A design of the small grey space with random weights."""
    space = Space(find("space", "tiny_grey_4"))
    rng = np.random.default_rng(0)
    design = Design.random(space, rng)
    implemented = Implementer(space, named_device(device, local=_none)).implement(design)
    file = DesignFile.of(space, implemented, device=device, device_digest="0" * 64, seed=0)
    path = folder / "design.json"
    file.save(path)
    if has_network:
        save_network(random_network(space, design, rng), folder / "network.npz")
    return path


def _none():
    raise AssertionError("no device of this machine is asked for")


def test_a_model_and_its_digests_come_beside_the_design(tmp_path) -> None:
    path = _design(tmp_path)
    report = api.emit_design(path, to="onnx")
    files = DesignFile.load(path).files
    assert report.table("emitted").column("file") == tuple(files)
    ((command, _),) = report.next_commands
    assert command == f"dlscope profile {next(tmp_path.glob('design-*.yaml'))}"
    assert all(file_digest(tmp_path / name) == sha256 for name, sha256 in files.items())
    assert report.table("agreement").rows == ()


def test_another_folder_gets_all_that_a_design_is(tmp_path) -> None:
    path = _design(tmp_path)
    before = path.read_bytes()
    api.emit_design(path, to="onnx", output=tmp_path / "out")
    assert {each.suffix for each in (tmp_path / "out").iterdir()} == {
        ".json",
        ".npz",
        ".onnx",
        ".yaml",
    }
    assert path.read_bytes() == before
    DesignFile.load(tmp_path / "out" / "design.json")


def test_a_search_is_emitted_by_the_beginning_of_its_name(tmp_path) -> None:
    folder = tmp_path / "codesign" / "ab12cd"
    folder.mkdir(parents=True)
    _design(folder)
    (folder / "request.json").write_text("{}")
    report = api.emit_design("ab1", to="onnx", store=str(tmp_path))
    assert report.answer.endswith(f"files are in {folder}.")
    assert list(folder.glob("*.onnx"))


def test_refuses_a_design_that_was_not_trained(tmp_path) -> None:
    path = _design(tmp_path, has_network=False)
    with pytest.raises(SearchError) as refused:
        api.emit_design(path, to="onnx")
    assert refused.value.what == "there is no trained network network.npz beside the design"
    assert refused.value.fix.startswith("train it: dlscope codesign train ")


def test_refuses_another_form(tmp_path) -> None:
    with pytest.raises(SearchError) as refused:
        api.emit_design(_design(tmp_path), to="cp")
    assert (refused.value.what, refused.value.where) == (
        "a design cannot be emitted as 'cp'",
        "--to",
    )
    assert refused.value.fix == "did you mean cpp?"


def test_refuses_an_edited_design(tmp_path) -> None:
    path = _design(tmp_path)
    data = json.loads(path.read_text())
    data["seed"] = 1
    path.write_text(json.dumps(data))
    with pytest.raises(SearchError, match="the content has the digest"):
        api.emit_design(path, to="onnx")


def test_refuses_layers_whose_sums_are_too_wide_by_name(tmp_path) -> None:
    with pytest.raises(SearchError) as refused:
        api.emit_design(_design(tmp_path), to="cpp", accumulator_bits=32)
    assert refused.value.where == "head (35 bits), classifier (40 bits)"
    assert refused.value.fix.startswith("allow 40 bits (--accumulator-bits 40), or ")


@pytest.mark.slow
@pytest.mark.parametrize("device", ["zc706:pipelined", "zc706:dataflow", "zc706:recursive"])
def test_an_accelerator_of_each_device_counts_the_cycles_of_its_design(tmp_path, device) -> None:
    path = _design(tmp_path, device)
    report = api.emit_design(path, to="cpp")
    assert report.answer.endswith(" Accumulators have up to 40 bits, as the sums need.")
    table = report.table("verification")
    assert table.column("counted_cycles") == table.column("modelled_cycles")
    if not device.endswith("recursive"):
        file = DesignFile.load(path)
        board = find("board", "zc706")
        told = [stage["latency_ns"] * board.clock_mhz / 1e3 for stage in file.stages]
        assert table.column("counted_cycles") == pytest.approx(told)
    ((command, _),) = report.next_commands
    assert command == f"dlscope codesign simulate {tmp_path} --vectors 1000"
    again = api.simulate_design(path, vectors=1)
    assert again.table("verification").rows == table.rows


@pytest.mark.slow
def test_one_weight_that_was_edited_is_found(tmp_path) -> None:
    path = _design(tmp_path)
    api.emit_design(path, to="cpp")
    header = tmp_path / "accelerator" / "weights.h"
    text = header.read_text()
    start = text.index("_weights", text.index("_depthwise_weights"))
    first = text.index("{", text.index("{", start) + 1) + 1
    end = text.index(",", first)
    header.write_text(text[:first] + str(-int(text[first:end]) - 1) + text[end:])
    with pytest.raises(SearchError, match="integers differ from the reference"):
        api.simulate_design(path)
