"""Manifests: what is asked for, as frozen documents that are checked completely.

model        a network, its inputs and outputs, and every pre- and post-processing step
dataset      labelled items and how to read them
framework    one exact version of a backend and its options
system       what a machine reports of itself
scenario     how queries arrive and when a run ends
experiment   a matrix of the others
board        a programmable board, its resources and the cost of arithmetic on it
space        networks to choose from, the bits they may have and the lanes they may take
requirements what a design has to reach in its application
"""

from __future__ import annotations

from dlscope.core.manifest.base import Asset, Document, Manifest, Source, parse_manifest
from dlscope.core.manifest.board import BoardManifest, LaneCost
from dlscope.core.manifest.dataset import DatasetManifest
from dlscope.core.manifest.experiment import ExperimentManifest, Reference, SystemSelector
from dlscope.core.manifest.framework import FrameworkManifest, FrameworkRequirement
from dlscope.core.manifest.hooks import HookName, Hooks
from dlscope.core.manifest.model import InputSpec, ModelManifest, OutputSpec, StepSpec
from dlscope.core.manifest.requirements import RequirementsManifest
from dlscope.core.manifest.scenario import ScenarioManifest
from dlscope.core.manifest.space import SpaceManifest
from dlscope.core.manifest.stack import StackLock
from dlscope.core.manifest.system import SystemManifest, SystemRequirement

KINDS: dict[str, type[Manifest]] = {
    "model": ModelManifest,
    "dataset": DatasetManifest,
    "framework": FrameworkManifest,
    "system": SystemManifest,
    "scenario": ScenarioManifest,
    "experiment": ExperimentManifest,
    "board": BoardManifest,
    "space": SpaceManifest,
    "requirements": RequirementsManifest,
}

__all__ = [
    "KINDS",
    "Asset",
    "BoardManifest",
    "DatasetManifest",
    "Document",
    "ExperimentManifest",
    "FrameworkManifest",
    "FrameworkRequirement",
    "HookName",
    "Hooks",
    "InputSpec",
    "LaneCost",
    "Manifest",
    "ModelManifest",
    "OutputSpec",
    "Reference",
    "RequirementsManifest",
    "ScenarioManifest",
    "Source",
    "SpaceManifest",
    "StackLock",
    "StepSpec",
    "SystemManifest",
    "SystemRequirement",
    "SystemSelector",
    "parse_manifest",
]
