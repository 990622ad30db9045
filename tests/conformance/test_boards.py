"""Every built-in board is fit for what is built on boards."""

from __future__ import annotations

from dlscope.catalog import finder
from dlscope.testing.boards import BoardSuite


class TestAlveoU250(BoardSuite):
    board = "alveo_u250"


class TestKu115(BoardSuite):
    board = "ku115"


class TestPynqZ1(BoardSuite):
    board = "pynq_z1"


class TestUltra96(BoardSuite):
    board = "ultra96"


class TestZc706(BoardSuite):
    board = "zc706"


class TestZcu102(BoardSuite):
    board = "zcu102"


class TestZcu104(BoardSuite):
    board = "zcu104"


def test_every_built_in_board_is_tested() -> None:
    suites = [each for each in globals().values() if isinstance(each, type)]
    tested = {each.board for each in suites if each is not BoardSuite}
    assert tested == set(finder.names("boards"))
