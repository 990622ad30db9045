"""What the kernel tells of processes it ended because memory ran out."""

from __future__ import annotations

from pathlib import Path

_CGROUP = Path("proc/self/cgroup")
_CGROUPS = Path("sys/fs/cgroup")
_MACHINE = Path("proc/vmstat")


def oom_kills(root: Path = Path("/")) -> int | None:
    """Processes the kernel has ended for lack of memory so far, None where it does not tell.

    Those of this process's own control group, where there is one that counts them, else those of
    the whole machine. `root` is the root of the file system.
    """
    own = _own_group(root)
    candidates = [root / _MACHINE] if own is None else [own / "memory.events", root / _MACHINE]
    return next((count for path in candidates if (count := _counter(path)) is not None), None)


def _own_group(root: Path) -> Path | None:
    try:
        lines = (root / _CGROUP).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    return None if own is None else root / _CGROUPS / own


def _counter(path: Path) -> int | None:
    """The number after the word `oom_kill` in a file of lines `word number`."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return None
    fields = dict(line.split()[:2] for line in text.splitlines() if len(line.split()) >= 2)
    return int(fields["oom_kill"]) if "oom_kill" in fields else None
