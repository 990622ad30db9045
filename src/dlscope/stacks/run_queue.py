"""How long threads of this process that could run had to wait for a core, as the system counts."""

from __future__ import annotations

from pathlib import Path

_TASKS = Path("/proc/self/task")


def waited_ns() -> int:
    """What the threads of this process have waited together; 0 if the system does not tell.

    A thread that has ended counts no more.
    """
    found = 0
    try:
        for task in _TASKS.iterdir():
            found += _waited(task)
    except OSError:
        return 0
    return found


def _waited(task: Path) -> int:
    try:
        return int((task / "schedstat").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0  # it ended meanwhile
