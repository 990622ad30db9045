"""Latency of a network on engines that all layers of a kind share, fitted to measured designs.

    Comp_p   = Σ_layers reuse(layer, p) · Lat_p                        of the engine p
    Lat_bund = α · Σ_p Comp_p + β · Data_bund / bw
    Lat_DNN  = Σ_bund Lat_bund + φ · Data_net / bw
    Res_DNN  = Σ_p Res_p + Γ + γ · Res_ctl                             of each resource

Hao et al., "FPGA/DNN Co-Design: An Efficient Design Methodology for IoT Intelligence on the Edge",
DAC 2019, as SkyNet uses it. α says how much of the engines' times overlaps, β and φ how much data
moves beyond the least, γ how much control there is; all are 1 until they are fitted.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import SearchError

FEWEST = 5
_NS_PER_S = 1e9
_WHERE = "fit of shared engines"


@final
@dataclass(frozen=True)
class BundleWork:
    """Of one bundle: how long each engine takes a time, how often it does, and bytes moved."""

    pass_ns: Mapping[str, float]
    reuse: Mapping[str, int]
    data_bytes: float

    @property
    def compute_ns(self) -> float:
        """Σ_p Comp_p."""
        return sum(count * self.pass_ns[engine] for engine, count in self.reuse.items())


@final
@dataclass(frozen=True)
class NetworkWork:
    """Its bundles, the bytes that the network itself moves, and the bandwidth of memory."""

    bundles: tuple[BundleWork, ...]
    data_bytes: float
    bytes_per_s: float

    def terms_ns(self) -> tuple[float, float, float]:
        """What α, β and φ multiply."""
        compute = sum(bundle.compute_ns for bundle in self.bundles)
        moved = sum(bundle.data_bytes for bundle in self.bundles)
        per_byte = _NS_PER_S / self.bytes_per_s
        return compute, moved * per_byte, self.data_bytes * per_byte


@final
@dataclass(frozen=True)
class Coefficients:
    """α, β, φ and γ."""

    overlap: float = 1.0
    bundle_data: float = 1.0
    network_data: float = 1.0
    control: float = 1.0

    def latency_ns(self, network: NetworkWork) -> float:
        """Lat_DNN."""
        factors = (self.overlap, self.bundle_data, self.network_data)
        return sum(each * term for each, term in zip(factors, network.terms_ns(), strict=True))

    def resource(self, engines: Mapping[str, float], fixed: float, control: float) -> float:
        """Res_DNN of one resource: of each engine once, Γ, and γ times that of the control."""
        return sum(engines.values()) + fixed + self.control * control


def fitted(networks: Sequence[NetworkWork], measured_ns: Sequence[float]) -> Coefficients:
    """α, β and φ, none below 0, with the least sum of squared errors; γ stays 1.

    Raises `SearchError` for fewer than five networks, and for ones that do not tell the three
    apart.
    """
    if len(networks) != len(measured_ns) or len(networks) < FEWEST:
        raise SearchError(
            f"{len(networks)} networks with {len(measured_ns)} times are too few to fit",
            where=_WHERE,
            fix=f"measure at least {FEWEST} networks",
        )
    terms = np.array([network.terms_ns() for network in networks])
    scale = np.where(terms.max(axis=0) > 0, terms.max(axis=0), 1.0)
    if np.linalg.matrix_rank(terms / scale) < terms.shape[1]:
        raise SearchError(
            "these networks do not tell arithmetic and data apart",
            where=_WHERE,
            fix="measure networks that differ in bundles, widths and sizes",
        )
    solved = _least_squares(terms / scale, np.asarray(measured_ns, dtype=np.float64)) / scale
    overlap, bundle_data, network_data = (float(each) for each in solved)
    return Coefficients(overlap, bundle_data, network_data)


def with_control(
    found: Coefficients, used: Sequence[float], known: Sequence[float], control: Sequence[float]
) -> Coefficients:
    """`found` with the γ of least squares: `used` against `known` engines and their `control`.

    Raises `SearchError` for fewer than five designs, or none with any control.
    """
    rest = np.asarray(used, dtype=np.float64) - np.asarray(known, dtype=np.float64)
    steer = np.asarray(control, dtype=np.float64)
    if len(steer) < FEWEST or not steer.any():
        raise SearchError(
            f"{len(steer)} designs do not tell what control takes",
            where=_WHERE,
            fix=f"give at least {FEWEST} designs, with what their control is made of",
        )
    return replace(found, control=max(0.0, float(rest @ steer / (steer @ steer))))


def _least_squares(
    terms_nt: NDArray[np.float64], times_n: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The best solution without a negative number: the best of every set of terms kept."""
    count = terms_nt.shape[1]
    best, least = np.zeros(count), float(times_n @ times_n)
    for kept in itertools.product((False, True), repeat=count):
        chosen = np.array(kept)
        if not chosen.any():
            continue
        solved = np.zeros(count)
        solved[chosen] = np.linalg.lstsq(terms_nt[:, chosen], times_n, rcond=None)[0]
        error = float(np.sum((terms_nt @ solved - times_n) ** 2))
        if solved.min() >= 0 and error < least:
            best, least = solved, error
    return best
