from __future__ import annotations

from dlscope.catalog.finder import find
from dlscope.core.manifest import SpaceManifest
from dlscope.methods.codesign.space.report import blocks_table, operations_table, size_report
from dlscope.methods.codesign.space.space import Space


def space(name: str) -> Space:
    manifest = find("space", name)
    assert isinstance(manifest, SpaceManifest)
    return Space(manifest)


def test_blocks_are_told_with_the_least_and_the_most_work(text) -> None:
    names = ("block", "channels_in", "channels_out", "map_in", "stride", "operations")
    found = text(blocks_table(space("tiny_grey_4")), *names, "least_macs")
    assert (
        found
        == """
block   channels_in  channels_out  map_in  stride  operations  least_macs
block0  8            12            14×14   1       5           32928
block1  12           16            14×14   2       5           14700
block2  16           16            7×7     1       5           0
block3  16           24            7×7     2       5           8448
"""
    )


def test_every_operation_of_every_block_has_a_row() -> None:
    table = operations_table(space("tiny_grey_4"))
    rows = [row for row in table if row["block"] == "block2"]
    assert [row["operation"] for row in rows] == [
        "mbconv_k3_e2", "mbconv_k3_e4", "mbconv_k5_e2", "mbconv_k5_e4", "skip",
    ]  # fmt: skip
    assert [row["layers"] for row in rows] == [3, 3, 3, 3, 0]
    assert [row["is_residual"] for row in rows] == [True, True, True, True, False]


def test_the_size_is_exact_however_large() -> None:
    report = size_report(space("edd_imagenet"))
    assert report.table("space_size").column("designs")[:2] == (9**20, 27**20)
    assert report.answer == (
        "12157665459056928801 networks of 20 blocks, 4 bit, 8 bit, 16 bit for each operation."
    )
