from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from brick_models import chain_model, few, fork_model, graph_of, models
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import FileError, GraphError
from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.suite import Suite, runtime_here

FIX = "generate it again with: dlscope bricks generate"


def cut(model, granularity: int = 1, *, name: str = "m", **changes: Any) -> Suite:
    asked = {"cut": "authored", "runtime": "none", **changes}
    return cut_models([(name, graph_of(model))], granularity, **asked)


@few
@given(models(), st.integers(1, 6), st.sampled_from(["standard", "overlapping"]))
def test_survives_being_written_down(model, granularity, partition) -> None:
    suite = cut(model, granularity, partition=partition)
    assert Suite.from_json(json.loads(json.dumps(suite.to_json()))) == suite


def test_the_same_suite_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path in paths:
        cut(chain_model()).save(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert Suite.load(paths[0]) == cut(chain_model())


def test_a_suite_that_says_nothing_of_windows_has_none() -> None:
    plain = cut(chain_model()).to_json()
    del plain["partition"]
    assert Suite.from_json(plain).partition == "standard"


def test_joined_suites_share_bricks() -> None:
    chain, fork = cut(chain_model(), name="chain"), cut(fork_model(), name="fork")
    joined = chain.with_models_of(fork)
    assert [model.name for model in joined.models] == ["chain", "fork"]
    assert list(joined.bricks)[: len(chain.bricks)] == list(chain.bricks)
    assert len(joined.bricks) == len({*chain.bricks, *fork.bricks}) == 4
    assert joined.layers == 9
    assert joined.occurrences().total() == 8


DIFFERENT = {
    "cut": ({"cut": "executed"}, "cut authored and executed"),
    "partition": ({"partition": "overlapping"}, "partition standard and overlapping"),
    "granularity": ({"granularity": 2}, "granularity 1 and 2"),
    "runtime": ({"runtime": "other"}, "runtime none and other"),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_refuses_to_join_what_is_cut_differently(name: str) -> None:
    changes, told = DIFFERENT[name]
    with pytest.raises(GraphError) as refused:
        cut(chain_model()).with_models_of(cut(fork_model(), name="other", **changes))
    assert str(refused.value) == (
        f"GraphError: the suites are cut differently: {told}\n"
        "  where  suite\n"
        "  fix    generate both in the same way"
    )


def test_refuses_a_model_twice() -> None:
    with pytest.raises(GraphError) as refused:
        cut(chain_model(), name="m").with_models_of(cut(fork_model(), name="m"))
    assert str(refused.value) == (
        "GraphError: the suite has 'm' already\n"
        "  where  suite\n"
        "  fix    leave it out, or give the other model a name of its own"
    )


def test_an_unknown_model_is_told_with_the_nearest() -> None:
    with pytest.raises(GraphError) as refused:
        cut(chain_model(), name="resnet18").model("resnet81")
    assert str(refused.value) == (
        "GraphError: the suite has no model 'resnet81'\n"
        "  where  suite\n"
        "  fix    did you mean resnet18?"
    )


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GraphError) as refused:
        Suite.load(tmp_path / "nowhere.json")
    assert str(refused.value) == (
        "GraphError: the suite cannot be read: No such file or directory\n"
        f"  where  {tmp_path}/nowhere.json\n"
        "  fix    give a file that dlscope bricks generate wrote"
    )


@pytest.mark.parametrize("content", [b"no JSON", b"\xff\xfe", b""])
def test_refuses_what_is_no_json(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "suite.json"
    path.write_bytes(content)
    with pytest.raises(GraphError) as refused:
        Suite.load(path)
    assert refused.value.what.startswith("the suite cannot be read: it is not JSON: ")
    assert refused.value.where == str(path)


def test_refuses_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileError) as refused:
        cut(chain_model()).save(tmp_path / "nowhere" / "suite.json")
    assert str(refused.value) == (
        "FileError: the file cannot be written: No such file or directory\n"
        f"  where  {tmp_path}/nowhere/suite.json\n"
        "  fix    name a file in a folder that exists and that you may write to"
    )


@pytest.mark.parametrize("plain", [[], "suite", {}, {"kind": "run"}])
def test_refuses_what_is_no_suite(plain) -> None:
    with pytest.raises(GraphError) as refused:
        Suite.from_json(plain)
    assert str(refused.value) == (
        "GraphError: the suite is damaged: it does not say that it is a suite\n"
        f"  where  suite\n  fix    {FIX}"
    )


@pytest.mark.parametrize("version", [0, 2, None, "1"])
def test_refuses_another_version(version) -> None:
    with pytest.raises(GraphError) as refused:
        Suite.from_json({**cut(chain_model()).to_json(), "schema_version": version})
    assert str(refused.value) == (
        f"GraphError: the suite has schema version {version}, not 1\n"
        "  where  suite\n"
        "  fix    use the version of dlscope that wrote it, or generate it again"
    )


def _renamed_brick(plain: dict[str, Any]) -> str:
    name = next(iter(plain["bricks"]))
    plain["bricks"]["0" * 16] = plain["bricks"].pop(name)
    return f"brick {'0' * 16} is really {name}"


def _missing_brick(plain: dict[str, Any]) -> str:
    name = next(iter(plain["bricks"]))
    del plain["bricks"][name]
    return f"there is no brick {name}"


def _changed_brick(plain: dict[str, Any]) -> str:
    brick = next(iter(plain["bricks"].values()))
    brick["layers"][0]["inputs"] = [0, 7]
    return "this is not a brick: its layers and its tensors do not fit together"


def _unknown_cut(plain: dict[str, Any]) -> str:
    plain["cut"] = "sliced"
    return "ValueError: 'sliced' is no cut"


def _unknown_partition(plain: dict[str, Any]) -> str:
    plain["partition"] = "some"
    return "ValueError: 'some' is no partition"


def _no_layers(plain: dict[str, Any]) -> str:
    plain["granularity"] = 0
    return "its bricks have at most 0 layers"


def _no_name(plain: dict[str, Any]) -> str:
    del plain["models"][0]["name"]
    return "KeyError: 'name'"


def _no_models(plain: dict[str, Any]) -> str:
    plain["models"] = 3
    return "TypeError: 'int' object is not iterable"


def _never(plain: dict[str, Any]) -> str:
    plain["models"][0]["composition"][0][1] = 0
    return "ValueError: a brick occurs 0 times"


def _other_count(plain: dict[str, Any]) -> str:
    plain["models"][0]["composition"][0][1] += 1
    return "the steps of 'm' are not those of its bricks"


def _short_step(plain: dict[str, Any]) -> str:
    plain["models"][0]["steps"][0][2] = []
    return "the steps of 'm' are not those of its bricks"


@pytest.mark.parametrize(
    "spoil",
    [
        *(_renamed_brick, _missing_brick, _changed_brick, _unknown_cut, _unknown_partition),
        *(_no_layers, _no_name, _no_models, _never, _other_count, _short_step),
    ],
)
def test_refuses_what_is_damaged(spoil, tmp_path: Path) -> None:
    plain = json.loads(json.dumps(cut(chain_model()).to_json()))
    told = spoil(plain)
    path = tmp_path / "suite.json"
    path.write_text(json.dumps(plain))
    with pytest.raises(GraphError) as refused:
        Suite.load(path)
    assert str(refused.value) == (
        f"GraphError: the suite is damaged: {told}\n  where  {path}\n  fix    {FIX}"
    )


def test_refuses_a_file_with_a_model_twice() -> None:
    plain = cut(chain_model()).to_json()
    plain["models"] *= 2
    with pytest.raises(GraphError, match="the suite has 'm' already"):
        Suite.from_json(plain)


def test_the_runtime_is_told_with_its_version() -> None:
    import onnxruntime

    assert runtime_here() == f"onnxruntime {onnxruntime.__version__}"
