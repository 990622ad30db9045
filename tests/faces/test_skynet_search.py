"""`dlscope skynet search` as a person calls it."""

from __future__ import annotations

import json

import pytest

from dlscope.cli.app import main

TINY = (
    *("--device", "fpga", "--bundle", "B01", "--bundle", "B03", "--width", "0.25"),
    *("--size", "64x32", "--images", "6", "--val-images", "4", "--test-images", "4"),
    *("--epoch", "1", "--feature-epochs", "1", "--final-epochs", "1", "--groups", "1"),
    *("--particles", "2", "--iterations", "1"),
)


@pytest.fixture
def call(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr("sys.argv", ["dlscope", "skynet", "search", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return call


def test_a_target_that_nothing_meets_ends_with_1(call, tmp_path):
    code, out, err = call("--into", tmp_path, "--device", "fpga", "--target", "0ms")
    assert (code, out) == (1, "")
    assert err == (
        "PlanError: no network takes 0 ms\n"
        "  where  bottom-up search, device fpga\n"
        "  fix    give a target latency above 0\n\n"
        "1 problem, nothing was run. Exit code 1.\n"
    )


def test_rewarding_slow_networks_ends_with_1(call, tmp_path):
    code, out, err = call("--into", tmp_path, "--device", "fpga", "--alpha", "0.5")
    assert (code, out) == (1, "")
    assert "PlanError: alpha is 0.5, and a positive alpha rewards slow networks" in err


@pytest.mark.slow
def test_prints_the_network_and_goes_on_only_when_asked(call, tmp_path):
    code, out, err = call("--into", tmp_path, *TINY, "--format", "json")
    assert code == 0, err
    tables = json.loads(out)["tables"]
    named = {"bundles", "trajectory", "swarm", "features", "candidates", "goals", "final"}
    assert named == set(tables)
    code, _, err = call("--into", tmp_path, *TINY)
    assert code == 1
    assert "PlanError: there is a search in this folder already" in err
    code, again, _ = call("--into", tmp_path, *TINY, "--resume", "--format", "json")
    assert (code, json.loads(again)["tables"]) == (0, tables)
