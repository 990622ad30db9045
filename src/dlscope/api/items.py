"""What a run answered, item by item: `items` lists them, `item` shows one and its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dlscope.core.table import Cell, Column, Table

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.core.run import ItemResult, Run

Order = Literal["worst", "index"]
_COLUMNS = (
    Column("index", "int", "place in the data set, from 0", role="count"),
    Column("item", "str", "id of the data set item", role="id"),
    Column("answer", "str", "what was answered, in short"),
    Column("p", "float", "probability or score of the answer", role="share", priority=2),
    Column("truth", "str", "what is right, where that is known", priority=2),
    Column("predicted", "int", "class answered", role="count", priority=3),
    Column("label", "int", "right class", role="count", priority=3),
    Column("p_truth", "float", "probability given to what is right", role="share", priority=3),
    Column("verdict", "str", "right, wrong, failed or answered", role="verdict"),
    Column("reason", "str", "why there is no answer", priority=3),
)
_NUMBERS = frozenset(("predicted", "label"))
"""Columns of which the faces draw the names alone."""
_RANKS = ("failed", "wrong", "answered", "right")
_MAGIC = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"BM": "image/bmp",
    b"GIF8": "image/gif",
}


@dataclass(frozen=True)
class Input:
    """The input of an item as a face can show it: `content` of a picture or a sound, or `text`."""

    kind: Literal["image", "audio", "text", "other"]
    media_type: str = ""
    content: bytes = b""
    text: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Answer:
    """What one Run answered to an item."""

    run: Run
    result: ItemResult


@dataclass(frozen=True)
class ShownItem:
    """One item: its place among `count`, the truth, and the answers of one or several Runs."""

    item: str
    index: int
    count: int
    target: Any
    answers: tuple[Answer, ...]

    @property
    def label_name(self) -> str | None:
        """What the right class is called, None where no answer tells."""
        from dlscope.methods.evaluation.analyses.answers import label_name_of

        return next(filter(None, (label_name_of(each.result) for each in self.answers)), None)


def items(run: str, *, order: Order = "worst", store: str | None = None) -> Report:
    """Every item that a run answered; the worst first, or in the order of the data set."""
    from dlscope.core.report import Report, Section
    from dlscope.reporting.words import plural

    found = _stored(run, store)
    records = [_record(index, item) for index, item in enumerate(found.items)]
    if order == "worst":
        records.sort(key=_badness)
    table = Table.of("items", _COLUMNS, records)
    shown = [each.name for each in _COLUMNS if each.name not in _NUMBERS]
    counts = {each: table.column("verdict").count(each) for each in _RANKS}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return Report(
        title=f"Items of {found.id}",
        answer=f"{plural(len(table), 'item')}: {said}."
        if len(table)
        else "This run answered no items.",
        tables=(table,),
        sections=(Section("Items", (table.view(*shown),)),),
        runs=(found.id,),
        command=f"dlscope report {found.id}",
    )


def item(run: str, index: int, *, also: Sequence[str] = (), store: str | None = None) -> ShownItem:
    """The item at `index` of a run, with the answers of other runs to the same item.

    Raises `StoreError` for a run or an item that there is not.
    """
    from dlscope.core.errors import StoreError

    runs = [_stored(each, store) for each in (run, *also)]
    first = runs[0]
    if not 0 <= index < len(first.items):
        raise StoreError(
            f"there is no item {index}",
            where=f"run {first.id}",
            fix=f"it has {len(first.items)} items, from 0",
        )
    name = first.items[index].item
    answers = [
        Answer(each, result) for each in runs for result in each.items if result.item == name
    ]
    target = first.items[index].target
    return ShownItem(name, index, len(first.items), target, tuple(answers))


def item_input(run: str, index: int, *, store: str | None = None) -> Input:
    """The input of an item, read from its data set again.

    Raises `DlscopeError` where the data set is not here any more.
    """
    from dlscope.catalog.assets import open_dataset

    found = _stored(run, store)
    return _shown(open_dataset(found.plan.dataset)[index].input)


def answer_of(result: ItemResult) -> tuple[str, float | None]:
    """What was answered in few words, and how sure it is where that is known."""
    prediction = result.prediction
    if prediction is None:
        return "", None
    if classes := prediction.get("classes"):
        index, name, p = classes[0]
        return str(name or index), float(p)
    if "boxes" in prediction:
        boxes = prediction["boxes"]
        best = max((float(box[1]) for box in boxes), default=None)
        return f"{len(boxes)} boxes", best
    if "text" in prediction:
        return str(prediction["text"])[:200], None
    return ", ".join(sorted(prediction)), None


def _record(index: int, result: ItemResult) -> Mapping[str, Cell]:
    from dlscope.methods.evaluation.analyses import answers

    answer, p = answer_of(result)
    label = result.target.get("label") if isinstance(result.target, Mapping) else None
    name = answers.label_name_of(result)
    p_truth = (result.prediction or {}).get("p_label")
    return {
        "index": index,
        "item": result.item,
        "answer": answer or None,
        "p": p,
        "truth": name if name is not None or label is None else str(label),
        "predicted": answers.answer_of(result),
        "label": answers.label_of(result),
        "p_truth": None if p_truth is None else float(p_truth),
        "verdict": _verdict(result, label),
        "reason": result.error,
    }


def _verdict(result: ItemResult, label: Any) -> str:
    if result.prediction is None:
        return "failed"
    classes = result.prediction.get("classes")
    if label is None or not classes:
        return "answered"
    return "right" if classes[0][0] == label else "wrong"


def _badness(record: Mapping[str, Cell]) -> tuple[int, float, int]:
    p_truth, index = record["p_truth"], record["index"]
    assert isinstance(index, int)
    sure = p_truth if isinstance(p_truth, float) else 1.0
    return _RANKS.index(str(record["verdict"])), sure, index


def _stored(run: str, store: str | None) -> Run:
    from dlscope.api.stored import stored_run

    return stored_run(run, store=store)


def _shown(value: Any) -> Input:
    if isinstance(value, str):
        return Input("text", text=value)
    if not isinstance(value, bytes):
        return Input("other", text=f"{type(value).__name__} {getattr(value, 'shape', '')}".strip())
    if value[:4] == b"RIFF" and value[8:12] == b"WAVE":
        return Input("audio", "audio/wav", value)
    is_webp = value[:4] == b"RIFF" and value[8:12] == b"WEBP"
    kinds = [kind for magic, kind in _MAGIC.items() if value.startswith(magic)]
    kind = "image/webp" if is_webp else next(iter(kinds), "")
    return _picture(kind, value) if kind else Input("other", text=f"{len(value)} bytes")


def _picture(kind: str, value: bytes) -> Input:
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(value)) as picture:
            width, height = picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return Input("other", text="a picture that cannot be read")
    return Input("image", kind, value, width=width, height=height)
