from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from dlscope.agents import ordered_process
from dlscope.core.errors import BackendError
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.running import run_process

QUICK = Protocol(processes=1, min_rounds=3, max_seconds=0.1)


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the process that walks another one, which does what it is given."""

    def replace_by(program: str) -> None:
        script = tmp_path / "python"
        body = tmp_path / "program.py"
        body.write_text(program)
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {body} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setattr(ordered_process.sys, "executable", str(script))

    return replace_by


@pytest.fixture(scope="module")
def walked(suite, files):
    """What one real process measured, and what it told on its way."""
    told: list[dict] = []
    found = run_process(suite, QUICK, files, progress=told.append)
    return found, told


def test_every_brick_is_walked_over_once(walked, suite) -> None:
    found, _ = walked
    assert sorted(item.brick for item in found.items) == sorted(suite.bricks)
    assert [item.model for item in found.items] == ["chain", "chain", "fork", "fork"]
    assert found.failed == {}


def test_arrays_have_rounds_items_and_clocks(walked) -> None:
    found, _ = walked
    rounds = len(found.walk)
    assert rounds >= QUICK.min_rounds
    assert found.walk.shape == found.null.shape == (rounds, 4, 2)
    assert found.whole.shape == (rounds, 2, 2, 2)
    assert found.hot.shape[1:] == found.touch.shape[1:] == (4, 2)
    assert found.null_hot.shape[1:] == (QUICK.nulls, 2)
    assert found.view.shape == (6, 2)
    assert (found.walk > 0).all()
    assert (found.whole > 0).all()


def test_a_quick_process_measures_the_walk_alone(suite, files) -> None:
    protocol = Protocol(processes=1, min_rounds=2, max_seconds=0.1, is_quick=True)
    found = run_process(suite, protocol, files)
    assert found.failed == {}
    assert (found.walk[:2] > 0).all()
    assert found.hot.shape == found.touch.shape == (0, 4, 2)
    assert found.null_hot.shape[1:] == (protocol.nulls, 2)


def test_every_fifth_brick_has_a_null_after_it_in_each_round_another(walked) -> None:
    found, _ = walked
    places = [tuple(row.nonzero()[0]) for row in found.null[..., 0]]
    # Counted from round 1: of four bricks none, the fourth, the third, the second, the first.
    turns = [(), (3,), (2,), (1,), (0,)]
    assert places == [turns[turn % 5] for turn in range(len(places))]


def test_what_opening_took_is_known_of_each(walked, suite) -> None:
    found, _ = walked
    assert set(found.opened_ns) == set(suite.bricks)
    assert set(found.opened_models_ns) == {"chain", "fork"}
    assert min(found.opened_ns.values()) > 0


def test_progress_begins_when_all_is_open_and_ends_when_all_is_done(walked) -> None:
    _, told = walked
    assert "opened" in told[0]
    shares = [each["share"] for each in told if "share" in each]
    assert shares == sorted(shares)
    assert 0 < shares[0] <= shares[-1] <= 1
    assert told[-1] == {"done": True, "share": 1.0}


def test_a_whole_model_that_cannot_be_opened_is_a_stated_error(suite, tmp_path: Path) -> None:
    with pytest.raises(BackendError) as refused:
        run_process(suite, QUICK, {"chain": tmp_path / "nowhere.onnx"})
    assert str(refused.value) == (
        "BackendError: the whole model cannot be read: No such file or directory\n"
        f"  where  {tmp_path}/nowhere.onnx\n"
        "  fix    run it again: the model is cut anew"
    )


def test_a_process_that_ends_early_is_a_stated_error(suite, python) -> None:
    python("import sys\nfor n in range(5): print('line', n, file=sys.stderr)\nsys.exit(3)")
    with pytest.raises(BackendError) as refused:
        run_process(suite, QUICK, {})
    assert str(refused.value) == (
        "BackendError: the process that timed the bricks ended with code 3: "
        "line 2; line 3; line 4\n"
        "  where  suite\n"
        "  fix    run it again, or leave out the model whose bricks end it"
    )


def test_a_process_that_is_killed_is_a_stated_error(suite, python) -> None:
    python("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(BackendError) as refused:
        run_process(suite, QUICK, {})
    assert refused.value.what == "the process that timed the bricks ended with code -9"


def test_an_error_that_the_process_tells_is_raised_here(suite, python) -> None:
    told = {"error": {"kind": "BackendError", "what": "it broke", "where": "there", "fix": "mend"}}
    python(f"print({json.dumps(told)!r}, flush=True)")
    with pytest.raises(BackendError) as refused:
        run_process(suite, QUICK, {})
    assert str(refused.value) == "BackendError: it broke\n  where  there\n  fix    mend"


def test_an_interrupt_ends_the_process(suite, python) -> None:
    python(
        "import json, os, time\nprint(json.dumps({'pid': os.getpid()}), flush=True)\ntime.sleep(60)"
    )
    told: list[int] = []

    def interrupt(message) -> None:
        told.append(message["pid"])
        raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_process(suite, QUICK, {}, progress=interrupt)
    assert not psutil.pid_exists(told[0])
    assert time.monotonic() - begun < 60  # it was not waited for


def test_the_process_is_told_everything_in_a_file(suite, python, tmp_path: Path) -> None:
    copied = tmp_path / "order.json"
    python(f"import shutil, sys\nshutil.copy(sys.argv[-1], {str(copied)!r})\nsys.exit(1)")
    wanted = set(list(suite.bricks)[:1])
    with pytest.raises(BackendError):
        run_process(suite, QUICK, {"chain": Path("chain.onnx")}, wanted)
    order = json.loads(copied.read_text())
    assert order["suite"] == json.loads(json.dumps(suite.to_json()))
    assert Protocol.from_json(order["protocol"]) == QUICK
    assert order["models"] == {"chain": "chain.onnx"}
    assert order["wanted"] == sorted(wanted)


@pytest.mark.slow
def test_several_threads_have_the_wall_as_their_clock(suite, files) -> None:
    found = run_process(suite, Protocol(threads=2, min_rounds=3, max_seconds=0.1), files)
    assert (found.walk[..., 0] > 0).all()
    assert found.failed == {}
