"""Whether a model's own code may run here."""

from __future__ import annotations

from collections.abc import Iterator

from dlscope.core.errors import PlanError
from dlscope.core.hook_permission import VARIABLE, HookPermission
from dlscope.core.manifest import ModelManifest


def hook_problems(model: ModelManifest, permission: HookPermission) -> Iterator[PlanError]:
    """Why the hooks of `model` may not run; nothing for a model without, or with allowed ones."""
    hooks = model.hooks
    if hooks is not None and not permission.allows(hooks.sha256):
        yield PlanError(
            f"{model.name} wants to run code of its own, {hooks.file_name}, and hooks are off",
            where=f"model {model.name}, hooks",
            fix=f"read {hooks.module}; if it may run: --allow-hooks {hooks.sha256} "
            f"(or allow_hooks=, or {VARIABLE})",
        )
