"""Tables that the commands of SkyNet print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlscope.api.kept import KEPT_COLUMNS
from dlscope.core.table import Column
from dlscope.methods.codesign.bottom_up.tables import COLUMNS as BOTTOM_UP_TABLES
from dlscope.methods.skynet import count_report as skynet_counts
from dlscope.methods.skynet import data_report as skynet_data
from dlscope.methods.skynet import fixed_point_sweep as skynet_bits
from dlscope.methods.skynet import int8_comparison as skynet_int8
from dlscope.methods.skynet import pipeline_report as skynet_pipeline
from dlscope.methods.skynet import score_report as skynet_scores
from dlscope.methods.skynet.detector_training import detector_report as skynet_detectors
from dlscope.methods.skynet.tracking import campaign as tracker_campaign
from dlscope.methods.skynet.tracking import frame_overlaps as tracker_frames
from dlscope.methods.skynet.tracking import mask_table as tracker_masks
from dlscope.methods.skynet.tracking import ratios as tracker_ratios
from dlscope.methods.skynet.tracking import report as skynet_tracks
from generate.printed_tables import Printed, printed

_TABLES: Printed = {
    "skynet count": {
        "layers": ("Every convolution of the network.", skynet_counts.LAYER_COLUMNS),
        "counts": ("All variants of it.", skynet_counts.COUNT_COLUMNS),
        "backbones": ("What the published ratio compares.", skynet_counts.BACKBONE_COLUMNS),
    },
    "skynet score": {
        "score": ("The score of the contest.", skynet_scores.SCORE_COLUMNS),
        "overlaps": ("How well each image is answered.", skynet_scores.OVERLAP_COLUMNS),
    },
    "skynet data": {
        "classes": ("Classes of a set of images.", skynet_data.CLASS_COLUMNS),
        "sequences": ("Sequences of a set to track in.", skynet_data.SEQUENCE_COLUMNS),
    },
    "skynet data --check": {
        "faults": ("Files of a set that are wrong.", skynet_data.FAULT_COLUMNS),
    },
    "skynet quantize": {
        "int8": ("A network of 8-bit integers beside the one in floats.", skynet_int8.INT8_COLUMNS),
        "fixed_point": ("Numbers of few bits, one row a combination.", skynet_bits.FIXED_COLUMNS),
    },
    "skynet pipeline": {
        "pipeline": (
            "Stages that overlap beside one after the other.",
            skynet_pipeline.PIPELINE_COLUMNS,
        ),
        "pipeline_stages": ("What each stage spent its time on.", skynet_pipeline.STAGE_COLUMNS),
        "pipeline_waits": ("The same, one row a part.", skynet_pipeline.WAIT_COLUMNS),
        "boxes": ("The surest box of each image.", skynet_pipeline.BOX_COLUMNS),
        "spoiled": ("Files without a box.", skynet_pipeline.SPOILED_COLUMNS),
    },
    "skynet eval": {
        "detectors": ("Detectors beside one another.", skynet_detectors.DETECTOR_COLUMNS),
        "by_area": ("The same by size of the object.", skynet_detectors.AREA_COLUMNS),
        "unreadable": ("Images that took no part.", skynet_detectors.UNREADABLE_COLUMNS),
    },
    "skynet train": {
        "training": ("How a training went.", skynet_detectors.TRAINING_COLUMNS),
    },
    "skynet track": {
        "tracking": ("How well trackers follow.", skynet_tracks.TRACKING_COLUMNS),
        "tracked_masks": ("How well masks tell the object.", tracker_masks.MASK_COLUMNS),
        "tracked_sequences": ("The same for each sequence.", skynet_tracks.SEQUENCE_COLUMNS),
        "tracker_ratios": (
            "ResNet-50 against SkyNet, backbones and whole trackers.",
            tracker_ratios.RATIO_COLUMNS,
        ),
        "frame_overlaps": (
            "Frame by frame, of the first eight sequences.",
            tracker_frames.FRAME_COLUMNS,
        ),
        "published_tracking": (
            "What the paper tells of trackers.",
            skynet_tracks.PUBLISHED_COLUMNS,
        ),
    },
    "skynet list and adapt list": {
        "kept_reports": ("Reports of a store.", KEPT_COLUMNS),
    },
    "skynet track --train": {
        "tracker_training": (
            "How a training of a tracker went.",
            tracker_campaign.TRAINING_COLUMNS,
        ),
    },
}


def skynet_tables() -> Iterator[tuple[str, str, Sequence[Column]]]:
    """Each table with what it tells and its columns."""
    yield from printed("skynet", _TABLES)
    yield from printed("bottom-up", {"skynet search": BOTTOM_UP_TABLES})
