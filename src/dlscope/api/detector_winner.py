"""`write_detector_winner`: the network that a bottom-up search found, as a model to be measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlscope.methods.codesign.bottom_up.candidates import Candidate
    from dlscope.methods.skynet.prepared_images import PreparedImages
    from dlscope.zoo.skynet.onnx_model import Lowering


def write_detector_winner(
    folder: Path, winner: Candidate, train: PreparedImages, *, form: Lowering
) -> None:
    """`winner.onnx` with its reorder in that form, and `winner.yaml`, in the folder of the search.

    Anchors are those that it was trained with, fitted to the images `train`.
    """
    import yaml

    from dlscope.core.whole_file import write_whole
    from dlscope.methods.codesign.bottom_up.flow import write_winner
    from dlscope.methods.skynet.anchors import fit_anchors
    from dlscope.methods.skynet.model_document import detector_document

    write_winner(folder, winner, form=form)
    network = winner.network
    document = detector_document(
        folder / "winner.onnx",
        name="bottom_up",
        size=train.size,
        resize=train.resize,
        anchors=fit_anchors(train.sides_m2, train.size),
        description=f"A detector of {network.bundle}, designed from the bottom up.",
        dataset="uav-synth",
        attributes={"parameters": network.trainable, "macs": network.macs},
    )
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    write_whole(folder / "winner.yaml", text)
