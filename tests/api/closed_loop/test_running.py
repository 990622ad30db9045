from __future__ import annotations

from pathlib import Path

import pytest

from dlscope import api
from dlscope.api.closed_loop.running import Effort


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_part_reads_what_an_earlier_one_wrote(tmp_path: Path) -> None:
    effort = Effort(walk_s=2.0, bench_s=0.02, operation_s=0.01, epochs=1)
    report = api.closed_loop(tmp_path / "out", effort=effort, store=str(tmp_path / "store"))
    parts = [row["part"] for row in report.table("loop")]
    assert parts[:5] == ["machine", "evaluate", "profile", "bricks", "bound"]
    assert parts[5:] == [
        "operations",
        "search",
        "evaluate the new network",
        "bound the new network",
    ]
    handed = {str(row["part"]) for row in report.table("hand_overs")}
    assert {"profile", "bricks", "search"} <= handed
    assert [row["model"] for row in report.table("composition")] == ["resnet34"]
    (emitted,) = (tmp_path / "out").glob("design-*.onnx")
    assert emitted.with_suffix(".yaml").is_file()
    assert (tmp_path / "out" / "processor.json").is_file()
    (bounded,) = {row["model"] for row in report.table("bound_the_new_network_bounds")}
    assert str(bounded).startswith("design-")
