"""Options of `dlscope skynet track`: what is followed, by whom, and how a tracker is trained."""

from __future__ import annotations

from typing import Literal

import typer

TRACKERS: tuple[Literal["skynet", "ncc", "mil", "static"], ...] = (
    "skynet",
    "ncc",
    "mil",
    "static",
)
PRESETS: tuple[Literal["easy", "hard"], ...] = ("easy", "hard")
SPLITS: tuple[Literal["train", "val", "test", "unseen"], ...] = ("train", "val", "test", "unseen")

TRACKER = typer.Option("skynet", "--tracker", help=f"One of {', '.join(TRACKERS)}.")
WEIGHTS = typer.Option(
    None, "--weights", help="A trained tracker, or a folder of --export, for skynet."
)
EXPORT = typer.Option(None, "--export", help="Write --weights as ONNX files into this folder.")
PRESET = typer.Option("hard", "--preset", help="Drawn sequences: easy or hard.")
SPLIT = typer.Option("test", "--split", help=f"Part of them: {', '.join(SPLITS)}.")
SEQUENCES = typer.Option(
    None, "--sequences", min=1, help="How many are drawn; default: 8, to train 300."
)
FRAMES = typer.Option(50, "--frames", min=2, help="Frames of each.")
SEED = typer.Option(0, "--seed", min=0, help="What all randomness is drawn from.")
DATA = typer.Option(None, "--data", help="Sequences in the layout of GOT-10k instead.")
RESULTS = typer.Option(None, "--results", help="Folder of boxes and times, as GOT-10k.")
SCORE = typer.Option("", "--score", help="Trackers to score in --results, with commas.")
LENIENT = typer.Option(False, "--lenient", help="NaN in results is an overlap of 0.")
TRAIN = typer.Option(False, "--train", help="Train a tracker into --out.")
OUT = typer.Option("tracker", "--out", help="Folder of a training.")
ITERATIONS = typer.Option(1600, "--iterations", min=1, help="Steps of a training.")
DESIGN = typer.Option(
    "siamrpn-skynet-small", "--design", help="What is trained, such as siammask-skynet-small."
)
BACKBONE = typer.Option(
    "scratch", "--backbone-init", help="scratch, or a file of a trained SkyNet."
)
THREADS = typer.Option(1, "--threads", min=1, help="Threads of a training.")
