from __future__ import annotations

import math

import pytest

from dlscope.core.errors import DlscopeError
from dlscope.methods.skynet.scoring import (
    Entry,
    dac_score,
    energy_score,
    mean_energy_j,
    standings,
)


def powered(iou, fps, power_w, images=1000):
    """A team told by its rate and power, as the contest publishes it."""
    seconds = images / fps
    return Entry(images, seconds, energy_j=power_w * seconds, iou=iou)


@pytest.mark.parametrize(
    ("track", "mean_j", "iou", "fps", "power_w", "score"),
    [
        ("gpu", 0.388, 0.731, 67.33, 13.50, 1.504),
        ("gpu", 0.388, 0.713, 28.79, 8.55, 1.442),
        ("gpu", 0.388, 0.723, 26.37, 15.12, 1.422),
        ("fpga", 0.4575, 0.716, 25.05, 7.26, 1.526),
        ("fpga", 0.4575, 0.615, 50.91, 9.25, 1.394),
        ("fpga", 0.4575, 0.553, 55.13, 6.69, 1.318),
    ],
)
def test_gives_the_scores_of_2019(track, mean_j, iou, fps, power_w, score):
    entry = powered(iou, fps, power_w)
    found = dac_score(entry, track=track, mean_energy_j=1000 * mean_j)
    assert found == pytest.approx(score, abs=0.003)


@pytest.mark.parametrize(
    ("track", "mean_j", "iou", "fps", "power_w", "score"),
    [
        ("gpu", 0.351, 0.698, 24.55, 12.58, 1.373),
        ("gpu", 0.357, 0.691, 25.30, 13.27, 1.359),
        ("gpu", 0.357, 0.685, 23.64, 10.31, 1.358),
        ("fpga", 0.390, 0.624, 11.96, 4.20, 1.267),
        ("fpga", 0.373, 0.492, 25.97, 2.45, 1.179),
        ("fpga", 0.393, 0.573, 7.35, 2.59, 1.164),
    ],
)
def test_gives_the_scores_of_2018_with_the_mean_that_each_implies(
    track, mean_j, iou, fps, power_w, score
):
    entry = powered(iou, fps, power_w)
    found = dac_score(entry, "2018", track=track, mean_energy_j=1000 * mean_j)
    assert found == pytest.approx(score, abs=0.003)


@pytest.mark.parametrize(
    ("iou", "fps", "energy_j", "score"),
    [
        (0.703, 2020.6, 36.7, 19.24),
        (0.703, 2266.2, 40.3, 18.75),
        (0.688, 404.8, 327.8, 11.25),
        (0.620, 528.5, 312.7, 7.24),
        (0.737, 14.5, 8587, 3.70),
    ],
)
def test_gives_the_scores_of_2022(iou, fps, energy_j, score):
    entry = Entry(1000, 1000 / fps, energy_j=energy_j, iou=iou)
    assert dac_score(entry, "2022") == pytest.approx(score, abs=0.02)


def test_gives_the_scores_of_2023_and_2024():
    first = Entry(1000, 1000 / 41.31, f1=0.601)
    assert dac_score(first, "2023") == pytest.approx(14.92, abs=0.02)
    for f1, fps, mean_iou, score in ((0.608, 34.62, 0.1937, 14.10), (0.441, 35.39, 0.2376, 8.87)):
        entry = Entry(1000, 1000 / fps, f1=f1, mean_iou=mean_iou)
        assert dac_score(entry, "2024") == pytest.approx(score, abs=0.02)


def test_a_team_alone_is_of_mean_energy():
    assert dac_score(powered(0.5, 25, 10)) == pytest.approx(1.0)


def test_a_slow_team_counts_less_only_where_asked():
    entry = powered(0.5, 10, 10)
    assert dac_score(entry, min_fps=True) == pytest.approx(0.5)
    assert dac_score(entry, track="fpga", min_fps=True) == pytest.approx(1.0)
    assert dac_score(entry) == pytest.approx(1.0)


def test_the_score_of_energy_never_falls_below_0():
    assert energy_score(1e9, 1.0, 2) == 0
    assert energy_score(1.0, 10.0, 10) == pytest.approx(1.2)


def test_teams_are_ranked_by_the_mean_of_their_own_energies():
    entries = {"slow": powered(0.7, 20, 20), "frugal": powered(0.7, 20, 5)}
    (first, score), (second, _) = standings(entries)
    assert (first, second) == ("frugal", "slow")
    mean = mean_energy_j([entry.energy_j for entry in entries.values()])
    assert score == pytest.approx(0.7 * (2 + 0.2 * math.log10(mean / entries[first].energy_j)))


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        (
            lambda: Entry(10, 1.0, energy_j=0, iou=0.5),
            "DataError: energy_j is 0\n  where  DAC-SDC score\n  fix    give a number above 0",
        ),
        (
            lambda: Entry(10, -2.0),
            "DataError: seconds is -2\n  where  DAC-SDC score\n  fix    give a number above 0",
        ),
        (
            lambda: Entry(10, 1.0, iou=1.2),
            "DataError: iou is 1.2\n  where  DAC-SDC score\n  fix    give a number from 0 to 1",
        ),
        (
            lambda: Entry(10, 1.0, iou=math.nan),
            "DataError: iou is nan\n  where  DAC-SDC score\n  fix    give a number from 0 to 1",
        ),
        (
            lambda: standings({}),
            "DataError: there is no team\n  where  DAC-SDC score\n  fix    give at least one team",
        ),
        (
            lambda: dac_score(Entry(10, 1.0, energy_j=1.0, iou=0.5), "2022"),
            "DataError: an energy of 1 J has no score: its logarithm is not above 0\n"
            "  where  DAC-SDC score\n"
            "  fix    give the energy for the whole set, in J",
        ),
        (
            lambda: dac_score(Entry(10, 1.0, iou=0.5)),
            "DataError: the rules of 2019 need energy_j\n"
            "  where  DAC-SDC score\n"
            "  fix    give energy_j",
        ),
        (
            lambda: dac_score(Entry(10, 1.0, energy_j=1.0, iou=0.5), mean_energy_j=0),
            "DataError: mean_energy_j is 0\n  where  DAC-SDC score\n  fix    give a number above 0",
        ),
        (
            lambda: dac_score(Entry(10, 1.0, f1=0.5), "2021"),
            "DataError: there are no rules of '2021'\n"
            "  where  DAC-SDC score\n"
            "  fix    use one of 2018, 2019, 2022, 2023, 2024",
        ),
    ],
)
def test_refuses_what_cannot_have_been_measured(refused, told):
    with pytest.raises(DlscopeError) as error:
        refused()
    assert str(error.value) == told


def test_tells_all_that_is_wrong_at_once():
    with pytest.raises(DlscopeError) as error:
        Entry(10, 0, energy_j=-1, iou=2)
    assert len(error.value.problems) == 3
