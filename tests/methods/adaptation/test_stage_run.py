from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import small_domains

torch = pytest.importorskip("torch")

from dlscope.core.errors import TrainingError  # noqa: E402 - after the check for torch
from dlscope.methods.adaptation.options import SIM, LossWeights  # noqa: E402 - after the check
from dlscope.methods.adaptation.selecting import SCORE  # noqa: E402 - after the check
from dlscope.methods.adaptation.stage import Stage, StageData  # noqa: E402 - after the check
from dlscope.methods.adaptation.stage_run import run_stage  # noqa: E402 - after the check
from dlscope.training.determinism import reproducible  # noqa: E402 - after the check for torch
from dlscope.zoo.segmenter.named import segmenter  # noqa: E402 - after the check for torch

OPTIONS = replace(small_domains.OPTIONS, checkpoint_every=1)


@pytest.fixture(scope="module")
def domains(tmp_path_factory):
    return small_domains.written(tmp_path_factory.mktemp("scenes"))


def trained(
    domains,
    weights,
    steps,
    *,
    folder=None,
    target=True,
    stop_after=None,
    labels=None,
    is_online=False,
    options=OPTIONS,
):
    """The state after a stage from the same start."""
    with reproducible(3):
        network = segmenter("sceneseg_lite")
        done = []
        run_stage(
            Stage("stage", steps, 1e-3, (2, 2), weights, seed=5, is_online=is_online),
            network,
            StageData(domains.source_pictures, domains.target_pictures if target else None, labels),
            options,
            folder,
            told=lambda _step, share: done.append(share),
            should_stop=lambda: len(done) == stop_after,
        )
    return network.state_dict()


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.glob("*.pt"))


def equal(first, second) -> bool:
    return all(torch.equal(value, second[name]) for name, value in first.items())


def test_a_stage_that_was_stopped_ends_with_the_same_weights(domains, tmp_path):
    whole = trained(domains, SIM, 5)
    trained(domains, SIM, 5, folder=tmp_path, stop_after=2)
    assert names(tmp_path) == ["checkpoint-000001.pt", "checkpoint-000002.pt"]
    assert equal(trained(domains, SIM, 5, folder=tmp_path), whole)


def test_an_online_stage_that_was_stopped_ends_with_the_same_average(domains, tmp_path):
    weights = LossWeights(instance=0.01, pseudo=1.0)
    whole = trained(domains, weights, 3, is_online=True)
    trained(domains, weights, 3, folder=tmp_path, stop_after=1, is_online=True)
    assert equal(trained(domains, weights, 3, folder=tmp_path, is_online=True), whole)


@pytest.mark.parametrize("is_online", [False, True])
def test_what_is_stopped_between_checkpoints_goes_on_after_that_step(domains, tmp_path, is_online):
    """With the same figures, too: they are means over all steps since the checkpoint before."""
    weights = LossWeights(instance=0.01, pseudo=1.0) if is_online else SIM
    options = replace(OPTIONS, checkpoint_every=3)
    asked = {"is_online": is_online, "options": options}
    whole = trained(domains, weights, 4, folder=tmp_path / "whole", **asked)
    trained(domains, weights, 4, folder=tmp_path / "parts", stop_after=2, **asked)
    assert names(tmp_path / "parts") == ["checkpoint-000000-within.pt"]
    assert equal(trained(domains, weights, 4, folder=tmp_path / "parts", **asked), whole)
    whole_file, parts_file = (
        torch.load(tmp_path / each / "checkpoint-000002.pt", weights_only=True)
        for each in ("whole", "parts")
    )
    assert parts_file["plain"] == whole_file["plain"]


