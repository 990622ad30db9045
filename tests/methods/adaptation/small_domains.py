"""A pair of domains of a few small images, and options that train on them in a second."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dlscope.data.procedural.scenes.folder import ScenePair, write_scenes
from dlscope.methods.adaptation.domains import Domains
from dlscope.methods.adaptation.options import PRESETS

OPTIONS = replace(PRESETS["smoke"], size=(64, 64), steps=4, warm_up_steps=4, checkpoint_every=2)
PAIR = ScenePair(source=6, target=5, val=2, size=(64, 64), seed=11)


def written(folder: Path, options=OPTIONS) -> Domains:
    """The domains, on disk below `folder`."""
    write_scenes(folder, PAIR)
    return Domains.of_scenes(folder, options)
