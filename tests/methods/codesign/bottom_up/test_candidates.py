from __future__ import annotations

import json
import math

import numpy as np
import pytest

from dlscope.core.errors import DlscopeError, PlanError, SearchError
from dlscope.methods.codesign.bottom_up.candidates import Candidates, Trial
from dlscope.zoo.bundles.bundle import BUNDLES
from dlscope.zoo.bundles.layout import StackedLayout

NETWORK = StackedLayout(BUNDLES[8], (8, 16), (1,), size=(16, 32))


class Counting:
    def __init__(self, accuracy=0.5):
        self.value, self.starts = accuracy, []

    def accuracy(self, _network, epochs, start_weights):
        self.starts.append(start_weights)
        return self.value + epochs / 100, {"head.weight": np.full(3, epochs, np.float32)}


def opened(folder, judge, *, seed=0, resume=False, latency=lambda _network: 2.0):
    return Candidates(folder, {"seed": seed}, {"plain": judge}, {"cpu": latency}, resume=resume)


def test_nothing_is_judged_twice_and_weights_are_handed_on(tmp_path):
    judge = Counting()
    kept = opened(tmp_path, judge)
    first = kept.judged(Trial(NETWORK, 1), "swarm")
    assert kept.judged(Trial(NETWORK, 1), "features") is first
    kept.judged(Trial(NETWORK, 2, first.trial.key), "swarm")
    assert len(judge.starts) == 2
    assert judge.starts[1]["head.weight"].tolist() == [1.0, 1.0, 1.0]


def test_goes_on_with_what_is_there(tmp_path):
    kept = opened(tmp_path, Counting())
    told = [kept.judged(Trial(NETWORK, epochs), "swarm") for epochs in (1, 2)]
    judge = Counting()
    again = opened(tmp_path, judge, resume=True, latency=lambda _network: 99.0)
    assert [again.judged(each.trial, "swarm") for each in told] == told
    assert again.judged(Trial(NETWORK, 3), "swarm").latencies_ms == {"cpu": 2.0}
    assert len(judge.starts) == 1


def test_a_network_that_is_only_timed_is_not_timed_again(tmp_path):
    assert opened(tmp_path, Counting()).latencies_ms(NETWORK) == {"cpu": 2.0}
    again = opened(tmp_path, Counting(), resume=True, latency=lambda _network: 99.0)
    assert again.latencies_ms(NETWORK) == {"cpu": 2.0}
    assert again.all == []


def test_a_line_that_is_not_whole_is_dropped(tmp_path):
    kept = opened(tmp_path, Counting())
    first = kept.judged(Trial(NETWORK, 1), "swarm")
    file = tmp_path / "candidates.jsonl"
    whole = file.read_text()
    file.write_text(whole + '{"key": "12')
    again = opened(tmp_path, Counting(), resume=True)
    assert again.all == [first]
    assert file.read_text() == whole


def test_a_file_that_was_cut_before_its_first_line_begins_again(tmp_path):
    (tmp_path / "candidates.jsonl").write_text('{"sch')
    kept = opened(tmp_path, Counting(), resume=True)
    kept.judged(Trial(NETWORK, 1), "swarm")
    assert len(opened(tmp_path, Counting(), resume=True).all) == 1


def test_refuses_a_folder_with_a_search_unless_it_is_to_go_on(tmp_path):
    opened(tmp_path, Counting())
    with pytest.raises(PlanError) as refused:
        opened(tmp_path, Counting())
    assert str(refused.value) == (
        "PlanError: there is a search in this folder already\n"
        f"  where  {tmp_path}\n"
        "  fix    add --resume to go on with it, or name another folder"
    )


def test_refuses_to_go_on_with_another_search(tmp_path):
    opened(tmp_path, Counting(), seed=1)
    with pytest.raises(SearchError) as refused:
        opened(tmp_path, Counting(), seed=2, resume=True)
    assert str(refused.value) == (
        "SearchError: the search in this folder has other settings\n"
        f"  where  {tmp_path / 'candidates.jsonl'}\n"
        "  fix    give the settings it was begun with, or name another folder"
    )


@pytest.mark.parametrize("line", ["{", "[]", '{"key": "a"}'])
def test_refuses_damaged_lines(tmp_path, line):
    opened(tmp_path, Counting())
    with (tmp_path / "candidates.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(SearchError, match="what was kept cannot be read"):
        opened(tmp_path, Counting(), resume=True)


def test_refuses_damaged_weights(tmp_path):
    kept = opened(tmp_path, Counting())
    first = kept.judged(Trial(NETWORK, 1), "swarm")
    (tmp_path / "weights" / f"{first.trial.key}.npz").write_bytes(b"PK no archive")
    with pytest.raises(DlscopeError, match="weights cannot be read"):
        kept.judged(Trial(NETWORK, 2, first.trial.key), "swarm")


@pytest.mark.parametrize(
    ("accuracy", "latency", "named"), [(math.nan, 2.0, "accuracy"), (0.5, math.inf, "cpu")]
)
def test_refuses_what_is_no_number(tmp_path, accuracy, latency, named):
    kept = opened(tmp_path, Counting(accuracy), latency=lambda _network: latency)
    with pytest.raises(SearchError) as refused:
        kept.judged(Trial(NETWORK, 1), "swarm")
    assert str(refused.value) == (
        f"SearchError: {named}: not a number\n"
        "  where  bottom-up search, B09 of widths [8, 16]\n"
        "  fix    train with a smaller learning rate, or measure on a machine that is idle"
    )
    assert kept.all == []


def test_a_line_has_everything_that_was_found(tmp_path):
    kept = opened(tmp_path, Counting())
    candidate = kept.judged(Trial(NETWORK, 1), "swarm")
    line = json.loads((tmp_path / "candidates.jsonl").read_text().splitlines()[-1])
    assert line == candidate.to_json()
    assert line["network"]["widths"] == [8, 16]
