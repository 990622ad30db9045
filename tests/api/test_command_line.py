from __future__ import annotations

from pathlib import Path

from dlscope.api.adaptation_request import AdaptationRequest
from dlscope.api.command_line import command_of


def test_options_without_a_value_and_the_usual_ones_are_left_out() -> None:
    options = {"preset": "ci", "seed": 3, "store": None, "resume": False, "multi_scale": True}
    told = command_of("skynet search", options, {"preset": "ci"})
    assert told == "dlscope skynet search --seed 3 --multi-scale"


def test_values_are_quoted_repeated_and_sizes_crossed() -> None:
    options = {"device": ["cpu", "fpga"], "size": (192, 96), "into": Path("my folder")}
    told = command_of("x", options)
    assert told == "dlscope x --device cpu --device fpga --size 192x96 --into 'my folder'"


def test_an_adaptation_is_told_as_the_command_line_calls_its_options() -> None:
    request = AdaptationRequest(
        Path("a"), Path("b"), row="sim_st", source_format="gta5", val="val", size=(64, 32), steps=5
    )
    assert request.command(Path("out"), "auto") == (
        "dlscope adapt train sim_st --source a --target b --source-layout gta5 --val val "
        "--size 64x32 --steps 5 --out out --device auto"
    )
