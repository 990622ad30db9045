from __future__ import annotations

from dlscope.core import registry

LAYERS = [("L", "conv", 0, 60), ("L", "fc", 70, 20)]


def m_l_b(conv: str | None, fc: str | None, us: int = 60):
    layers = [("L", "conv", 0, us), LAYERS[1]]
    calls = [
        ("B", "call", start, 5, {"attributes": {"impl": impl}})
        for start, impl in ((0, conv), (70, fc))
        if impl
    ]
    return [([100] * 3, []), ([100] * 3, layers), ([200] * 3, [*LAYERS, *calls])]


def test_tells_the_layers_that_are_computed_otherwise_at_another_batch(made, table, text) -> None:
    profiles = [
        made("M/L/B", *m_l_b("winograd", "gemv", us), plan={"batch_size": batch})
        if batch == 1
        else made("M/L/B", *m_l_b("direct", "gemv", us), plan={"batch_size": batch})
        for batch, us in ((4, 48), (1, 20), (2, 30))
    ]
    found = table("a18", *profiles)
    columns = ("from", "to", "layer_name", "before", "after", "before_us", "after_us")
    assert (
        text(found, *columns)
        == """
from               to                 layer_name  before         after        before_us  after_us
batch 1, 1 thread  batch 2, 1 thread  conv        call winograd  call direct  20         15
"""
    )
    (finding,) = registry.load("analyses", "a18")().findings(found)
    assert finding.claim == (
        "From batch 1, 1 thread to batch 2, 1 thread, 1 layer of resnet18 on torch is computed "
        "otherwise"
    )


def test_threads_come_before_batches(made, table) -> None:
    profiles = [
        made("M/L/B", *m_l_b("a", "a")),
        made("M/L/B", *m_l_b("b", "b"), threads=2),
    ]
    found = table("a18", *reversed(profiles))
    assert found.column("to") == ("batch 4, 2 threads",) * 2
    (finding,) = registry.load("analyses", "a18")().findings(found)
    assert finding.claim.endswith(", 2 layers of resnet18 on torch are computed otherwise")
    assert finding.rows == (0, 1)


def test_a_call_that_is_made_no_more_is_a_change(made, table) -> None:
    profiles = [made("M/L/B", *m_l_b("a", "a")), made("M/L/B", *m_l_b("a", None), threads=2)]
    found = table("a18", *profiles)
    assert (found.column("before"), found.column("after")) == (("call a",), ("none",))


def test_models_are_not_compared_with_one_another(made, table) -> None:
    profiles = [
        made("M/L/B", *m_l_b("a", "a")),
        made("M/L/B", *m_l_b("b", "b"), model="other"),
    ]
    assert len(table("a18", *profiles)) == 0


def test_profiles_without_library_calls_are_passed_over(made, table) -> None:
    profiles = [
        made("M/L/B", *m_l_b("a", "a")),
        made("M/L", *m_l_b("b", "b")[:2], threads=2),
        made("M/L/B", *m_l_b("a", "b"), threads=3),
    ]
    found = table("a18", *profiles)
    assert found.column("from") == ("batch 4, 1 thread",)
    assert found.column("layer_name") == ("fc",)
    assert found.note.endswith("; level LIBRARY was not profiled")


def test_layers_that_only_one_of_them_has_are_passed_over(made, table) -> None:
    longer = m_l_b("a", "a")
    for latencies, parts in longer[1:]:
        parts.append(("L", "new", 95, 3))
        assert latencies
    profiles = [made("M/L/B", *m_l_b("a", "a")), made("M/L/B", *longer, threads=2)]
    assert len(table("a18", *profiles)) == 0
