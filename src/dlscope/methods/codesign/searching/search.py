"""`Search`: from a request to a trained design, part by part; each part is kept once it is done.

supernet    weights and choices in turn, with a checkpoint after every epoch
explored    designs that the trained supernet tells apart
finalists   the few that span the front of loss and time, each trained a little by itself
final       the best of them, trained for long on all images but those for testing
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.exploring.judge import Judged
from dlscope.methods.codesign.implementing.implementer import Implementer
from dlscope.methods.codesign.searching.aims import Aims
from dlscope.methods.codesign.searching.design_file import identity_of
from dlscope.methods.codesign.searching.design_training import Recipe, TrainedDesign, train_design
from dlscope.methods.codesign.searching.exploration import fastest
from dlscope.methods.codesign.searching.finalists import Finalist, chosen_finalists, different
from dlscope.methods.codesign.searching.images import LabelledImages, Splits
from dlscope.methods.codesign.searching.kept import Kept
from dlscope.methods.codesign.searching.outcome import Infeasible, Outcome, SupernetOutcome
from dlscope.methods.codesign.searching.request import SearchRequest
from dlscope.methods.codesign.searching.schedule import SearchSchedule
from dlscope.methods.codesign.searching.supernet_part import SupernetPart
from dlscope.methods.codesign.space.design import Design

Told = Callable[[str, float], None]
_SUPERNET, _EXPLORED, _FINALISTS = 0.45, 0.55, 0.8


@final
class Search:
    """A request carried out in `folder`; a killed one goes on there and ends the same."""

    def __init__(self, request: SearchRequest, splits: Splits, folder: Path, told: Told) -> None:
        self._request, self._splits, self._told = request, splits, told
        self._kept = Kept(folder)
        self._implementer = Implementer(request.space, request.device)
        told_of_it = self._within(0.0, _SUPERNET)
        self._part = SupernetPart(request, splits, self._implementer, self._kept, told_of_it)

    def run(self) -> Outcome | Infeasible:
        """All parts. Raises `TrainingError` where a loss is no number."""
        self._kept.write("request", self._request.to_json())
        quickest = fastest(self._implementer, seed=self._request.seed)
        least_ns = self._implementer.time_ns(quickest)
        if not self._request.aims.meets(least_ns):
            self._implementer.implement(quickest)  # tells what is required where nothing fits
            return Infeasible(self._request, quickest, least_ns)
        schedule, is_limited = self._part.schedule()
        supernet = self._part.trained()
        judged = self._explored(supernet, schedule)
        finalists = self._finalists(judged, schedule)
        best = self._best(finalists)
        trained = self._final(best, schedule)
        return Outcome(
            request=self._request,
            implemented=self._implementer.implement(best.design),
            schedule=schedule,
            is_limited=is_limited,
            history=supernet.history,
            elapsed_ns=supernet.elapsed_ns,
            operations_nm=supernet.operations_nm,
            precisions_nmq=supernet.precisions_nmq,
            judged=tuple(judged),
            finalists=tuple(finalists),
            final=replace(best, test=trained.scores["test"]),
            network=trained.network,
            warnings=supernet.warnings,
        )

    def derived(self, aims: Aims, evaluations: int) -> list[Judged]:
        """Designs that the supernet of a finished search tells apart for other aims.

        Raises `SearchError` where the supernet is not there, and where nothing meets the target.
        """
        judged = self._part.told_apart(self._part.again(), aims, evaluations, self._told)
        if not judged:
            raise SearchError(
                f"infeasible: nothing of {evaluations} designs meets the target",
                where=f"search {self._kept.folder.name}",
                fix="allow more time per result, or look at more designs",
            )
        return judged

    def losses(self, designs: Sequence[Design]) -> list[float]:
        """What the supernet of a finished search tells of `designs`.

        Raises `SearchError` where the supernet is not there.
        """
        return self._part.losses(self._part.again(), designs)

    def _explored(self, supernet: SupernetOutcome, schedule: SearchSchedule) -> list[Judged]:
        aims, looks = self._request.aims, schedule.evaluations
        told = self._within(_SUPERNET, _EXPLORED)
        return self._kept.made(
            "explored",
            lambda: self._part.told_apart(supernet, aims, looks, told),
            _judged_to,
            _judged_from,
        )

    def _finalists(self, judged: Sequence[Judged], schedule: SearchSchedule) -> list[Finalist]:
        is_blind = self._request.aims.is_blind
        networks = different(judged, self._request.space)
        chosen = networks if is_blind else chosen_finalists(networks, schedule.finalists)
        found = []
        for place, each in enumerate(chosen):
            share = _EXPLORED + (_FINALISTS - _EXPLORED) * place / len(chosen)
            self._told(f"training finalist {place + 1} of {len(chosen)}", share)
            found.append(self._finalist(each, schedule))
        return found

    def _finalist(self, judged: Judged, schedule: SearchSchedule) -> Finalist:
        def make() -> Finalist:
            held_out = {"validation": self._splits.validation, "test": self._splits.test}
            recipe = Recipe(schedule.finalist_epochs, schedule.batch)
            scores = self._trained(
                judged.design, recipe, self._splits.train, held_out, name=name
            ).scores
            return Finalist(
                judged.design,
                judged.loss,
                judged.time_ns,
                scores["validation"],
                scores["test"],
                judged.energy_j,
            )

        name = f"finalist-{identity_of(judged.design)}"
        return self._kept.made(name, make, Finalist.to_json, Finalist.from_json)

    def _best(self, finalists: Sequence[Finalist]) -> Finalist:
        """The finalist that is worth most by the images that choices were made on."""
        losses = np.array([each.chosen_by.loss for each in finalists])
        times = np.array([each.time_ns for each in finalists])
        costs = np.array([each.cost for each in finalists])
        seen = replace(self._request.aims, is_blind=False)
        energies_j = costs if seen.minimised == "energy" else None
        values = seen.values(losses, times, float(costs.min()), energies_j)
        return finalists[int(np.argmin(values))]

    def _final(self, best: Finalist, schedule: SearchSchedule) -> TrainedDesign:
        self._told("training the chosen design", _FINALISTS)
        return self._trained(
            best.design,
            Recipe(schedule.final_epochs, schedule.batch),
            self._splits.seen,
            {"test": self._splits.test},
            name="final",
            told=self._within(_FINALISTS, 1.0),
        )

    def _trained(
        self,
        design: Design,
        recipe: Recipe,
        train: LabelledImages,
        held_out: Mapping[str, LabelledImages],
        *,
        name: str,
        told: Told | None = None,
    ) -> TrainedDesign:
        request = self._request
        return train_design(
            request.space,
            design,
            train,
            held_out,
            recipe,
            seed=request.seed,
            threads=request.threads,
            place=request.place,
            folder=self._kept.folder / name,
            told=told or tell_nobody,
            name=name,
        )

    def _within(self, first: float, last: float) -> Told:
        """Tells of a part of the search that lies between two shares of the whole."""
        return lambda step, share: self._told(step, first + (last - first) * share)


def tell_nobody(_step: str, _share: float) -> None:
    """Keeps quiet."""


def _judged_to(judged: Sequence[Judged]) -> list[Any]:
    return [{**asdict(each), "design": each.design.to_json()} for each in judged]


def _judged_from(data: Any) -> list[Judged]:
    return [Judged(**{**each, "design": Design.from_json(each["design"])}) for each in data]
