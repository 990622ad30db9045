from __future__ import annotations

from dlscope.core import registry
from dlscope.core.report import Figure
from dlscope.methods.codesign.bottom_up.report import bottom_up_report


def test_the_answer_names_the_network_its_accuracy_and_latency(found):
    report = bottom_up_report(found[0], command="dlscope skynet search")
    network = found[0].winner.network
    assert report.answer.startswith(f"{network.bundle} with {network.widths[0]}, ")
    assert "ms on board (target 0.800 ms)" in report.answer
    assert "meets its target on board" in next(each.claim for each in report.findings)
    assert any("Trained alike, it takes" in each.claim for each in report.findings)


def test_every_finding_points_at_rows_that_are_there(found):
    report = bottom_up_report(found[0])
    for finding in report.findings:
        table = report.table(finding.evidence)
        assert all(row < len(table) for row in finding.rows)


def test_the_pictures_show_bundles_swarm_and_candidates(found):
    report = bottom_up_report(found[0])
    figures = [b for section in report.sections for b in section.blocks if isinstance(b, Figure)]
    assert [figure.table for figure in figures] == ["bundles", "swarm", "candidates"]
    assert all(figure.spec["data"]["values"] for figure in figures)


def test_faces_can_draw_it(found):
    report = bottom_up_report(found[0])
    page = registry.load("renderers", "html")().report(report)
    assert "A network from the bottom up" in page
    assert "Networks trained equally long" in page


def test_the_cloud_compares_what_was_trained_equally_long(found):
    report = bottom_up_report(found[0])
    cloud = report.sections[-2].blocks[0]
    drawn = cloud.spec["data"]["values"]
    longest = {
        each.network for each in found[0].candidates
        if each.stage not in ("final", "reference") and each.trial.epochs == 3
    }  # fmt: skip
    assert len(drawn) == len(longest)
