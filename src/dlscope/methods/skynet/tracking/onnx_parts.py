"""The files of an exported tracker, and what their tensors are called.

FOLDER/template.onnx   `template` [1, 3, t, t] to one kernel for each branch of each level; run once
FOLDER/search.onnx     `search` [1, 3, s, s] and the kernels to `scores`, `boxes`, `mask_features`
FOLDER/mask.onnx       features of one place [1, C, 1, 1] to the `mask` of that place, 63² logits
FOLDER/*.yaml          a manifest beside each, the design of the tracker in that of the search

Two files rather than one: the template is seen once, the search in every frame, and the kernels in
between are a few kilobytes to keep. Masks of all places would be two thirds of the work of a small
tracker, and one of them is used; so their last layer is a file of its own.
"""

from __future__ import annotations

from dlscope.zoo.siamese.design import Design

TEMPLATE, SEARCH, MASK = "template", "search", "mask"
FEATURES = "mask_features"


def parts_of(design: Design) -> tuple[str, ...]:
    """The files of a design, without their endings.

    >>> parts_of(Design(has_mask=True))
    ('template', 'search', 'mask')
    """
    return (TEMPLATE, SEARCH, MASK) if design.has_mask else (TEMPLATE, SEARCH)


def branches_of(design: Design) -> tuple[str, ...]:
    """The branches that each level has."""
    return ("scores", "boxes", "masks") if design.has_mask else ("scores", "boxes")


def kernel_names(design: Design) -> tuple[str, ...]:
    """The kernels of a template in the order of levels and branches.

    >>> kernel_names(Design())
    ('kernel_5_scores', 'kernel_5_boxes')
    """
    return tuple(
        f"kernel_{level}_{branch}" for level in design.levels for branch in branches_of(design)
    )


def answer_names(design: Design) -> tuple[str, ...]:
    """What a search is answered with."""
    return ("scores", "boxes", FEATURES) if design.has_mask else ("scores", "boxes")
