"""`target_pictures`: a few images of the target as networks see them, chosen by place alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from dlscope.core.report import Picture
from dlscope.data.scene_classes import Ids
from dlscope.methods.adaptation.montage import montage
from dlscope.methods.adaptation.pictures import Pictures, network_input
from dlscope.zoo.segmenter.segmenter import Segmenter

SHOWN = 3


def target_pictures(
    networks: Mapping[str, Segmenter], pictures: Pictures, shown: int = SHOWN
) -> tuple[Picture, ...]:
    """A picture of each of `shown` images, evenly spaced; labels where `pictures` has some."""
    places = np.linspace(0, len(pictures) - 1, min(shown, len(pictures))).round().astype(int)
    return tuple(_picture(networks, pictures, int(place)) for place in dict.fromkeys(places))


def _picture(networks: Mapping[str, Segmenter], pictures: Pictures, index: int) -> Picture:
    image = pictures.image(index)
    labels = pictures.labels(index) if pictures.is_labelled else None
    seen = {name: _seen(network, image) for name, network in networks.items()}
    return montage(
        f"target-{index}", image, labels, seen, f"Image {pictures.names[index]} of the target"
    )


def _seen(network: Segmenter, image: Ids) -> Ids:
    with torch.no_grad():
        logits = network.eval()(network_input([image], network))[1]
        enlarged = network.enlarged(logits, (image.shape[0], image.shape[1]))
    return np.asarray(enlarged[0].argmax(dim=0).cpu().numpy().astype(np.uint8))
