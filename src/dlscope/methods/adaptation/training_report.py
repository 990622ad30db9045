"""One training of a recipe as a report: how its losses went, and what it sees in the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlscope.core.report import Figure, Picture, Prose, Report, Section
from dlscope.core.table import Cell, Column, Table
from dlscope.data.scene_classes import CLASSES, NAMES
from dlscope.methods.adaptation.class_figure import gain_figure
from dlscope.methods.adaptation.class_gains import gain_table
from dlscope.methods.adaptation.evaluating import DomainScores
from dlscope.methods.adaptation.recipes import WARM_START, told_of
from dlscope.methods.adaptation.selecting import Selection, told_of_selection
from dlscope.methods.adaptation.trained import Trained
from dlscope.methods.adaptation.unmatched import told_of_training
from dlscope.reporting.charts import lines

TERMS = ("segmentation", "adversarial", "stuff", "instance", "pseudo", "mixed")
STAGES = (
    Column("stage", "str", "row of the ablation, or the warm start", role="id"),
    Column("cpu_s", "float", "processor time", "s", role="value"),
    Column("wall_s", "float", "time that passed", "s", role="value"),
    Column("kept", "float", "share of pixels with labels of their own", role="share"),
    Column("device", "str", "where it was trained"),
)
LOSSES = (
    Column("stage", "str", "row of the ablation, or the warm start", role="id"),
    Column("term", "str", "term of the loss, without its weight", role="id"),
    Column("step", "int", "last step of those that it is a mean over", role="id"),
    Column("value", "float", "mean since the checkpoint before", role="value"),
)
SCORES = (
    Column("stage", "str", "row of the ablation, or the warm start", role="id"),
    Column("weights", "str", "last, or what they were selected by", role="id"),
    Column("step", "int", "step of the stage that the weights are of", role="count"),
    Column("miou_target", "float", "mean IoU of the target, 19 classes", "%", role="value"),
    Column("miou_16", "float", "mean over the 16 classes of SYNTHIA", "%", role="value"),
    Column("miou_13", "float", "mean over 13 classes of SYNTHIA", "%", role="value"),
    Column("miou_stuff", "float", "mean over classes of stuff", "%", role="value"),
    Column("miou_things", "float", "mean over things", "%", role="value"),
)
CLASS_SCORES = (
    Column("stage", "str", "row of the ablation, or the warm start", role="id"),
    Column("weights", "str", "last, or what they were selected by", role="id"),
    Column("class", "str", "class", role="id"),
    Column("kind", "str", "stuff or thing"),
    Column("iou", "float", "IoU on the target", "%", role="value"),
)


def training_report(
    row: str,
    stages: Mapping[str, Trained],
    scores: Mapping[str, DomainScores],
    *,
    select: Selection = "last",
    selected: DomainScores | None = None,
    pictures: Sequence[Picture] = (),
    warnings: Sequence[str] = (),
    command: str = "",
    next_commands: Sequence[tuple[str, str]] = (),
) -> Report:
    """Tables `stages`, `losses`, `scores`, `iou_by_class`, `gain_by_class` of a training of `row`.

    `stages` in the order in which they were trained; `scores` of some of them, or of none where
    the target has no labels to judge by. `selected` are those of the weights of `row` that were
    selected beside the last ones.
    """
    every = _judged(row, scores, select, selected)
    losses = Table.of("losses", LOSSES, _losses(stages))
    tables = (
        Table.of("stages", STAGES, _stages(stages)),
        losses,
        Table.of("scores", SCORES, _scores(every, stages)),
        Table.of("iou_by_class", CLASS_SCORES, _classes(every)),
        _gains(row, scores),
    )
    said = [
        f"{name}: {each}"
        for name, stage in stages.items()
        for each in (*stage.warnings, *told_of_training(stage.unmatched))
    ]
    return Report(
        title=f"Training: {told_of(row)}",
        answer=_answer(row, stages, scores) + _selected_answer(select, selected),
        tables=tables,
        sections=(
            *(_scored(row, tables, select) if scores else ()),
            *((Section("What the network sees", tuple(pictures)),) if pictures else ()),
            Section("Losses", (_figure(losses), losses)),
            Section("Stages", (tables[0],)),
        ),
        warnings=(*warnings, *said),
        command=command,
        next_commands=tuple(next_commands),
    )


def _scored(row: str, tables: Sequence[Table], select: Selection) -> Iterator[Section]:
    """How good the network is on the target; of gains only where there are some."""
    _, _, scores, classes, gains = tables
    yield Section("Scores on the target", (scores, Prose(_chosen_by(select))))
    if gains.rows:
        yield Section("Before and after, by class", (gain_figure(gains, told_of(row)),))
    yield Section("IoU by class", (classes,))


def _answer(row: str, stages: Mapping[str, Trained], scores: Mapping[str, DomainScores]) -> str:
    took = sum(each.cpu_s for each in stages.values())
    where = ", ".join(dict.fromkeys(each.device for each in stages.values()))
    told = f"{told_of(row)}: {len(stages)} stages in {took:.0f} s of processor time"
    told += f" on {where}" if where != "cpu" else ""
    last = scores.get(row)
    if last is None or last.miou is None:
        return f"{told}; nothing to judge it by."
    before = next((each.miou for name, each in scores.items() if name != row), None)
    start = f", {before:.1f} % before" if before is not None else ""
    return f"{told}; mean IoU on the target {last.miou:.1f} %{start} (one seed, last weights)."


def _selected_answer(select: Selection, selected: DomainScores | None) -> str:
    """What the selected weights score, beside the headline."""
    if selected is None or selected.miou is None:
        return ""
    return f" Selected by {told_of_selection(select)}: {selected.miou:.1f} %."


def _chosen_by(select: Selection) -> str:
    """What may be thought of the scores."""
    last = "Of the last weights: no label of the target chose them."
    if select == "last":
        return last
    if select == "oracle":
        return (
            f"{last} Those of the oracle were chosen by the labels that judge them here: an upper "
            "end of what selection can do, and no result of adaptation without labels."
        )
    return f"{last} Nor those that were selected by {select}."


def _judged(
    row: str,
    scores: Mapping[str, DomainScores],
    select: Selection,
    selected: DomainScores | None,
) -> list[tuple[str, Selection, DomainScores]]:
    """Stages with the weights that were judged."""
    last: list[tuple[str, Selection, DomainScores]] = [
        (name, "last", each) for name, each in scores.items()
    ]
    return last if selected is None else [*last, (row, select, selected)]


def _figure(losses: Table) -> Figure:
    return lines(
        losses, "step", "value", series="stage", panel="term", title="Losses over the steps"
    )


def _stages(stages: Mapping[str, Trained]) -> Iterator[Mapping[str, Cell]]:
    for name, each in stages.items():
        yield {
            "stage": name,
            "cpu_s": each.cpu_s,
            "wall_s": each.wall_s,
            "kept": each.kept,
            "device": each.device,
        }


def _losses(stages: Mapping[str, Trained]) -> Iterator[Mapping[str, Cell]]:
    for name, stage in stages.items():
        for term in TERMS:
            for figures in stage.history:
                if term in figures:
                    yield {
                        "stage": name,
                        "term": term,
                        "step": int(figures["step"]),
                        "value": figures[term],
                    }


def _scores(
    judged: Sequence[tuple[str, Selection, DomainScores]], stages: Mapping[str, Trained]
) -> Iterator[Mapping[str, Cell]]:
    for name, weights, each in judged:
        yield {
            "stage": name,
            "weights": told_of_selection(weights),
            "step": stages[name].step_of(weights),
            "miou_target": each.miou,
            "miou_16": each.miou_16,
            "miou_13": each.miou_13,
            "miou_stuff": each.stuff,
            "miou_things": each.things,
        }


def _gains(row: str, scores: Mapping[str, DomainScores]) -> Table:
    """What `row` has more than the warm start in each class; empty without both."""
    results = [
        {"row": name, "seed": 0, "iou": each.matrix.scores().iou} for name, each in scores.items()
    ]
    return gain_table(results, row, WARM_START)


def _classes(
    judged: Sequence[tuple[str, Selection, DomainScores]],
) -> Iterator[Mapping[str, Cell]]:
    for name, weights, each in judged:
        for class_id, iou in enumerate(each.matrix.scores().iou):
            yield {
                "stage": name,
                "weights": told_of_selection(weights),
                "class": NAMES[class_id],
                "kind": CLASSES[class_id].kind,
                "iou": None if iou is None else 100 * iou,
            }
