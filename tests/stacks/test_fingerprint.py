from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

from dlscope.core.run import Environment
from dlscope.stacks.fingerprint import (
    environment,
    installed_paths,
    packages,
    relevant_variables,
    volatile,
)

_SCRIPT = "from dlscope.stacks.fingerprint import environment as e; print(e().fingerprint)"


def _fingerprint(folder: Path, **variables: str) -> str:
    answer = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()


def test_a_worker_has_the_fingerprint_of_its_parent(tmp_path: Path) -> None:
    (tmp_path / "stray-1.0.dist-info").mkdir()
    assert _fingerprint(tmp_path) == environment().fingerprint


def test_another_thread_setting_is_another_environment(tmp_path: Path) -> None:
    one, two = (_fingerprint(tmp_path, OMP_NUM_THREADS=count) for count in ("3", "4"))
    assert one != two


def test_lists_every_installed_distribution() -> None:
    def normal(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    paths = installed_paths(sys.path)
    wanted = {
        normal(each.metadata["Name"]): each.version
        for each in importlib.metadata.distributions(path=paths)
    }
    assert environment().packages == wanted


def test_the_first_of_two_versions_counts(tmp_path: Path) -> None:
    for folder in (
        "a/My_Pkg-1.0.dist-info",
        "a/notes",
        "b/my.pkg-2.0.dist-info",
        "b/old-3-py3.egg-info",
    ):
        (tmp_path / folder).mkdir(parents=True)
    paths = [str(tmp_path / "a"), str(tmp_path / "missing"), str(tmp_path / "b")]
    assert packages(paths) == {"my-pkg": "1.0", "old": "3"}


def test_keeps_only_variables_that_steer_libraries() -> None:
    given = {
        "OMP_NUM_THREADS": "2",
        "LD_PRELOAD": "libjemalloc.so",
        "OPENBLAS_CORETYPE": "Zen",
        "HOME": "/root",
        "TF_VAR_secret": "x",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "MY_OMP_X": "1",
    }
    assert list(relevant_variables(given)) == [
        "LD_PRELOAD",
        "OMP_NUM_THREADS",
        "OPENBLAS_CORETYPE",
        "TF_ENABLE_ONEDNN_OPTS",
    ]


def test_what_is_volatile_is_kept_but_not_hashed() -> None:
    found = environment()
    busier = {**volatile(), "load_average": [99.0, 99.0, 99.0]}
    other = Environment(**{**found.to_json(), "volatile": busier})
    assert other.fingerprint == found.fingerprint
    assert other != found
    assert set(found.volatile) == {
        "load_average",
        "cpu_mhz",
        "governor",
        "boot_time_s",
        "memory_available_bytes",
    }
