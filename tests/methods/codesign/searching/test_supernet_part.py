from __future__ import annotations

from pathlib import Path

import pytest
from stripes_data import DATA

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.kept import Kept
from dlscope.methods.codesign.searching.request import SearchRequest
from dlscope.methods.codesign.searching.schedule import SearchSchedule
from dlscope.methods.codesign.searching.supernet_part import SupernetPart
from dlscope.methods.codesign.space.design import Design

SCHEDULE = SearchSchedule(epochs=1, warm_up=0, batch=32, most_steps=2, evaluations=10, finalists=2)


@pytest.fixture
def part(small, splits, tmp_path: Path) -> SupernetPart:
    request = SearchRequest(
        space=small,
        device=PipelinedFpga(find("board", "pynq_z1")),
        device_name="pynq_z1:pipelined",
        data=DATA,
        schedule=SCHEDULE,
    )
    implementer = Implementer(small, request.device)
    return SupernetPart(request, splits, implementer, Kept(tmp_path), lambda _step, _share: None)


def test_a_schedule_that_was_asked_for_is_taken_as_it_is(part: SupernetPart) -> None:
    assert part.schedule() == (SCHEDULE, False)


def test_a_supernet_that_is_not_there_is_not_trained_for_a_question(part: SupernetPart) -> None:
    with pytest.raises(SearchError, match="the search has no supernet"):
        part.again()


def test_a_supernet_that_was_trained_tells_the_same_again(part: SupernetPart, small) -> None:
    designs = [Design.of(small, (m, 0), (0, 1)) for m in (0, 1)]
    told = part.losses(part.trained(), designs)
    assert part.losses(part.again(), designs) == told
    assert len(set(told)) == 2


def test_a_blind_search_leaves_as_many_networks_as_there_are_finalists(part: SupernetPart) -> None:
    said: list[tuple[str, float]] = []
    found = part.told_apart(
        part.trained(), Aims(is_blind=True), 10, lambda *told: said.append(told)
    )
    assert {step for step, _ in said} == {"telling designs apart"}
    assert [share for _, share in said] == sorted(share for _, share in said)
    assert len(found) == SCHEDULE.finalists
    assert len({each.design.operations for each in found}) == SCHEDULE.finalists
