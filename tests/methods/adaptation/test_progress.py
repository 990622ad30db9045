from __future__ import annotations

import json

from dlscope.methods.adaptation.progress import Progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def stepped(steps, seconds, *, folder=None, first=1):
    """What is told of `steps`, each of which takes `seconds`."""
    clock, told = Clock(), []
    progress = Progress("adv", steps, 12, lambda *each: told.append(each), folder, clock)
    for number in range(first, steps + 1):
        clock.now += seconds
        progress.stepped(number, {"segmentation": float(number), "share of road": 0.5})
    return told


def test_words_change_every_tenth_of_the_steps_or_10_s():
    quick, slow = stepped(100, 0.01), stepped(100, 4.0)
    assert len({words for words, _ in quick}) == 11
    assert len({words for words, _ in slow}) == 34
    assert [share for _, share in quick] == [number / 100 for number in range(1, 101)]


def test_tells_rate_time_left_and_the_mean_of_the_last_50_losses():
    assert stepped(100, 0.5)[-1][0] == (
        "adv, step 100 of 100, 24 images/s, 0 s left: segmentation 75.5"
    )
    assert stepped(10, 0.5)[0][0] == "adv, step 1 of 10, 24 images/s, 4 s left: segmentation 1"


def test_a_resumed_stage_does_not_count_what_was_done_before():
    assert stepped(100, 0.5, first=91)[0][0].startswith(
        "adv, step 91 of 100, 24 images/s, 4 s left"
    )


def test_the_same_figures_are_written_line_by_line(tmp_path):
    stepped(20, 1.0, folder=tmp_path / "adv")
    lines = [json.loads(line) for line in (tmp_path / "adv/log.jsonl").read_text().splitlines()]
    assert [each["step"] for each in lines] == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 20]
    assert lines[1] == {
        "step": 3,
        "of": 20,
        "images_per_s": 12.0,
        "left_s": 17.0,
        "segmentation": 2.0,
    }
