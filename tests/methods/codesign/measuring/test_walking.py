from __future__ import annotations

import pytest

from dlscope.agents import ordered_process
from dlscope.core.errors import BackendError
from dlscope.methods.codesign.measuring.null_model import null_model
from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
from dlscope.methods.codesign.measuring.walking import walked

SHORT = WalkProtocol(processes=2, min_rounds=3, min_seconds=0.0, slot_ns=20_000)


@pytest.fixture(autouse=True)
def lock_of_its_own(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("dlscope.agents.device_lock.lock_path", lambda: tmp_path / "lock")


def test_rounds_of_all_processes_are_pooled_and_a_refused_model_is_told() -> None:
    told: list[tuple[str, float]] = []
    found = walked([null_model(), b"nothing", null_model()], SHORT, lambda *e: told.append(e))
    assert found.places == (0, 2)
    assert found.times.shape == (6, 2)
    assert list(found.failed) == [1]
    assert "ONNX Runtime refuses it" in found.failed[1]
    assert (found.times > 0).all()
    assert (found.wall_ns > 0).all()
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_process_that_dies_is_told_with_its_last_words(monkeypatch) -> None:
    monkeypatch.setattr(ordered_process.sys, "executable", "/bin/false")
    with pytest.raises(BackendError) as refused:
        walked([null_model()], SHORT)
    assert refused.value.what == "the process that timed the models ended with code 1"
