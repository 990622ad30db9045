from __future__ import annotations

import sys

import pytest

from dlscope.agents import ray_cluster
from dlscope.core.errors import PlanError, PluginError


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(PluginError) as caught:
        ray_cluster.connect("10.0.0.7:6379")
    assert str(caught.value) == (
        "PluginError: scheduler 'ray' needs 'ray', which is not installed\n"
        "  where  dlscope.agents.ray_cluster\n"
        "  fix    pip install 'dlscope[ray]'"
    )


@pytest.mark.slow
def test_an_address_where_nothing_listens_is_refused_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        ray_cluster.connect("127.0.0.1:9")
    assert str(caught.value) == (
        "PlanError: no Ray cluster answers at 127.0.0.1:9\n"
        "  where  --address\n"
        "  fix    start one with `dlscope agent start --head`, and give the address that it tells"
    )
