"""Container engines: one is there if it answers, not if its program is.

No engine could be tried so far, so dlscope drives none: what needs a container is refused, saying
which engine was asked and what it answered.
"""

from __future__ import annotations

import subprocess

from dlscope.core.errors import StackError

ENGINES = ("docker", "podman", "nerdctl")
_PATIENCE_S = 10


def container_answers() -> dict[str, str]:
    """What each engine answers when it is asked for its state; empty from one that works."""
    return {name: _answer(name) for name in ENGINES}


def container_refusal(where: str) -> StackError:
    """Why software that is only given as a container image cannot be had here."""
    answers = container_answers()
    working = [name for name, answer in answers.items() if not answer]
    if working:
        what = f"an image needs a container, and dlscope drives none, not even by {working[0]}"
    else:
        told = "; ".join(f"{name}: {answer}" for name, answer in answers.items())
        what = f"an image needs a container, and no container engine works here ({told})"
    return StackError(
        what,
        where=where,
        fix="say what the image holds under stack.env, as requirements, or use --stack current",
    )


def _answer(engine: str) -> str:
    try:
        done = subprocess.run(
            [engine, "info"], capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except FileNotFoundError:
        return "not installed"
    except OSError as error:
        return error.strerror or str(error)
    except subprocess.TimeoutExpired:
        return f"no answer within {_PATIENCE_S} s"
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit code {done.returncode}"
