"""A file of hooks, executed: only where plans are carried out, never where they are made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, final

from dlscope.core.digest import bytes_digest
from dlscope.core.errors import DataError, PluginError, did_you_mean, raise_all
from dlscope.core.manifest import Hooks

Hook = Callable[[Mapping[str, Any], Any], Any]


@final
@dataclass(frozen=True)
class LoadedHooks:
    """The functions by hook, and the file that they come from."""

    path: Path = Path()
    functions: Mapping[str, Hook] = field(default_factory=dict)

    def line_of(self, error: BaseException) -> str:
        """Where in the file `error` was raised: `hooks.py, line 7`; its name alone elsewhere."""
        traceback, line = error.__traceback__, 0
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == str(self.path):
                line = traceback.tb_lineno
            traceback = traceback.tb_next
        return f"{self.path.name}, line {line}" if line else self.path.name


def load_hooks(path: Path, declared: Hooks) -> LoadedHooks:
    """Execute the file at `path` as a module of its own and take the declared functions from it.

    What runs is the very text whose digest was checked; no compiled copy beside it is looked at.
    Raises `DataError` for a file that is not as declared, `PluginError` for one that cannot be
    executed or lacks a function.
    """
    where = f"hooks, {path.name}"
    text = path.read_bytes()
    if (actual := bytes_digest(text)) != declared.sha256:
        raise DataError(
            f"{path} has the SHA-256 {actual}, expected {declared.sha256}",
            where=where,
            fix="restore the file, or correct the manifest",
        )
    module = ModuleType(f"_dlscope_hooks_{declared.sha256}")
    module.__file__ = str(path)
    # Where its classes look for the module that they were defined in.
    sys.modules[module.__name__] = module
    loaded = LoadedHooks(path)
    try:
        exec(compile(text, str(path), "exec"), module.__dict__)
    # It is not ours: whatever it raises, even to end the process, is told as its own fault.
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"the file of hooks cannot be executed: {said(error)}",
            where=f"hooks, {loaded.line_of(error)}",
            fix="correct it, and put its new sha256 into the manifest",
        ) from error
    return LoadedHooks(path, _functions(module, declared, where))


def said(error: BaseException) -> str:
    """Kind and first line of `error`."""
    words = str(error).strip().splitlines()
    return f"{type(error).__name__}: {words[0]}" if words else type(error).__name__


def _functions(module: ModuleType, declared: Hooks, where: str) -> Mapping[str, Hook]:
    known = [
        name
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("__")
    ]
    raise_all(
        [
            PluginError(
                f"the file of hooks has no function {function!r}",
                where=f"{where}, {hook}",
                fix=did_you_mean(function, known),
            )
            for hook, function in declared.functions.items()
            if function not in known
        ]
    )
    return {hook: getattr(module, function) for hook, function in declared.functions.items()}
