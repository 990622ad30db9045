from __future__ import annotations

import signal

import pytest

from dlscope.cli.stopping import Stopping


def test_the_first_ctrl_c_asks_and_the_second_ends(capsys):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), Stopping() as stopping:
        assert not stopping.should_stop()
        signal.raise_signal(signal.SIGINT)
        assert stopping.should_stop()
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    told = "ending after the step at hand; Ctrl-C once more ends at once\n"
    assert capsys.readouterr().err == told


def test_what_was_kept_is_told_with_the_command_that_goes_on(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/dlscope", "adapt", "train", "--out", "my folder"])
    with pytest.raises(KeyboardInterrupt), Stopping():
        raise KeyboardInterrupt("adv of seed 0 stopped after step 3 of 9, which is kept in here")
    assert capsys.readouterr().err == (
        "adv of seed 0 stopped after step 3 of 9, which is kept in here\n"
        "go on with  dlscope adapt train --out 'my folder'\n"
    )
