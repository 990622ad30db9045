from __future__ import annotations

from typing import Any

import pytest

from dlscope.core.manifest import BoardManifest

LANE = {"bits": 8, "dsp_packed": 0.5, "dsp": 1, "lut": 234}


@pytest.fixture
def board_data() -> dict[str, Any]:
    """A board with nothing left out that it needs."""
    return {
        "kind": "board",
        "schema_version": 1,
        "name": "mine",
        "part": "XC7Z045",
        "resources": {"dsp": 900, "lut": 218_600, "ff": 437_200, "bram36": 545},
        "memory_gb_per_s": 12.8,
        "clock_mhz": 200,
        "lanes": [LANE],
    }


def test_a_board_comes_back_as_it_was(board_data) -> None:
    board = BoardManifest.model_validate(board_data)
    assert BoardManifest.model_validate(board.to_json()) == board
    assert (board.resources.uram, board.usable_share) == (0, 0.9)


def test_lanes_are_sorted_by_their_bits(board_data) -> None:
    board_data["lanes"] = [{**LANE, "bits": bits} for bits in (16, 2, 8)]
    assert [lane.bits for lane in BoardManifest.model_validate(board_data).lanes] == [2, 8, 16]


def test_the_same_bits_twice_are_refused(board_data, problems_of) -> None:
    board_data["lanes"] = [LANE, LANE]
    assert problems_of(BoardManifest, board_data) == [
        ("lanes of 8 bits are listed twice", "lanes", "keep one of them")
    ]


def test_a_board_without_lanes_is_refused(board_data, problems_of) -> None:
    board_data["lanes"] = []
    assert problems_of(BoardManifest, board_data) == [
        ("'lanes' is empty", "lanes", "list at least 1")
    ]


def test_all_problems_are_told_at_once(board_data, problems_of) -> None:
    del board_data["memory_gb_per_s"]
    board_data["resources"] = {"dps": 900, "lut": -1, "ff": "many", "bram36": 545}
    board_data["clock_mhz"] = 0
    board_data["lanes"] = [{**LANE, "bits": 64}]
    assert sorted(problems_of(BoardManifest, board_data)) == [
        ("'many' is not a value of 'ff'", "resources.ff", "use an integer"),
        ("-1 is not a value of 'lut'", "resources.lut", "use a number greater than or equal to 0"),
        ("0 is not a value of 'clock_mhz'", "clock_mhz", "use a number greater than 0"),
        ("64 is not a value of 'bits'", "lanes[0].bits", "use a number less than or equal to 32"),
        ("field 'dsp' is missing", "resources.dsp", "add dsp: …"),
        ("field 'memory_gb_per_s' is missing", "memory_gb_per_s", "add memory_gb_per_s: …"),
        ("unknown field 'dps'", "resources.dps", "did you mean dsp?"),
    ]


@pytest.mark.parametrize(
    ("share", "what"),
    [(0, "0 is not a value of 'usable_share'"), (1.5, "1.5 is not a value of 'usable_share'")],
)
def test_the_usable_share_is_a_share(board_data, problems_of, share: float, what: str) -> None:
    board_data["usable_share"] = share
    assert [each[0] for each in problems_of(BoardManifest, board_data)] == [what]
