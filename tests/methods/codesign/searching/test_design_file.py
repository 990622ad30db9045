from __future__ import annotations

import json
from pathlib import Path

import pytest

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching.design_file import DesignFile, identity_of
from dlscope.methods.codesign.space.design import Design


@pytest.fixture(scope="module")
def implementer(small) -> Implementer:
    return Implementer(small, PipelinedFpga(find("board", "pynq_z1")))


@pytest.fixture
def saved(small, implementer, tmp_path: Path) -> Path:
    implemented = implementer.implement(Design.of(small, (1, 0), (0, 1)))
    file = DesignFile.of(
        small, implemented, device="pynq_z1:pipelined", device_digest="d" * 64, seed=3
    )
    file.save(tmp_path / "design.json")
    return tmp_path / "design.json"


def test_rebuilds_the_same_network_and_numbers(small, implementer, saved: Path) -> None:
    read = DesignFile.load(saved)
    space = read.space_of_it()
    assert space.digest == small.digest
    design = read.design_in(space)
    assert design == Design.of(small, (1, 0), (0, 1))
    implemented = Implementer(space, implementer.device).implement(design)
    assert implemented.interval_ns == read.costs["interval_ns"]
    assert [stage["lanes"] for stage in read.stages] == list(implemented.lanes)
    assert read.identity == identity_of(design)


def test_saving_again_gives_the_same_file(saved: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    DesignFile.load(saved).save(again)
    assert again.read_bytes() == saved.read_bytes()


def test_every_stage_says_where_it_belongs(saved: Path) -> None:
    stages = DesignFile.load(saved).stages
    assert [stage["block"] for stage in stages] == [
        None, "first", "first", "second", "second", "second", None, None, None,
    ]  # fmt: skip
    assert stages[1]["weight_bits"] == 4
    assert stages[3]["weight_bits"] == 8
    assert all(stage["cpf"] * stage["kpf"] <= stage["lanes"] for stage in stages)


def test_a_newer_schema_is_refused(saved: Path) -> None:
    saved.write_text(json.dumps({**json.loads(saved.read_text()), "schema_version": 2}))
    with pytest.raises(SearchError) as refused:
        DesignFile.load(saved)
    assert refused.value.what == "the design has schema 2, this dlscope reads 1"


def test_edited_content_is_refused_with_both_digests(saved: Path) -> None:
    data = json.loads(saved.read_text())
    data["costs"]["fps"] *= 2
    saved.write_text(json.dumps(data))
    with pytest.raises(SearchError) as refused:
        DesignFile.load(saved)
    assert refused.value.what.endswith(f"the file says {data['digest'][:12]}")
    assert refused.value.what.startswith("the content has the digest ")


@pytest.mark.parametrize("content", ["", "[]", "{}", "not json"])
def test_what_is_no_design_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "design.json"
    path.write_text(content)
    with pytest.raises(SearchError) as refused:
        DesignFile.load(path)
    assert refused.value.what == ("no design can be read: it is no design.json, or not all of one")
    assert refused.value.where == str(path)
    assert refused.value.fix == "give the design.json of a search: dlscope codesign list names them"


def test_a_missing_design_is_told_without_the_words_of_python(tmp_path: Path) -> None:
    with pytest.raises(SearchError) as refused:
        DesignFile.load(tmp_path / "design.json")
    assert refused.value.what == "no design can be read: No such file or directory"


def test_emitted_files_are_kept_with_their_digest(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "design.onnx").write_bytes(b"model")
    files = DesignFile.load(saved).with_files(tmp_path, ["design.onnx"]).files
    assert files == {
        "design.onnx": "9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4"
    }
