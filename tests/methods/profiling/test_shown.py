from __future__ import annotations

from dlscope.core.table import Table
from dlscope.methods.profiling.report import ANALYSES, profiling_report
from dlscope.testing.profiles import device_run, example_profiles, layered_run

LAYERS = {name: ("Conv", [10 + place] * 3) for place, name in enumerate("abcdef")}


def sections(*runs):
    return {section.title: section.blocks for section in profiling_report(runs).sections}


def table_of(blocks) -> Table:
    return next(block for block in blocks if isinstance(block, Table))


def test_several_models_are_characterised_first() -> None:
    runs = [
        layered_run(LAYERS, model=model, framework=framework, run_id=f"r-{model}-{framework}")
        for model in ("vgg16", "resnet18")
        for framework in ("torch", "mock")
    ]
    found = sections(*runs)
    assert next(iter(found)) == "Characterisation"
    characters, ranks = found["Characterisation"]
    assert (characters.name, len(characters)) == ("characterisation", 4)
    assert [column.name for column in characters.columns][:3] == ["model", "backend", "latency_us"]
    assert (ranks.name, len(ranks)) == ("ranking", 2)


def test_one_model_is_not() -> None:
    assert "Characterisation" not in sections(layered_run(LAYERS))
    report = profiling_report([layered_run(LAYERS)])
    assert {"characterisation", "ranking"} <= {table.name for table in report.tables}
    assert {finding.evidence for finding in report.findings} == {"a6"}


def test_models_on_one_framework_are_not_ranked() -> None:
    runs = [layered_run(LAYERS, model=model, run_id=model) for model in ("vgg16", "resnet18")]
    (characters,) = sections(*runs)["Characterisation"]
    assert characters.name == "characterisation"


def test_of_a_difference_the_model_and_three_layers_are_drawn() -> None:
    longer = {name: (kind, [2 * us for us in times]) for name, (kind, times) in LAYERS.items()}
    found = sections(layered_run(LAYERS), layered_run(longer, batch_size=4))
    table = table_of(found["Differences between profiles"])
    assert table.column("name") == ("model", "f", "e", "d")
    assert {"model", "backend", "from", "to"} <= {column.name for column in table.columns}


def test_of_memory_the_peak_is_drawn_and_energy_only_where_it_was_counted() -> None:
    found = sections(*example_profiles())
    assert table_of(found["Memory at its peak"]).column("live_bytes") == (6 * 2**20,)
    assert table_of(found["Energy"]).column("per_inference_j") == (0.5,)
    assert table_of(found["Device and queue"]).column("stream") == (None, 0, 1, 2, 3)
    alone = sections(layered_run(LAYERS))
    assert not {"Memory at its peak", "Energy", "Device and queue"} & set(alone)


def test_every_analysis_is_in_the_report() -> None:
    tables = {table.name for table in profiling_report([device_run()]).tables}
    assert set(ANALYSES) <= tables
    assert ANALYSES[0] == "a1"
    assert ANALYSES[-1] == "a22"
