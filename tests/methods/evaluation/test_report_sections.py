from __future__ import annotations

from dlscope.core.report import Facts, Prose
from dlscope.methods.evaluation.report import evaluation_report
from dlscope.testing.analyses import example_run, example_runs, on_machine


def sections(*runs) -> dict[str, list[str]]:
    """The names of the blocks of each section, in order."""
    return {
        section.title: [getattr(block, "name", type(block).__name__) for block in section.blocks]
        for section in evaluation_report(runs).sections
    }


def block(kind, title: str, *runs):
    report = evaluation_report(runs)
    (section,) = (each for each in report.sections if each.title == title)
    return next(each for each in section.blocks if isinstance(each, kind))


def test_one_run_is_told_with_its_key_figures_and_tables() -> None:
    assert sections(example_run("r-1")) == {
        "Key figures": ["Facts"],
        "Models": ["models"],
        "Latency": ["latency_histogram", "latency_run_order", "latency"],
        "Accuracy": ["accuracy"],
        "Stages": ["stages", "cold_start_bars"],
        "How it was measured": ["Prose", "validity"],
        "Environment": ["Facts"],
    }


def test_runs_of_every_kind_are_told_in_the_order_of_what_matters() -> None:
    assert sections(*example_runs()) == {
        "Models": ["models"],
        "Load": ["load"],
        "Peak": ["peak_load", "peak"],
        "Accuracy against speed": [
            "trade_off_mean_ns_scatter",
            "trade_off_throughput_per_s_scatter",
            "trade_off",
        ],
        "Latency": ["models_dots", "latency"],
        "Batch size": ["scalability_lines", "scalability_heat_map"],
        "Machines": ["speed_up_heat_map", "speed_up", "systems"],
        "Accuracy": ["accuracy", "mistakes", "failures"],
        "Agreement": ["agreement"],
        "Stages": ["stages_bars", "cold_start_bars"],
        "How it was measured": ["Prose", "validity"],
        "Environment": ["Facts"],
    }


def test_of_many_conditions_only_those_that_do_not_hold_are_drawn() -> None:
    sound = [example_run(f"r-{n:02}", repeat=n) for n in range(30)]
    broken = example_run("s-1", repeat=30, is_disturbed=True)
    assert sections(*sound)["How it was measured"] == ["Prose", "validity"]
    report = evaluation_report([*sound, broken])
    (section,) = (each for each in report.sections if each.title == "How it was measured")
    method, said, drawn = section.blocks
    assert method.text.startswith("31 runs, each in a fresh worker process")
    assert said.text == "30 of 31 conditions hold."
    assert [row["holds"] for row in drawn] == [False]
    all_hold = sections(*sound, example_run("s-2", repeat=31))
    assert all_hold["How it was measured"] == ["Prose", "Prose"]


def test_says_how_it_was_measured() -> None:
    assert block(Prose, "How it was measured", example_run("r-1")).text == (
        "1 run in a fresh worker process, one measurement on the machine at a time. A query "
        "is timed in pipeline mode preloaded, after a warm-up at its own batch size, with a thread "
        "for each core. The mean is trimmed by a fifth at either end; intervals are 95 %, a block "
        "bootstrap over queries in order of issue for latency and Wilson for counts. "
        "Data: procedural."
    )


def test_tells_of_the_machine_what_is_known() -> None:
    run = on_machine(
        example_run("r-1"),
        "lab",
        cpu={"model": "Test CPU", "effective_cores": 1},
        memory_bytes=2**31,
        operating_system="Linux",
        kernel="6.1",
    )
    known = dict(block(Facts, "Environment", run).pairs)
    assert known["CPU"] == "Test CPU, 1 core"
    assert known["memory"] == "2 GiB"
    assert known["system"] == "Linux, kernel 6.1"
    little = dict(block(Facts, "Environment", on_machine(run, "lab", cpu={})).pairs)
    assert "CPU" not in little


def test_of_many_plans_the_first_are_named() -> None:
    runs = [example_run(f"r-{n}", repeat=n) for n in range(8)]
    plans = dict(block(Facts, "Environment", *runs).pairs)["plans"]
    assert plans.count(",") == 5
    assert plans.endswith(" and 2 more")
