from __future__ import annotations

from pathlib import Path

import pytest
from stripes_data import DATA

from dlscope.catalog.finder import find
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.methods.codesign.exploring.judge import Judged
from dlscope.methods.codesign.searching.deriving import derived_report, front_of, write_front
from dlscope.methods.codesign.searching.design_file import DesignFile, identity_of
from dlscope.methods.codesign.searching.request import SearchRequest
from dlscope.methods.codesign.space.design import Design


@pytest.fixture
def request_of(small) -> SearchRequest:
    return SearchRequest(
        space=small,
        device=PipelinedFpga(find("board", "pynq_z1")),
        device_name="pynq_z1:pipelined",
        data=DATA,
    )


@pytest.fixture
def judged(small) -> list[Judged]:
    return [
        Judged(Design.of(small, (m, 0), (0, 0)), loss, time_ns, loss * time_ns)
        for m, loss, time_ns in ((0, 0.5, 2e3), (1, 0.9, 3e3))
    ]


def test_the_best_is_told_first(request_of, judged) -> None:
    report = derived_report(request_of, judged, "abc")
    assert "ms per result, loss 0.500 by the supernet, not trained" in report.answer
    table = report.table("pareto")
    assert table.column("is_chosen") == (True, False)
    assert table.column("is_on_front") == (True, False)


def test_what_comes_next_is_to_write_the_best_then_to_train_it(request_of, judged) -> None:
    ((first, _),) = derived_report(request_of, judged, "abc").next_commands
    assert first == "dlscope codesign derive abc --designs derived"
    ((then, _),) = derived_report(request_of, judged, "abc", Path("derived")).next_commands
    file = f"derived/{identity_of(judged[0].design)}.json"
    assert then == f"dlscope codesign train {file} --data stripes --into trained"


def test_files_of_the_front_have_no_accuracy(request_of, judged, tmp_path: Path) -> None:
    assert front_of(judged) == judged[:1]
    (path,) = write_front(request_of, judged, tmp_path / "derived")
    read = DesignFile.load(path)
    assert read.accuracy is None
    assert read.identity == identity_of(judged[0].design)
