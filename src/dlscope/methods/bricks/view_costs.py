"""`view_costs`: what one more layer costs that moves nothing, by putting one after every layer."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray

from dlscope.methods.bricks.added_layers import with_identities
from dlscope.methods.bricks.calibration_networks import calibration_networks
from dlscope.methods.bricks.sessions import Sessions, timed_once, whole_model

ROUNDS, QUICK_ROUNDS = 41, 9
VIEW_MOST_NS = 2_000
"""No view has been seen to cost more."""


def view_costs(sessions: Sessions, rounds: int = ROUNDS) -> NDArray[np.float64]:
    """Networks × clocks, in ns for one view: each network beside itself with added views."""
    found = [_added(sessions, each, rounds) for each in calibration_networks().values()]
    return np.array(found, np.float64)


def _added(sessions: Sessions, model: onnx.ModelProto, rounds: int) -> NDArray[np.float64]:
    """Median difference for one added layer, on both clocks; the two take turns."""
    longer, layers = with_identities(model)
    pair = [whole_model(sessions, each)[0] for each in (model, longer)]
    differences = []
    for _ in range(rounds):
        times = []
        for bound in pair:
            bound.run()
            times.append(np.array(timed_once(bound)))
        differences.append((times[1] - times[0]) / layers)
    found: NDArray[np.float64] = np.median(np.array(differences), axis=0)
    return found
