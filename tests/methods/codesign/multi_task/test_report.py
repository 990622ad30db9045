from __future__ import annotations

from dlscope.catalog.finder import find
from dlscope.devices.base import Choice
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.multi_task.report import split_report
from dlscope.methods.codesign.multi_task.splitting import split
from dlscope.methods.codesign.multi_task.task import Task

LAYER = LayerShape.conv(16, 64, 14, 3)
DEVICE = RecursiveFpga(find("board", "zcu102"))


def told(rate: float):
    choices = (Choice(LAYER, Precision.of(8), engine="conv"),)
    found = split(DEVICE, [Task("signs", choices, rate), Task("lanes", choices, 10.0)])
    return split_report(DEVICE, found, name="zcu102:recursive")


def test_the_answer_is_the_worst_task() -> None:
    assert told(100.0).answer.startswith("All 2 tasks meet their rates on zcu102:recursive; ")
    assert told(100.0).answer.endswith(" times its rate.")
    assert told(1e9).answer.startswith("zcu102:recursive is too small: signs reaches ")


def test_a_missed_rate_is_a_finding_with_its_row() -> None:
    assert [(each.sign, each.rows) for each in told(1e9).findings] == [("bad", (0,)), ("bad", (1,))]
    assert told(100.0).findings == ()


def test_every_task_has_a_verdict(text) -> None:
    table = told(1e6).table("tasks")
    assert [str(each)[:9] for each in table.column("verdict")] in (
        ["met", "met"],
        ["missed by", "missed by"],
    )
    assert sum(table.column("share")) == 1
