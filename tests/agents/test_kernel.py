from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.agents.kernel import oom_kills


def _write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "kills"),
    [
        (
            {
                "proc/self/cgroup": "0::/user.slice/a\n",
                "sys/fs/cgroup/user.slice/a/memory.events": "low 0\nhigh 0\noom 2\noom_kill 3\n",
                "proc/vmstat": "nr_free_pages 5\noom_kill 9\n",
            },
            3,
        ),
        ({"proc/self/cgroup": "0::/\n", "proc/vmstat": "oom_kill 9\n"}, 9),
        ({"proc/self/cgroup": "4:memory:/docker/x\n", "proc/vmstat": "oom_kill 0\n"}, 0),
        ({"proc/vmstat": "pgfault 1\noom_kill 12\n"}, 12),
        ({"proc/vmstat": "pgfault 1\n"}, None),
        ({}, None),
    ],
    ids=["own group", "group without events", "old groups", "machine", "old kernel", "nothing"],
)
def test_counts_what_the_kernel_ended(tmp_path: Path, files: dict[str, str], kills) -> None:
    assert oom_kills(_write(tmp_path, files)) == kills
