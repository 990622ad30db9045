from __future__ import annotations

# Folders that follow something other than one module: a rule, a kind of plugin, a paper, a face,
# what may go wrong around dlscope, a script.
FREE = {"architecture", "benchmarks", "conformance", "docs", "faces", "papers", "robustness"}
# Files about more than one module of their folder.
EXCEPTIONS = {
    "methods/adaptation/test_devices.py": "trainings on another device, through every module",
    "agents/test_ray_clock.py": "a whole cluster under a clock that steps",
    "catalog/test_builtin.py": "the built-in manifests, which are YAML",
    "pipelines/test_golden_rows.py": "whole pipelines against published figures",
}


def test_each_test_file_mirrors_a_module(root) -> None:
    tests, package = root / "tests", root / "src" / "dlscope"
    strays = []
    for path in sorted(tests.rglob("test_*.py")):
        place = path.relative_to(tests)
        name = place.stem.removeprefix("test_")
        mirrored = package / place.parent / name
        is_mirror = mirrored.with_suffix(".py").is_file() or (mirrored / "__init__.py").is_file()
        if place.parts[0] not in FREE and not is_mirror and place.as_posix() not in EXCEPTIONS:
            strays.append(place.as_posix())
    assert strays == []


def test_the_exceptions_are_still_there(root) -> None:
    assert [name for name in EXCEPTIONS if not (root / "tests" / name).is_file()] == []
