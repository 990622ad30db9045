"""`study`: models from their benches to their analyses, measured where that is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlscope.core.errors import BoundError, DlscopeError, raise_all
from dlscope.methods.bounds.analysis import MissingLayer
from dlscope.methods.bounds.gathering import Gathering, Tell
from dlscope.methods.bounds.generating import ModelBenches
from dlscope.methods.bounds.model_analysis import ModelAnalysis
from dlscope.methods.bounds.peaks import measured_peaks
from dlscope.methods.bounds.roofline_floor import Peaks
from dlscope.stacks.fingerprint import environment

Missing = Mapping[str, Sequence[MissingLayer]]


def study(
    gathering: Gathering, models: Sequence[ModelBenches], tell: Tell, *, measures: bool = True
) -> tuple[list[ModelAnalysis], Missing]:
    """The analysis of each model, and of those that cannot be bounded the layers that they lack.

    Raises `BoundError` naming all such layers of all models, unless a partial answer was asked
    for.
    """
    if measures:
        gathering.measure(models, tell)
    lacking = {model.name: found for model in models if (found := gathering.missing(model))}
    peaks = _peaks(gathering) if any(model.name not in lacking for model in models) else None
    if lacking and not gathering.request.is_partial:
        _refuse(gathering, [model for model in models if model.name in lacking], peaks)
    bounded = [gathering.bounds(model, peaks) for model in models if model.name not in lacking]
    calls = gathering.calls(tell, measures=measures) if bounded else {}
    analyses = [gathering.analysis(each, calls, tell, measures=measures) for each in bounded]
    return analyses, lacking


def _peaks(gathering: Gathering) -> Peaks | None:
    """Those of this machine's processor; a GPU's are not measured yet."""
    request = gathering.request
    is_here = gathering.environment.fingerprint == environment().fingerprint
    return measured_peaks(request.threads) if is_here and request.device == "cpu" else None


def _refuse(gathering: Gathering, models: Sequence[ModelBenches], peaks: Peaks | None) -> None:
    problems: list[DlscopeError] = []
    for model in models:
        try:
            gathering.bounds(model, peaks)
        except BoundError as error:
            problems.append(error)
    raise_all(problems)
