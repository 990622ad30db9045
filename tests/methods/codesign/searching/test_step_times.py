from __future__ import annotations

import pytest

from dlscope.catalog.finder import find
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.bilevel import BilevelSearch
from dlscope.methods.codesign.searching.schedule import SearchSchedule
from dlscope.methods.codesign.searching.step_times import step_times
from dlscope.training.determinism import reproducible


@pytest.mark.slow
def test_every_kind_of_step_takes_time(small, splits) -> None:
    implementer = Implementer(small, PipelinedFpga(find("board", "pynq_z1")))
    with reproducible(0):
        search = BilevelSearch(implementer, splits, SearchSchedule(batch=16), Aims(), seed=0)
        times = step_times(search, splits)
    assert min(vars(times).values()) > 0