def test_the_last_three_checkpoints_are_kept_and_the_best(domains, tmp_path):
    """The best is that of the second step here."""
    scores = iter([1.0, 3.0, 2.0, 2.0, 2.0, 2.0])

    class SecondBest:
        by = "source_val"

        def figures(self, network):
            assert network.channels == 64
            return {SCORE: next(scores)}

    with reproducible(3):
        network = segmenter("sceneseg_lite")
        done = run_stage(
            Stage("stage", 6, 1e-3, (2, 2), LossWeights(), seed=5),
            network,
            StageData(domains.source_pictures),
            OPTIONS,
            tmp_path,
            selecting=SecondBest(),
        )
    assert names(tmp_path) == [f"checkpoint-00000{each}.pt" for each in (2, 4, 5, 6)]
    assert (done.selected.by, done.selected.step, done.steps) == ("source_val", 2, 6)
    assert equal(trained(domains, LossWeights(), 6, target=False), network.state_dict())
    assert not equal(done.selected.state, network.state_dict())


@pytest.mark.slow
def test_stopped_after_7_of_15_steps_with_all_terms_it_ends_the_same(domains, tmp_path):
    weights = replace(SIM, pseudo=1.0)
    labels = [np.full((64, 64), 10, dtype=np.uint8)] * 5
    whole = trained(domains, weights, 15, labels=labels)
    trained(domains, weights, 15, folder=tmp_path, stop_after=7, labels=labels)
    assert equal(trained(domains, weights, 15, folder=tmp_path, labels=labels), whole)


def test_without_a_term_the_target_changes_nothing(domains):
    """Bit for bit what training on the source alone gives."""
    alone = trained(domains, LossWeights(), 2, target=False)
    assert equal(trained(domains, LossWeights(), 2), alone)
    assert not equal(trained(domains, SIM, 2), alone)


def test_a_loss_that_is_no_number_names_its_term_and_images(domains, tmp_path):
    with reproducible(0):
        network = segmenter("sceneseg_lite")
        with torch.no_grad():
            network.classifier.bias[3] = float("nan")
        with pytest.raises(TrainingError, match="segmentation is no number at step 1, with") as no:
            run_stage(
                Stage("stage", 2, 1e-3, (2, 2), LossWeights(), seed=5),
                network,
                StageData(domains.source_pictures),
                OPTIONS,
                tmp_path,
            )
    assert "_leftImg8bit.png" in str(no.value)
    assert (tmp_path / "crash.pt").is_file()


def test_tells_of_classes_that_nothing_was_ever_drawn_to(domains):
    with reproducible(3):
        done = run_stage(
            Stage("stage", 2, 1e-3, (2, 2), SIM, seed=5),
            segmenter("sceneseg_lite"),
            StageData(domains.source_pictures, domains.target_pictures),
            OPTIONS,
        )
    assert done.ending == "done"
    assert done.warnings == ()
    assert done.unmatched["train"] == 0
    last = done.history[-1]
    assert {"active_classes", "stored_vectors", "entropy", "stuff_regions"} <= last.keys()


@pytest.mark.slow
def test_learns_two_images_by_heart(tmp_path):
    """After 200 steps, of classes that are large enough for a map of a quarter of the size."""
    from dlscope.data.procedural.scenes.folder import ScenePair, write_scenes
    from dlscope.methods.adaptation.domains import Domains
    from dlscope.methods.adaptation.evaluating import predictions
    from dlscope.methods.adaptation.options import LIGHT
    from dlscope.metrics.confusion import ConfusionMatrix

    write_scenes(tmp_path, ScenePair(source=1, target=1, val=2, seed=11))
    pictures = Domains.of_scenes(tmp_path, LIGHT).source_judges
    with reproducible(0):
        network = segmenter("sceneseg_lite")
        run_stage(
            Stage("stage", 200, 1e-2, (2, 1), LossWeights(), seed=0),
            network,
            StageData(pictures),
            replace(LIGHT, flips=False, rise=20),
        )
    matrix = ConfusionMatrix(19)
    for index, predicted in enumerate(predictions(network, pictures)):
        matrix.add(pictures.labels(index), predicted)
    large = np.flatnonzero(matrix.counts_gp.sum(axis=1) >= 400)
    assert len(large) >= 7
    assert matrix.mean_iou(large.tolist()) >= 0.9
