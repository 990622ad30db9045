from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import onnx
import pytest
from measured_models import forked_model

from dlscope.core.errors import PluginError
from dlscope.graph.read import read_graph
from dlscope.methods.bounds.end_to_end_child import OpenedSetup, calls_of, feeds_of
from dlscope.methods.bounds.setups import Setup


@pytest.fixture
def path(tmp_path: Path) -> Path:
    onnx.save(forked_model(), tmp_path / "forked.onnx")
    return tmp_path / "forked.onnx"


def order(path: Path, setup: Setup) -> dict[str, object]:
    return {"graph": str(path), "setup": setup.to_json(), "threads": 1}


@pytest.mark.parametrize(
    ("call_ns", "calls"),
    [(1_000, 200), (1_000_000, 20), (19_000_000, 2), (50_000_000, 1), (0, 200)],
)
def test_a_turn_is_some_calls_long_enough_to_be_timed(call_ns: int, calls: int) -> None:
    now = 0

    def run() -> None:
        nonlocal now
        now += call_ns

    assert calls_of(run, clock=lambda: now) == calls


def test_a_turn_has_a_time_and_what_was_waited(path: Path) -> None:
    with closing(OpenedSetup(order(path, Setup("onnxruntime")))) as opened:
        turn = opened.turn()
    assert turn["sample_ns"] > 0
    assert turn["waited_ns"] >= 0


def test_layers_elsewhere_are_computed_there(path: Path) -> None:
    import onnxruntime
    from onnx import __version__ as reference

    elsewhere = Setup("onnxruntime", {}, {"LRN": "reference"})
    with closing(OpenedSetup(order(path, elsewhere))) as opened:
        assert opened.version == f"{onnxruntime.__version__}+{reference}"
        assert opened.turn()["sample_ns"] > 0


def test_the_inputs_are_called_as_in_the_graph(path: Path) -> None:
    assert {name: array.shape for name, array in feeds_of(read_graph(path)).items()} == {
        "x": (1, 8, 6, 6)
    }


def test_an_unknown_backend_is_refused(path: Path) -> None:
    with pytest.raises(PluginError, match="there is no"):
        OpenedSetup(order(path, Setup("unheard_of")))


def test_a_process_answers_every_line_and_prints_nothing_else(path: Path) -> None:
    lines = [json.dumps(order(path, Setup("onnxruntime"))), "turn", "turn"]
    done = subprocess.run(
        [sys.executable, "-m", "dlscope.methods.bounds.end_to_end_child"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [sorted(each) for each in told] == [["version"], *[["sample_ns", "waited_ns"]] * 2]


def test_a_process_says_why_it_cannot(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dlscope.methods.bounds.end_to_end_child"],
        input=json.dumps(order(path.with_name("none.onnx"), Setup("onnxruntime"))) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert list(json.loads(done.stdout)) == ["failed"]
