"""`export_tracker`: a trained tracker as ONNX files that say what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from dlscope.catalog.document import dump_manifest
from dlscope.core.digest import file_digest
from dlscope.core.errors import TrainingError
from dlscope.core.manifest import ModelManifest
from dlscope.core.manifest.base import parse_manifest
from dlscope.core.whole_file import whole_file, write_whole
from dlscope.data.image_files import make_folder
from dlscope.methods.skynet.tracking.answering import Answer, Answering
from dlscope.methods.skynet.tracking.onnx_answering import OnnxAnswering
from dlscope.methods.skynet.tracking.onnx_parts import (
    FEATURES,
    MASK,
    SEARCH,
    TEMPLATE,
    answer_names,
    branches_of,
    kernel_names,
)
from dlscope.methods.skynet.tracking.torch_answering import TorchAnswering
from dlscope.training.torch_onnx import onnx_program
from dlscope.zoo.siamese.design import Design
from dlscope.zoo.siamese.network import SiameseNetwork

MOST_DIFFERENT = 1e-4
_TRIALS = 4
_AXES, _ANCHORED_AXES = "NCHW", "NCKHW"


def export_tracker(network: SiameseNetwork, folder: Path) -> float:
    """Write the files of a tracker; how far ONNX Runtime is from torch on random crops at most.

    Raises `TrainingError` where that is more than 1e-4, `FileError` where nothing can be written,
    `PluginError` without the exporter.
    """
    network.eval()
    make_folder(folder)
    for part, (module, examples, outputs) in _parts(network).items():
        with torch.no_grad():
            found = module(*examples.values())
        program = onnx_program(
            module.eval(), tuple(examples.values()), inputs=tuple(examples), outputs=outputs
        )
        path = folder / f"{part}.onnx"
        with whole_file(path) as partial:
            program.save(str(partial))
        shapes = dict(zip(outputs, (tuple(each.shape) for each in found), strict=True))
        _write_manifest(network.design, path, part, examples, shapes)
    difference = parity(network, folder)
    if difference > MOST_DIFFERENT:
        raise TrainingError(
            f"the exported tracker differs by {difference:.2g} from torch",
            where=str(folder),
            fix="report it with the design and the versions of torch and ONNX Runtime",
        )
    return difference


def parity(network: SiameseNetwork, folder: Path) -> float:
    """The largest difference of scores, boxes and masks between files and torch."""
    design = network.design
    ours, theirs = TorchAnswering(network), OnnxAnswering(folder)
    draw, differences = np.random.default_rng(0), []
    for _ in range(_TRIALS):
        template, search = (
            draw.normal(size=(1, 3, side, side)).astype(np.float32)
            for side in (design.template, design.search)
        )
        kept = ours.kernels(template), theirs.kernels(template)
        answers = ours.answer(search, kept[0]), theirs.answer(search, kept[1])
        differences += [
            float(np.abs(one - other).max())
            for one, other in zip(_told(ours, answers[0]), _told(theirs, answers[1]), strict=True)
        ]
    return max(differences)


def _told(answering: Answering, answer: Answer) -> Sequence[NDArray[np.float32]]:
    """All that an answer tells, with the mask of the middle."""
    found = [answer.scores_2kss, answer.boxes_4kss]
    if answer.mask_features_css is not None:
        middle = answer.mask_features_css.shape[-1] // 2
        features_c = answer.mask_features_css[:, middle, middle]
        found.append(answering.mask(np.ascontiguousarray(features_c)))
    return found


def _parts(network: SiameseNetwork) -> Mapping[str, tuple[Any, dict[str, Any], tuple[str, ...]]]:
    """Of each file: the module, examples of its inputs by name, the names of its outputs."""
    design = network.design
    template, search = (torch.zeros(1, 3, side, side) for side in (design.template, design.search))
    branch = _TemplateBranch(network)
    with torch.no_grad():
        kernels = dict(zip(kernel_names(design), branch(template), strict=True))
    found: dict[str, tuple[Any, dict[str, Any], tuple[str, ...]]] = {
        TEMPLATE: (branch, {TEMPLATE: template}, kernel_names(design)),
        SEARCH: (_SearchBranch(network), {SEARCH: search, **kernels}, answer_names(design)),
    }
    if design.has_mask:
        features = torch.zeros(1, design.hidden, 1, 1)
        found[MASK] = (_MaskHead(network), {FEATURES: features}, (MASK,))
    return found


@final
class _TemplateBranch(torch.nn.Module):
    def __init__(self, network: SiameseNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, template: Any) -> tuple[Any, ...]:
        branches = branches_of(self.network.design)
        return tuple(each[name] for each in self.network.kernels(template) for name in branches)


@final
class _SearchBranch(torch.nn.Module):
    def __init__(self, network: SiameseNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, search: Any, *flat: Any) -> tuple[Any, ...]:
        branches = branches_of(self.network.design)
        count = len(branches)
        kernels = tuple(
            dict(zip(branches, flat[first : first + count], strict=True))
            for first in range(0, len(flat), count)
        )
        response = self.network.respond(search, kernels)
        found = (response.scores, response.boxes)
        return found if response.mask_features is None else (*found, response.mask_features)


@final
class _MaskHead(torch.nn.Module):
    def __init__(self, network: SiameseNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Any) -> tuple[Any]:
        return (self.network.masks(features),)


def _write_manifest(
    design: Design,
    model: Path,
    part: str,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, tuple[int, ...]],
) -> None:
    """The manifest beside a file, with which its cost is measured like that of any model."""
    told = {"design": json.dumps(design.to_json())} if part == SEARCH else {}
    document = {
        "kind": "model",
        "schema_version": 1,
        "name": f"{model.parent.resolve().name}-{part}",
        "version": "1.0.0",
        "task": "raw",
        "description": f"The {part} of a Siamese tracker; crops are RGB, (value − 127.5) / 63.75.",
        "license": "not stated",
        "references": ["arxiv:1909.09709", "arxiv:1812.11703"],
        "assets": {
            "graph": {
                "source": f"file:{model.name}",
                "sha256": file_digest(model),
                "size_bytes": model.stat().st_size,
            }
        },
        "inputs": [_input(name, tuple(each.shape)) for name, each in inputs.items()],
        "outputs": [
            {
                "name": name,
                "tensor": name,
                "type": "raw",
                "element_type": "float32",
                "layout": _AXES if len(shape) == len(_AXES) else _ANCHORED_AXES,
                "shape": list(shape),
            }
            for name, shape in outputs.items()
        ],
        "attributes": {"dataset": "blank", "family": "siamese", "part": part, **told},
    }
    manifest = parse_manifest(ModelManifest, document, lambda _: f"model {part}")
    write_whole(model.with_suffix(".yaml"), dump_manifest(manifest))


def _input(name: str, shape: tuple[int, ...]) -> dict[str, Any]:
    """One input; without a tracker it is fed zeros, since what it costs is the same."""
    zeros = {"value": 0, "shape": list(shape[1:]), "axes": _AXES[1:], "dtype": "float32"}
    return {
        "name": name,
        "tensor": name,
        "type": "tensor",
        "element_type": "float32",
        "layout": _AXES,
        "shape": list(shape),
        "preprocess": [{"constant": zeros}],
    }
