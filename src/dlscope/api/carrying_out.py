"""Plans carried out on this machine, against a store: what every method's face does alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dlscope.api.watcher import Watcher

if TYPE_CHECKING:
    from dlscope.agents.scheduler import Scheduler
    from dlscope.core.hook_permission import HookPermission
    from dlscope.core.plan import Plan
    from dlscope.core.run import Run

Names = str | Sequence[str]


def permission_of(allow_hooks: Names) -> HookPermission:
    """The hooks that may run: those named, beside those that the environment allows."""
    from dlscope.core.hook_permission import HookPermission

    return HookPermission.of(*([allow_hooks] if isinstance(allow_hooks, str) else allow_hooks))


def scheduler_named(name: str, address: str | None, permission: HookPermission) -> Scheduler:
    """The scheduler `name` for the fleet at `address`.

    Raises `PluginError` for an unknown one, and for one whose engine is not installed.
    """
    from dlscope.core import registry

    scheduler: Scheduler = registry.load("schedulers", name)(permission, address)
    return scheduler


def carried_out(
    plans: Sequence[Plan],
    permission: HookPermission,
    store: str | None,
    rerun: bool,
    watcher: Watcher,
    refused: int = 0,
    *,
    stops_at_failure: bool = False,
    scheduler: Scheduler | None = None,
) -> tuple[Run, ...]:
    """The Run of each plan, measured unless the store holds it; on this machine by default."""
    from dlscope.agents.campaign import Campaign
    from dlscope.agents.local import LocalScheduler
    from dlscope.store import Store

    with Store.open(store) as opened:
        watcher.planned(plans, refused)
        campaign = Campaign(opened, scheduler or LocalScheduler(permission))
        return campaign.runs(
            plans,
            observer=watcher.progress,
            finished=watcher.finished,
            spooled=watcher.spooled,
            rerun=rerun,
            stops_at_failure=stops_at_failure,
        )
