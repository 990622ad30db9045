from __future__ import annotations

import math
import sys

import pytest
from gpu_stand_ins import CudaStandIn, CudnnModule
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import PluginError
from dlscope.methods.bounds.implementation import CHANNELS_LAST, PLAIN
from dlscope.methods.bounds.implementations.cudnn_library import (
    Convolution,
    CudnnFrontend,
    Operands,
    strides_of,
)

ENGINES = {
    "eng7_k2=1": {"mode": "B", "notes": ("fft",), "workspace": 5},
    "eng3_k1=0": {"mode": "A", "notes": ("tensor_core", "down_convert_inputs"), "workspace": 9},
    "eng1_k9=4": {"mode": "A", "notes": ("winograd",)},
    "eng0": {"mode": "FALLBACK", "refusal": "CUDNN_STATUS_BAD_PARAM\nat line 3"},
}
CONVOLUTION = Convolution(
    (1, 4, 6, 6), (8, 4, 3, 3), (1, 8, 3, 3), (2, 2), (1, 0), (1, 1), (1, 1), True, "Relu"
)


@pytest.fixture
def module(monkeypatch) -> CudnnModule:
    module = CudnnModule(ENGINES)
    monkeypatch.setitem(sys.modules, "cudnn", module)
    return module


@pytest.fixture
def frontend(module) -> CudnnFrontend:
    return CudnnFrontend(CudaStandIn())


def test_plans_are_those_of_all_modes_with_their_notes_and_memory(frontend) -> None:
    found = frontend.plans(CONVOLUTION, "float32", PLAIN)
    assert [(each.name, each.workspace_bytes, set(each.notes), each.refusal) for each in found] == [
        ("eng3_k1=0", 9, {"tensor_core", "down_convert_inputs"}, ""),
        ("eng1_k9=4", 0, {"winograd"}, ""),
        ("eng7_k2=1", 5, {"fft"}, ""),
        ("eng0", 0, set(), "CUDNN_STATUS_BAD_PARAM"),
    ]


def test_the_heuristic_choice_is_plan_0_of_mode_a(frontend) -> None:
    found = frontend.plans(CONVOLUTION, "float32", PLAIN)
    assert [each.name for each in found if each.is_heuristic] == ["eng3_k1=0"]


def test_nothing_is_chosen_where_mode_a_knows_no_plan(module, frontend) -> None:
    module.engines = {"eng7": {"mode": "B"}}
    (only,) = frontend.plans(CONVOLUTION, "float32", PLAIN)
    assert not only.is_heuristic


def test_a_plan_is_launched_on_the_graph_that_it_was_built_in(module, frontend) -> None:
    plan = frontend.plans(CONVOLUTION, "float32", PLAIN)[2]
    plan.execute(Operands("x", "w", "b", "y", "space"))
    (graph,) = [each for each in module.graphs if each.executed]
    assert graph.executed == [
        ({"image": "x", "weight": "w", "bias": "b", "relu": "y"}, "space", 2, "handle")
    ]
    assert module.streams == [7]


def test_what_was_listed_is_not_built_again(module, frontend) -> None:
    first = frontend.plans(CONVOLUTION, "float32", PLAIN)
    graphs = len(module.graphs)
    assert frontend.plans(CONVOLUTION, "float32", PLAIN) is first
    assert len(module.graphs) == graphs
    frontend.plans(CONVOLUTION, "float16", PLAIN)
    assert len(module.graphs) == 2 * graphs


def test_the_graph_says_how_everything_lies(module, frontend) -> None:
    frontend.plans(CONVOLUTION, "float16", CHANNELS_LAST)
    graph = module.graphs[0]
    assert graph.settings == {
        "handle": "handle",
        "io_data_type": "half",
        "intermediate_data_type": "float",
        "compute_data_type": "float",
    }
    (_, convolution), (_, bias), (last, activation) = graph.steps
    assert convolution["image"].told["stride"] == [144, 1, 24, 4]
    assert convolution["weight"].told == {
        "name": "weight",
        "dim": [8, 4, 3, 3],
        "stride": [36, 1, 12, 4],
        "data_type": "half",
    }
    window = {name: convolution[name] for name in ("pre_padding", "post_padding", "stride")}
    assert window == {"pre_padding": [1, 0], "post_padding": [1, 1], "stride": [2, 2]}
    assert bias["bias"].told["dim"] == [1, 8, 1, 1]
    assert (last, set(activation)) == ("relu", {"input"})


@pytest.mark.parametrize(
    ("activation", "step", "told"),
    [
        ("Clip", "relu", {"lower_clip": 0.0, "upper_clip": math.inf}),
        ("Sigmoid", "sigmoid", {}),
        ("", "conv_fprop", None),
    ],
)
def test_each_activation_is_a_step_of_its_own(module, frontend, activation, step, told) -> None:
    convolution = Convolution(*[*vars(CONVOLUTION).values()][:7], activation=activation)
    frontend.plans(convolution, "float32", PLAIN)
    name, given_ = module.graphs[0].steps[-1]
    assert name == step
    assert told is None or {key: value for key, value in given_.items() if key != "input"} == told


def test_tells_both_versions(frontend) -> None:
    assert frontend.version() == "91000 (1.2)"


def test_says_what_is_not_installed(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "cudnn", None)
    with pytest.raises(PluginError) as caught:
        CudnnFrontend(CudaStandIn())
    assert str(caught.value) == (
        "PluginError: implementation 'cudnn' needs 'cudnn', which is not installed\n"
        "  where  dlscope.methods.bounds.implementations.cudnn_library\n"
        "  fix    pip install nvidia-cudnn-frontend"
    )


def test_says_that_the_library_itself_cannot_be_loaded(monkeypatch, tmp_path) -> None:
    (tmp_path / "cudnn.py").write_text("raise RuntimeError('libcudnn.so.9: no such file')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cudnn", raising=False)
    with pytest.raises(PluginError) as caught:
        CudnnFrontend(CudaStandIn())
    assert str(caught.value) == (
        "PluginError: implementation 'cudnn' cannot load its library: "
        "libcudnn.so.9: no such file\n"
        "  where  dlscope.methods.bounds.implementations.cudnn_library\n"
        "  fix    install cuDNN beside nvidia-cudnn-frontend"
    )


@given(st.lists(st.integers(1, 5), min_size=3, max_size=5), st.sampled_from([PLAIN, CHANNELS_LAST]))
def test_strides_reach_every_element_once(shape, layout) -> None:
    strides = strides_of(shape, layout)
    places = [0]
    for size, stride in zip(shape, strides, strict=True):
        places = [place + index * stride for place in places for index in range(size)]
    assert sorted(places) == list(range(math.prod(shape)))
