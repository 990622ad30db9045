"""`uav-synth`: what a drone sees when it follows something, from a seed, with nothing to download.

Images with one object each, as the set of the contest has them, and sequences to track in. Classes,
sizes and places follow the published figures of that set; how things look is ours. Needs OpenCV.
"""

from dlscope.data.procedural.uav.classes import CLASSES, SPLITS, ObjectClass, Split
from dlscope.data.procedural.uav.images import UavImages
from dlscope.data.procedural.uav.presets import PRESETS, Difficulty, Preset
from dlscope.data.procedural.uav.sequences import uav_sequences
from dlscope.data.uav_image import Box, UavImage
from dlscope.data.uav_sequence import Frames, UavSequence

__all__ = [
    "CLASSES",
    "PRESETS",
    "SPLITS",
    "Box",
    "Difficulty",
    "Frames",
    "ObjectClass",
    "Preset",
    "Split",
    "UavImage",
    "UavImages",
    "UavSequence",
    "uav_sequences",
]
