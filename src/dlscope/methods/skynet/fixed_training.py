"""A SkyNet that learns on with numbers of few bits, so that it answers well in them.

The formats stay as they were chosen. Activations end at the largest number that their map holds,
which is the clip that the network will have; weights are kept in float while they are learnt.
"""

from __future__ import annotations

from dataclasses import replace

from dlscope.methods.skynet.detector_file import Detector
from dlscope.methods.skynet.detector_training.recipes import IOU, Phase
from dlscope.methods.skynet.detector_training.training import TrainingOptions, train_detector
from dlscope.methods.skynet.fixed_network import FixedNetwork
from dlscope.methods.skynet.fixed_scheme import FixedScheme
from dlscope.methods.skynet.measured_images import Told
from dlscope.methods.skynet.prepared_images import PreparedImages
from dlscope.zoo.skynet.folding import Folded

_RATE, _BATCH = 2e-4, 16


def fine_tuned(
    detector: Detector,
    scheme: FixedScheme,
    images: PreparedImages,
    *,
    iterations: int,
    seed: int = 0,
    told: Told,
) -> Folded:
    """The weights of `detector` after so many iterations on `images` in the formats of `scheme`.

    Whole images in batches of 16, with the loss `iou` and its average of the weights, from a small
    rate. Raises `TrainingError` where a loss is no number, `PlanError` for no iterations.
    """
    network = FixedNetwork(detector.folded(), scheme, detector.act)
    recipe = replace(
        IOU,
        name="fixed point",
        rate=_RATE,
        phases=(Phase(1.0, batch=_BATCH, jitter=0.1),),
    )
    options = TrainingOptions(recipe, iterations, seed, detector.anchors)
    trained: FixedNetwork = train_detector(network, images, options, told=told).network
    return trained.folded()
