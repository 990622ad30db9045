from __future__ import annotations

from dlscope.cli.measurement import Load, Place, Setting


def test_a_load_is_the_scenario_with_what_is_changed_of_it() -> None:
    load = Load(
        scenario="server",
        batch_size=[],
        pipeline=None,
        mode=None,
        min_duration_ms=None,
        min_queries=8,
        rate_qps=20.0,
        latency_bound_ms=None,
        loadgen=None,
        field=["users=8"],
    )
    assert load.asked() == {"name": "server", "min_queries": 8, "rate_qps": 20.0, "users": 8}


def test_options_of_a_backend_that_were_not_given_are_its_own() -> None:
    setting = Setting(
        threads=2, device=None, memory_limit="1GiB", items=4, repeats=3, stack="current"
    )
    assert setting.asked() == {
        "options": {"threads": 2},
        "memory_limit": "1GiB",
        "items": 4,
        "repeats": 3,
        "stack": "current",
    }


def test_a_place_without_hooks_allows_none() -> None:
    place = Place(allow_hooks=None, rerun=True, scheduler="ray", address="here:1", store=None)
    assert place.asked() == {
        "allow_hooks": (),
        "rerun": True,
        "scheduler": "ray",
        "address": "here:1",
        "store": None,
    }
