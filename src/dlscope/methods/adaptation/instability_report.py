"""The argument against the adversarial loss, as a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from dlscope.core.report import Prose, Report, Section
from dlscope.core.table import Column, Table
from dlscope.methods.adaptation.instability import DISTANCES, gradients
from dlscope.reporting.curves import curves

GRADIENTS = (
    Column("distance", "float", "distance between the two domains, in deviations", role="id"),
    Column("adversarial", "float", "gradient of what the network is told", role="value"),
    Column("kl", "float", "gradient of the Kullback-Leibler divergence", role="value"),
    Column("twice_js", "float", "twice that of Jensen and Shannon's", role="value"),
    Column("saturating", "float", "gradient of the saturating loss", role="value"),
    Column("nearest", "float", "gradient of the distance to the nearest feature", role="value"),
)
_DRAWN = (
    ("adversarial", "adversarial"),
    ("kl", "KL"),
    ("saturating", "saturating"),
    ("nearest", "nearest feature"),
)


def instability_report(distances: Sequence[float] = DISTANCES) -> Report:
    """Table `gradients`: what each loss pulls with, by how far apart two domains are."""
    table = Table.of("gradients", GRADIENTS, [asdict(gradients(each)) for each in distances])
    figure = curves(
        table, "distance", _DRAWN, title="How hard each loss pulls", unit_title="Gradient"
    )
    return Report(
        title="Why adversarial alignment is unstable",
        answer="The adversarial gradient is that of KL less twice that of JS: while one is pulled "
        "together the other is pushed apart. The distance to the nearest feature always pulls.",
        tables=(table,),
        sections=(
            Section(
                "Two Gaussians of variance 1",
                (
                    figure,
                    table,
                    Prose(
                        "With the best discriminator held fixed, at a distance from the source. "
                        "The saturating loss dies away where the domains are far apart."
                    ),
                ),
            ),
        ),
        command="dlscope adapt explain-adversarial",
    )
