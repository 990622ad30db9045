from __future__ import annotations

import pytest
from typer.testing import CliRunner

from dlscope.cli.app import app
from dlscope.cli.asking import labels
from dlscope.core.errors import PlanError, PluginError


def test_labels_are_read_as_names_and_values() -> None:
    assert labels(["lab=a", "room=3=b"]) == {"lab": "a", "room": "3=b"}
    assert labels(None) == {}


@pytest.mark.parametrize("text", ["lab", "=a", "lab="])
def test_a_label_without_a_name_or_a_value_is_refused(text: str) -> None:
    with pytest.raises(PlanError) as caught:
        labels([text])
    assert str(caught.value) == (
        f"PlanError: {text!r} is not a label and its value\n"
        "  where  --label\n"
        "  fix    write it as lab=a"
    )


def test_an_unknown_backend_is_refused_before_anything_is_started() -> None:
    result = CliRunner().invoke(app, ["agent", "start", "--head", "--backend", "mok"])
    assert isinstance(result.exception, PluginError)
    assert result.exception.what == "there is no plugin 'mok' among the backends"


def test_an_unknown_scheduler_is_refused() -> None:
    arguments = ["evaluate", "efficientnet-lite0", "--scheduler", "slurm"]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, PluginError)
    assert result.exception.what == "there is no plugin 'slurm' among the schedulers"
