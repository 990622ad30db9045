from __future__ import annotations

from dlscope.core.report import Figure
from dlscope.methods.adaptation.instability import DISTANCES
from dlscope.methods.adaptation.instability_report import instability_report


def test_gradients_are_a_table_and_a_figure_of_four_losses():
    report = instability_report()
    assert report.table("gradients").column("distance") == DISTANCES
    figure = report.sections[0].blocks[0]
    assert isinstance(figure, Figure)
    assert {each["name"] for each in figure.spec["data"]["values"]} == {
        *("adversarial", "KL", "saturating", "nearest feature"),
    }
