"""A score of the contest, and the overlap of every image it comes from, as a report."""

from __future__ import annotations

from pathlib import Path

from dlscope.core.report import Report, Section
from dlscope.core.table import Column, Table
from dlscope.methods.skynet.results import Overlaps, listing, overlaps, read_results, read_truth
from dlscope.methods.skynet.scoring import Entry, Rules, TrackName, dac_score

SCORE_COLUMNS = (
    Column("rules", "str", "year of the rules", role="id"),
    Column("track", "str", "kind of device; counts in the rules of 2018 and 2019"),
    Column("images", "int", "images of the set", role="count"),
    Column("missing", "int", "images without a result, which count as 0", role="count"),
    Column("iou", "float", "mean overlap of the boxes", role="share"),
    Column("f1", "float", "F1 of the detections, rules of 2023 and 2024", role="share"),
    Column("mean_iou", "float", "mean overlap of areas, rules of 2024", role="share"),
    Column("fps", "float", "images a second", "1/s", role="value"),
    Column("energy_j", "float", "energy for the whole set", "J", role="value"),
    Column("mean_energy_j", "float", "mean energy of the teams", "J", role="value"),
    Column("score", "float", "score by these rules; larger is better", role="value"),
)
OVERLAP_COLUMNS = (
    Column("image", "str", "path of the annotation, without its ending", role="id"),
    Column("iou", "float", "overlap with the annotated box", role="share"),
)


def read_overlaps(results: Path, truth: Path) -> Overlaps:
    """A file of results against a folder of annotations. Raises `DataError` for what is wrong."""
    return overlaps(read_results(results), read_truth(truth), results)


def score_report(
    entry: Entry,
    rules: Rules,
    *,
    track: TrackName = "gpu",
    mean_energy_j: float | None = None,
    min_fps: bool = False,
    overlaps: Overlaps | None = None,
) -> Report:
    """Tables `score`, and `overlaps` where they are known. Raises as `dac_score` does."""
    score = dac_score(entry, rules, track=track, mean_energy_j=mean_energy_j, min_fps=min_fps)
    missing = overlaps.missing if overlaps else ()
    row: dict[str, str | int | float | None] = {
        "rules": rules,
        "track": track,
        "images": entry.images,
        "missing": len(missing),
        "iou": entry.iou,
        "f1": entry.f1,
        "mean_iou": entry.mean_iou,
        "fps": entry.fps,
        "energy_j": entry.energy_j,
        "mean_energy_j": mean_energy_j,
        "score": score,
    }
    tables = [Table.of("score", SCORE_COLUMNS, [row])]
    if overlaps:
        tables.append(Table("overlaps", OVERLAP_COLUMNS, tuple(overlaps.by_image.items())))
    return Report(
        title=f"DAC-SDC score by the rules of {rules}",
        answer=f"The score is {score:.3f}.",
        tables=tuple(tables),
        sections=(Section("Score", tuple(tables)),),
        warnings=_warnings(missing, entry.images),
    )


def _warnings(missing: tuple[str, ...], images: int) -> tuple[str, ...]:
    if not missing:
        return ()
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"{len(missing)} of {images} images {verb} not in the results and count as 0: "
        f"{listing(missing)}",
    )
