from __future__ import annotations

from dataclasses import replace

import pytest
from stripes_data import DATA

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.methods.codesign.searching.request import SearchRequest
from dlscope.methods.codesign.searching.schedule import SearchSchedule


@pytest.fixture
def request_of(small) -> SearchRequest:
    return SearchRequest(
        space=small,
        device=PipelinedFpga(find("board", "pynq_z1")),
        device_name="pynq_z1:pipelined",
        data=DATA,
        schedule=SearchSchedule.of_epochs(2),
    )


def test_the_same_request_has_the_same_digest(request_of) -> None:
    assert replace(request_of).digest == request_of.digest
    assert replace(request_of, seed=1).digest != request_of.digest
    assert replace(request_of, threads=2).digest != request_of.digest
    other = PipelinedFpga(find("board", "pynq_z1"), clock_mhz=50)
    assert replace(request_of, device=other).digest == replace(request_of, device=other).digest


def test_comes_back_as_it_was(request_of) -> None:
    again = SearchRequest.from_json(request_of.to_json(), lambda *_: request_of.device)
    assert again.digest == request_of.digest


def test_a_device_that_changed_is_refused(request_of) -> None:
    other = PipelinedFpga(find("board", "zc706"))
    with pytest.raises(SearchError, match="the device has other numbers"):
        SearchRequest.from_json(request_of.to_json(), lambda *_: other)
