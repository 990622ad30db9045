from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from dlscope.core import registry
from dlscope.core.errors import PluginError


@pytest.fixture
def points(monkeypatch):
    """Entry points of our own in place of the installed ones."""

    def install(**values: str) -> None:
        found = [EntryPoint(name, value, "dlscope.backends") for name, value in values.items()]
        monkeypatch.setattr(registry, "entry_points", lambda **_: found)
        registry._entry_points.cache_clear()

    yield install
    monkeypatch.undo()
    registry._entry_points.cache_clear()


def run(code: str):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_naming_plugins_imports_none() -> None:
    loaded = run(
        "import json, sys\n"
        "from dlscope.core import registry\n"
        "before = set(sys.modules)\n"
        "found = [registry.names(kind) for kind in registry.KINDS]\n"
        "new = [m for m in set(sys.modules) - before if m.partition('.')[0] in\n"
        "       ('dlscope', 'onnx', 'onnxruntime', 'torch', 'openvino')]\n"
        "print(json.dumps({'found': sum(map(len, found)), 'new': new}))"
    )
    assert loaded["new"] == []
    assert loaded["found"] > 40


def test_names_are_sorted_and_those_of_pyproject() -> None:
    assert registry.names("backends") == tuple(sorted(registry.names("backends")))
    assert {"onnxruntime", "openvino", "torch", "reference", "mock"} <= set(
        registry.names("backends")
    )


def test_loads_the_object_an_entry_point_names(points) -> None:
    points(mine="dlscope.core.errors:LoadError")
    from dlscope.core.errors import LoadError

    assert registry.names("backends") == ("mine",)
    assert registry.load("backends", "mine") is LoadError


@pytest.mark.parametrize(
    ("name", "fix"),
    [("onnxrutime", "did you mean onnxruntime?"), ("xyz", "use one of mock, onnxruntime")],
)
def test_refuses_an_unknown_name(points, name: str, fix: str) -> None:
    points(mock="a:B", onnxruntime="c:D")
    with pytest.raises(PluginError) as refusal:
        registry.load("backends", name)
    assert str(refusal.value) == (
        f"PluginError: there is no plugin {name!r} among the backends\n"
        f"  where  entry points dlscope.backends\n"
        f"  fix    {fix}"
    )


def test_refuses_an_unknown_kind() -> None:
    with pytest.raises(PluginError) as refusal:
        registry.names("backend")
    assert str(refusal.value) == (
        "PluginError: 'backend' is not a kind of plugin\n"
        "  where  dlscope.core.registry\n"
        "  fix    did you mean backends?"
    )


def test_says_how_to_install_a_missing_framework() -> None:
    # None in sys.modules is how Python itself marks a module that must not be found.
    shown = run(
        "import json, sys\n"
        "sys.modules['openvino'] = None\n"
        "from dlscope.core import registry\n"
        "try: registry.load('backends', 'openvino')\n"
        "except registry.PluginError as error: print(json.dumps(str(error)))"
    )
    assert shown == (
        "PluginError: backend 'openvino' needs 'openvino', which is not installed\n"
        "  where  dlscope.backends.openvino:OpenVinoBackend\n"
        "  fix    pip install 'dlscope[openvino]'"
    )


@pytest.mark.parametrize(
    ("kind", "module", "what", "fix"),
    [
        ("backends", "onnxruntime", "backend 'x'", "pip install 'dlscope[ort]'"),
        ("steps", "cv2", "step 'x'", "pip install 'dlscope[opencv]'"),
        ("analyses", "altair", "analysis 'x'", "pip install 'dlscope[figures]'"),
        ("backends", "tinygrad", "backend 'x'", "pip install tinygrad"),
    ],
)
def test_names_the_extra_where_there_is_one(kind: str, module: str, what: str, fix: str) -> None:
    error = registry.missing_distribution(kind, "x", module, where="a:B")
    assert str(error) == (
        f"PluginError: {what} needs {module!r}, which is not installed\n"
        f"  where  a:B\n"
        f"  fix    {fix}"
    )


def test_a_third_party_plugin_may_lack_a_distribution_of_its_own(points) -> None:
    points(mine="dlscope_absent_plugin.backend:Backend")
    with pytest.raises(PluginError, match="needs 'dlscope_absent_plugin'"):
        registry.load("backends", "mine")


def test_a_missing_module_of_dlscope_itself_is_not_dressed_up(points) -> None:
    points(mine="dlscope.core.absent:Backend")
    with pytest.raises(ModuleNotFoundError):
        registry.load("backends", "mine")
