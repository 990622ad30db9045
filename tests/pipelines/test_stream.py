from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dlscope.core.errors import DlscopeError, PlanError
from dlscope.pipelines.stream import Batch, Map, Outcome, Stage, Unbatch, run_stream

PATIENCE_S = 30
"""A test that waits this long has failed; nothing is measured by it."""


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    yield
    assert [t.name for t in threading.enumerate() if t.name.startswith("dlscope-")] == []


def values(outcomes: Any) -> list[Any]:
    return [outcome.value for outcome in outcomes]


def refuse_odd(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number


@pytest.mark.parametrize("workers", [1, 4])
def test_keeps_the_order(workers: int) -> None:
    stages = [Map("double", lambda x: 2 * x, workers=workers), Map("next", lambda x: x + 1)]
    assert values(run_stream(range(200), stages)) == [2 * x + 1 for x in range(200)]


def test_keeps_the_order_when_a_later_item_is_ready_first() -> None:
    second_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_done.wait(PATIENCE_S)
        else:
            second_done.set()
        return item

    assert values(run_stream(range(2), [Map("work", work, workers=2)])) == [0, 1]


def test_stages_overlap() -> None:
    # Both stages must hold an item at once to pass the barrier: 1 in the first, 0 in the second.
    meeting = threading.Barrier(2)

    def first(item: int) -> int:
        if item == 1:
            meeting.wait(PATIENCE_S)
        return item

    def second(item: int) -> int:
        if item == 0:
            meeting.wait(PATIENCE_S)
        return item

    assert values(run_stream(range(2), [Map("first", first), Map("second", second)])) == [0, 1]


def test_workers_of_one_stage_overlap() -> None:
    meeting = threading.Barrier(3)

    def work(item: int) -> int:
        meeting.wait(PATIENCE_S)
        return item

    assert values(run_stream(range(3), [Map("work", work, workers=3)])) == [0, 1, 2]


def test_a_slow_stage_holds_back_the_source() -> None:
    taken: list[int] = []
    go = threading.Event()
    in_hand = threading.Event()

    def source() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    def slow(item: int) -> int:
        in_hand.set()
        assert go.wait(PATIENCE_S)
        return item

    stream = run_stream(source(), [Map("slow", slow)], capacity=2)
    results: list[Any] = []
    reader = threading.Thread(target=lambda: results.extend(values(stream)))
    reader.start()
    assert in_hand.wait(PATIENCE_S)
    # One in hand, two in the queue, one that the source could not put.
    assert len(taken) <= 4
    go.set()
    reader.join(PATIENCE_S)
    assert results == list(range(100))


def test_batches_and_the_last_one_is_smaller() -> None:
    sizes: list[int] = []

    def total(batch: list[int]) -> list[int]:
        sizes.append(len(batch))
        return [sum(batch)] * len(batch)

    outcomes = run_stream(range(7), [Batch(3), Map("total", total), Unbatch()])
    assert values(outcomes) == [3, 3, 3, 12, 12, 12, 6]
    assert sizes == [3, 3, 1]


def test_an_error_travels_with_its_item() -> None:
    seen: list[int] = []
    stages = [Map("odd", refuse_odd), Map("see", lambda x: seen.append(x) or x)]
    outcomes = list(run_stream(range(4), stages))
    assert [outcome.index for outcome in outcomes] == [0, 1, 2, 3]
    assert [str(outcome.error) for outcome in outcomes] == ["None", "1 is odd", "None", "3 is odd"]
    assert values(outcomes) == [0, None, 2, None]
    assert seen == [0, 2]


def test_failed_items_stay_out_of_batches() -> None:
    batches: list[list[int]] = []
    stages: list[Stage] = [
        Map("odd", refuse_odd),
        Batch(2),
        Map("note", lambda batch: batches.append(batch) or batch),
        Unbatch(),
    ]
    outcomes = list(run_stream(range(6), stages))
    assert batches == [[0, 2], [4]]
    assert values(outcomes) == [0, None, 2, None, 4, None]
    assert [outcome.index for outcome in outcomes] == list(range(6))


def test_a_failed_batch_fails_each_of_its_items() -> None:
    def refuse(batch: list[int]) -> list[int]:
        if 0 in batch:
            raise ValueError("spoiled batch")
        return batch

    outcomes = list(run_stream(range(4), [Batch(2), Map("refuse", refuse), Unbatch()]))
    assert [str(outcome.error) for outcome in outcomes[:2]] == ["spoiled batch"] * 2
    assert outcomes[2:] == [Outcome(2, 2), Outcome(3, 3)]


@pytest.mark.parametrize(
    ("result", "words"), [([1], "1 result"), ([1, 2, 3], "3 results"), (None, "1 result")]
)
def test_a_batch_with_another_number_of_results_fails(result: Any, words: str) -> None:
    outcomes = list(run_stream(range(2), [Batch(2), Map("wrong", lambda _: result), Unbatch()]))
    for outcome in outcomes:
        assert isinstance(outcome.error, DlscopeError)
        assert str(outcome.error) == (
            f"DataError: a batch of 2 items gave {words}\n"
            "  where  unbatch\n"
            "  fix    give one result for each item of the batch"
        )


def test_an_empty_source_gives_nothing() -> None:
    assert list(run_stream([], [Batch(2), Map("same", lambda x: x), Unbatch()])) == []


def test_no_stages_give_the_items_themselves() -> None:
    assert values(run_stream("abc", [])) == ["a", "b", "c"]


def test_an_error_of_the_source_is_raised_after_the_items_before_it() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise OSError("disk gone")

    stream = run_stream(source(), [Map("same", lambda x: x)])
    assert next(stream) == Outcome(0, 1)
    with pytest.raises(OSError, match="disk gone"):
        next(stream)


@pytest.mark.parametrize("workers", [1, 3])
def test_closing_stops_every_thread(workers: int) -> None:
    def forever() -> Iterator[int]:
        item = 0
        while True:
            yield item
            item += 1

    stages: list[Stage] = [
        Map("same", lambda x: x, workers=workers),
        Batch(2),
        Map("batch", lambda x: x, workers=workers),
        Unbatch(),
    ]
    stream = run_stream(forever(), stages)
    assert next(stream) == Outcome(0, 0)
    stream.close()


def test_an_interrupt_in_the_reader_stops_every_thread() -> None:
    stream = run_stream(range(10**9), [Map("same", lambda x: x, workers=2)])
    next(stream)
    with pytest.raises(KeyboardInterrupt):
        stream.throw(KeyboardInterrupt())


def test_nothing_starts_before_the_first_outcome_is_asked_for() -> None:
    taken: list[int] = []
    stream = run_stream((taken.append(item) for item in range(3)), [])
    stream.close()
    assert taken == []


@pytest.mark.parametrize(
    ("stages", "what"),
    [
        ([Batch(2)], "the last Batch has no Unbatch"),
        ([Unbatch()], "Unbatch cannot stand here"),
        ([Batch(2), Batch(2), Unbatch()], "Batch cannot stand here"),
    ],
)
def test_refuses_batches_that_are_not_closed(stages: list[Stage], what: str) -> None:
    with pytest.raises(PlanError) as caught:
        run_stream([], stages)
    assert caught.value.what == what
