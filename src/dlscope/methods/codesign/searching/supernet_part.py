"""`SupernetPart`: the part of a search that trains the supernet, and has it tell designs apart.

It is trained once: what comes later reads its last checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any, final

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.exploring.judge import Judged
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.bilevel import BilevelSearch
from dlscope.methods.codesign.searching.exploration import explored
from dlscope.methods.codesign.searching.images import Splits
from dlscope.methods.codesign.searching.kept import Kept
from dlscope.methods.codesign.searching.outcome import SupernetOutcome
from dlscope.methods.codesign.searching.request import SearchRequest
from dlscope.methods.codesign.searching.schedule import SearchSchedule, planned
from dlscope.methods.codesign.searching.step_times import step_times
from dlscope.methods.codesign.searching.supernet_estimate import SupernetEstimate
from dlscope.methods.codesign.searching.two_step import second_step
from dlscope.methods.codesign.space.design import Design
from dlscope.training.batches import Batches, split
from dlscope.training.checkpoints import Checkpoints
from dlscope.training.determinism import reproducible
from dlscope.training.loop import TrainingLoop

Told = Callable[[str, float], None]
_FOLDER = "supernet"


@final
class SupernetPart:
    """The supernet of a request, with its checkpoints in the folder of `kept`."""

    def __init__(
        self,
        request: SearchRequest,
        splits: Splits,
        implementer: Implementer,
        kept: Kept,
        told: Told,
    ) -> None:
        self._request, self._splits, self._told = request, splits, told
        self._implementer, self._kept = implementer, kept

    def schedule(self) -> tuple[SearchSchedule, bool]:
        """What was asked for, or what fills the budget, and whether that is too short.

        Decided once.
        """
        request = self._request
        if request.schedule is not None:
            return request.schedule, False
        return self._kept.made("schedule", self._planned, _schedule_to, _schedule_from)

    def trained(self) -> SupernetOutcome:
        """The supernet after its last epoch; what is in the checkpoint is not done again."""
        request = self._request
        schedule, _ = self.schedule()
        with self._reproducible():
            bilevel = self._bilevel(schedule)
            loop = TrainingLoop(
                bilevel.stateful,
                schedule.epochs,
                checkpoints=Checkpoints(self._kept.folder / _FOLDER, request.digest),
                told=self._told,
                name="search",
            )
            history = loop.run(bilevel.epoch, ends_early=bilevel.is_settled).history
        return SupernetOutcome.of(bilevel, history)

    def again(self) -> SupernetOutcome:
        """The supernet of a finished search. Raises `SearchError` where it is not there."""
        if not (self._kept.folder / _FOLDER).is_dir():
            raise SearchError(
                "the search has no supernet",
                where=str(self._kept.folder),
                fix="search without a target that nothing meets",
            )
        return self.trained()

    def told_apart(
        self, supernet: SupernetOutcome, aims: Aims, evaluations: int, told: Told = lambda *_: None
    ) -> list[Judged]:
        """Designs that `supernet` was asked about, those within the aims, the best first."""
        request, step = self._request, "telling designs apart"
        told(step, 0.0)
        with self._reproducible():
            estimate = self._estimate(supernet, lambda asked: told(step, asked / evaluations))
            found = explored(
                self._implementer,
                estimate,
                supernet.starts,
                aims,
                evaluations=evaluations,
                seed=request.seed,
            )
            if not aims.is_blind:
                return found
            count = self.schedule()[0].finalists
            return second_step(found, self._implementer, estimate, aims, count)

    def losses(self, supernet: SupernetOutcome, designs: Sequence[Design]) -> list[float]:
        """What `supernet` tells of each of `designs`."""
        with self._reproducible():
            estimate = self._estimate(supernet)
            return [estimate.loss(each) for each in designs]

    def _reproducible(self) -> AbstractContextManager[None]:
        """Torch as it has to be; a GPU may lack an algorithm that is, and torch warns then."""
        request = self._request
        return reproducible(request.seed, threads=request.threads, is_strict=request.place == "cpu")

    def _estimate(
        self, supernet: SupernetOutcome, told: Callable[[int], None] = lambda _: None
    ) -> SupernetEstimate:
        """The supernet as it is, on some of the images for validation."""
        request, validation = self._request, self._splits.validation
        share = min(self.schedule()[0].judged_images / len(validation), 1.0)
        some, _ = split(validation.labels, share, request.seed)
        images = validation if share == 1 else validation.of(some)
        return SupernetEstimate(
            request.space, supernet.module, images, device=supernet.device, told=told
        )

    def _planned(self) -> tuple[SearchSchedule, bool]:
        request = self._request
        self._told("planning", 0.0)
        with self._reproducible():
            times = step_times(self._bilevel(SearchSchedule()), self._splits)
        steps = [
            len(Batches(len(part), SearchSchedule().batch))
            for part in (self._splits.train, self._splits.seen)
        ]
        budget_s = request.budget_s or math.inf
        return planned(budget_s, times, train_steps=steps[0], seen_steps=steps[1])

    def _bilevel(self, schedule: SearchSchedule) -> BilevelSearch:
        request = self._request
        return BilevelSearch(
            self._implementer,
            self._splits,
            schedule,
            request.aims,
            seed=request.seed,
            place=request.place,
        )


def _schedule_to(planned: tuple[SearchSchedule, bool]) -> dict[str, Any]:
    schedule, is_limited = planned
    return {"schedule": asdict(schedule), "is_limited": is_limited}


def _schedule_from(data: Any) -> tuple[SearchSchedule, bool]:
    return SearchSchedule(**data["schedule"]), data["is_limited"]
