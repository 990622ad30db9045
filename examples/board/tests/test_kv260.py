from pathlib import Path

from dlscope.testing.boards import BoardSuite


class TestKv260(BoardSuite):
    board = str(Path(__file__).parents[1] / "kv260.yaml")
