"""From a request to a lock: which Python, and every distribution to its last version.

What was resolved once is kept, so that the same request means the same stack tomorrow, and offline.
"""

from __future__ import annotations

import contextlib
import sysconfig
from collections.abc import Iterator, Sequence

from packaging.utils import canonicalize_name

from dlscope.catalog.cache import cache_folder
from dlscope.core.digest import digest
from dlscope.core.errors import StackError
from dlscope.core.manifest.stack import StackLock
from dlscope.stacks.asking import StackRequest
from dlscope.stacks.interpreters import Interpreter, suitable
from dlscope.stacks.recipes import RECIPES, Recipe, recipe_for
from dlscope.stacks.uv import Refused, Uv


def resolve(request: StackRequest, *, offline: bool = False) -> StackLock:
    """The lock of `request`, of the first interpreter for which there is one.

    Raises `StackError` for a framework without a recipe, a version that does not exist (naming
    the nearest), a Python that is not here, and for what offline cannot be told.
    """
    where = f"stack {request}"
    recipe = recipe_for(request.framework, request.version, where)
    pythons = suitable(",".join(filter(None, (recipe.python, request.python))), where)
    kept = cache_folder("stacks") / "locks" / f"{_key(request, recipe, pythons)}.json"
    if kept.is_file():
        return StackLock.model_validate_json(kept.read_bytes())
    lock = _resolved(request, recipe, pythons, Uv(offline=offline))
    kept.parent.mkdir(exist_ok=True)
    unfinished = kept.with_suffix(f".{lock.digest[:8]}.part")
    unfinished.write_text(lock.model_dump_json(), encoding="utf-8")
    unfinished.replace(kept)
    return lock


def framework_version(framework: str, lock: StackLock) -> str:
    """The version of the framework that `lock` holds, as its distribution counts."""
    names = [canonicalize_name(r.distribution) for r in recipes_of(framework)]
    return next(lock.packages[name] for name in names if name in lock.packages)


def recipes_of(framework: str) -> Sequence[Recipe]:
    """Every recipe of `framework`. Raises `StackError` for one without any."""
    recipe_for(framework, None, f"stack {framework}")
    return RECIPES[framework]


def _key(request: StackRequest, recipe: Recipe, pythons: Sequence[Interpreter]) -> str:
    asked = (str(request), recipe.distribution, *recipe.beside)
    return digest([*asked, sysconfig.get_platform(), [each.version for each in pythons]])[:32]


def _resolved(
    request: StackRequest, recipe: Recipe, pythons: Sequence[Interpreter], uv: Uv
) -> StackLock:
    wanted = [recipe.distribution + request.versions, *recipe.beside, *request.pins]
    refusals = []
    for python in pythons:
        try:
            pinned = uv.resolve(wanted, python.path, sources=recipe.sources)
        except Refused as refused:
            refusals.append(refused)
            continue
        return StackLock(
            python=python.version, platform=sysconfig.get_platform(), requirements=pinned
        )
    raise _refusal(request, recipe, pythons, refusals, uv)


def _refusal(
    request: StackRequest,
    recipe: Recipe,
    pythons: Sequence[Interpreter],
    refusals: Sequence[Refused],
    uv: Uv,
) -> StackError:
    where = f"stack {request}"
    if any(each.is_offline for each in refusals):
        return StackError(
            f"{request} was never resolved here, and the network may not be used",
            where=where,
            fix="leave --offline out once, or unset UV_OFFLINE; what is fetched is kept",
        )
    near = list(dict.fromkeys(_nearest(request, recipe, pythons, uv)))
    if near and not _exists(request, recipe, pythons, uv):
        return StackError(
            f"there is no {recipe.distribution} {request.version or request.versions}"
            f"{f' for Python {pythons[0].version}' if request.python else ''}",
            where=where,
            fix=f"nearest available: {', '.join(near)}",
        )
    return StackError(
        f"no set of distributions satisfies {request}: {refusals[0].said}",
        where=where,
        fix="loosen a pin, or name another Python",
    )


def _exists(request: StackRequest, recipe: Recipe, pythons: Sequence[Interpreter], uv: Uv) -> bool:
    """Whether the framework itself can be had, so that only what it needs cannot."""
    for python in pythons:
        with contextlib.suppress(Refused):
            uv.resolve([recipe.distribution + request.versions], python.path, "--no-deps")
            return True
    return False


def _nearest(
    request: StackRequest, recipe: Recipe, pythons: Sequence[Interpreter], uv: Uv
) -> Iterator[str]:
    """The version below the one asked for and the one above it, where there are such."""
    if request.version is None:
        sides = [("", "highest")]
    else:
        sides = [(f"<{request.version}", "highest"), (f">{request.version}", "lowest-direct")]
    for bound, order in sides:
        for python in pythons:
            try:
                wanted = recipe.distribution + bound
                found = uv.resolve([wanted], python.path, "--no-deps", "--resolution", order)
            except Refused:
                continue
            yield found[0].partition("==")[2]
            break
