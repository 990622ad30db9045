from __future__ import annotations

import dataclasses

from dlscope.core.report import Finding
from dlscope.core.run import Metric, Run
from dlscope.methods.evaluation.analyses.accuracy import Accuracy
from dlscope.methods.evaluation.analyses.latency import Latency
from dlscope.methods.evaluation.analyses.models import Models
from dlscope.methods.evaluation.report_answer import answer, title
from dlscope.testing.analyses import example_run, on_machine


def ms(latency: float) -> tuple[int, ...]:
    return (round(latency * 1e6),) * 5


def told(*runs, findings=()) -> str:
    analyses = (Models(), Latency(), Accuracy())
    return answer({each.name: each.table(runs) for each in analyses}, findings)


def unlabelled(run: Run) -> Run:
    """`run` over items without a right answer."""
    items = tuple(dataclasses.replace(item, target=None) for item in run.items)
    return dataclasses.replace(run, items=items, metrics=())


def test_names_the_fastest_backend_of_each_model_and_how_right_it_is() -> None:
    runs = [
        example_run("r-1", latencies_ns=ms(2)),
        example_run("r-2", framework="torch", latencies_ns=ms(1), answers=(0, 0, 2)),
        example_run("r-3", model="other", latencies_ns=ms(3)),
    ]
    assert told(*runs) == (
        "onnxruntime answers other in 3.00 ms [3.00, 3.00]; 3 of 3 right. "
        "torch answers tiny in 1.00 ms [1.00, 1.00]; 2 of 3 right."
    )


def test_of_many_models_the_fastest_and_the_most_accurate_are_told() -> None:
    runs = [
        example_run(f"r-{n}", model=f"m{n}", latencies_ns=ms(n), answers=(*range(n), 9))
        for n in range(1, 5)
    ]
    assert told(*runs) == (
        "4 models; the fastest and the most accurate: "
        "onnxruntime answers m1 in 1.00 ms [1.00, 1.00]; 1 of 2 right. "
        "onnxruntime answers m4 in 4.00 ms [4.00, 4.00]; 4 of 5 right."
    )


def test_of_an_error_the_least_is_the_most_accurate() -> None:
    runs = [
        dataclasses.replace(
            example_run(f"r-{n}", model=f"m{n}", latencies_ns=ms(n)),
            metrics=(Metric("wer", 0.1 * n, None, None, 9),),
        )
        for n in range(1, 5)
    ]
    assert told(*runs) == (
        "4 models; the fastest and the most accurate: "
        "onnxruntime answers m1 in 1.00 ms [1.00, 1.00]; wer 0.100."
    )


def test_a_run_that_does_not_count_says_so() -> None:
    assert told(example_run("r-1", latencies_ns=ms(1), is_disturbed=True)) == (
        "onnxruntime answers tiny in 1.00 ms [1.00, 1.00], in a run that does not count; "
        "3 of 3 right."
    )


def test_under_load_the_tail_is_told() -> None:
    run = example_run("r-1", latencies_ns=ms(7), type="server", name="server")
    assert told(run) == "onnxruntime answers tiny in 7.00 ms at p99 (server); 3 of 3 right."
    disturbed = example_run(
        "r-1", latencies_ns=ms(7), type="server", name="server", is_disturbed=True
    )
    assert "at p99 (server), in a run that does not count;" in told(disturbed)


def test_without_queries_accuracy_alone_is_told() -> None:
    accuracy = example_run("r-1", latencies_ns=(), mode="accuracy")
    assert told(accuracy) == "tiny: 3 of 3 right; no latency was measured."
    failed = example_run("r-1", status="failed", latencies_ns=(), answers=())
    assert told(failed) == "tiny: the graph is cut off; no latency was measured."
    assert told() == "Nothing was measured."


def test_without_right_answers_it_says_so() -> None:
    run = unlabelled(example_run("r-1", latencies_ns=ms(1)))
    said = f"data set {run.plan.dataset.name} has no right answers"
    assert told(run) == f"onnxruntime answers tiny in 1.00 ms [1.00, 1.00]; {said}."
    timed = example_run("r-1", latencies_ns=ms(1), answers=(), mode="performance")
    assert told(timed).endswith("; accuracy was not asked for.")


def test_a_wrong_declaration_and_a_peak_belong_to_the_answer_and_other_findings_do_not() -> None:
    findings = (
        Finding("bad", "tiny declares BGR, its answers fit RGB", "declaration", (0,)),
        Finding("note", "tiny declares x; y may fit better", "declaration", (0,)),
        Finding("good", "tiny keeps up with 9 queries/s", "peak", (0,)),
        Finding("bad", "The run does not count", "latency", (0,)),
    )
    said = told(example_run("r-1", latencies_ns=ms(1)), findings=findings)
    assert said.endswith(
        "3 of 3 right. tiny declares BGR, its answers fit RGB. tiny keeps up with 9 queries/s."
    )


def test_the_title_names_models_and_cores_or_machines() -> None:
    run = example_run("r-1")
    assert title([run]) == "tiny on 4 cores"
    assert title([on_machine(run, "lab", cpu={"effective_cores": 1})]) == "tiny on 1 core"
    assert title([run, on_machine(run, "rack")]) == "tiny on 2 machines"
    many = [example_run(f"r-{n}", model=f"m{n}") for n in range(5)]
    assert title(many) == "m0, m1, m2 and 2 more on 4 cores"
    assert title([]) == "No runs"
