"""`DrawnText`: lines of words drawn as pictures, with what is written there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import ClassVar, final

from PIL import Image, ImageDraw, ImageFont

from dlscope.core.digest import bytes_digest, digest
from dlscope.core.errors import ManifestError, did_you_mean
from dlscope.data.base import Dataset, Item

_DEFAULTS = {"count": 40, "seed": 0, "words": 2}
_WORDS = (  # noqa: SIM905 - a list has one word a line
    "about after again air along always animal answer around ask back because before begin "
    "below between both bring build called carry change city close colour cross dark different "
    "door down early earth enough every family far feet field find first follow food form found "
    "Friday garden give great green ground grow half hand hard head heavy high home horse hour "
    "house idea island keep kind know large late learn leave letter light line London March "
    "mile money morning mother move mountain music near never night north notice number often "
    "open order paper part place plant point quick quiet reach ready river road room school "
    "second ship short simple south stand start state station story street study summer table "
    "thing think through town travel tree under until voice walk water week weight white window "
    "winter wonder write year young"
).split()
_MARKS = ("", "", "", ".", ",", ":", "!", "?")
_MARGIN_PX = 4
_SCALES = (2, 3, 4)


@dataclass(frozen=True)
class _Line:
    """What is written, in which grey on which, and how many times the size of the font."""

    text: str
    ink: int
    paper: int
    scale: int


@final
class DrawnText(Dataset):
    """`count` lines of at most `words` words and numbers, all of them following from `seed`.

    Drawn with the small bitmap font that Pillow contains, enlarged 2 to 4 times, dark on light or
    light on dark. An input is a PNG, a target `{"text": …}`. The same on every machine: neither a
    font file nor a random generator that may change is asked.
    """

    name: ClassVar[str] = "drawn_text"

    def _open(self) -> None:
        for option, value in self.options.items():
            if option not in _DEFAULTS:
                raise _wrong(option, f"unknown option {option!r}", did_you_mean(option, _DEFAULTS))
            least = 0 if option == "seed" else 1
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                what = f"{option} is {value!r}, not a whole number from {least} on"
                raise _wrong(option, what, f"write {option}: {_DEFAULTS[option]}")
        chosen = {**_DEFAULTS, **self.options}
        self._count, self._seed, self._words = (chosen[each] for each in _DEFAULTS)

    def __len__(self) -> int:
        return int(self._count)

    def _get(self, index: int) -> Item:
        line = self._line(index)
        buffer = BytesIO()
        _drawn(line).save(buffer, "PNG")
        return Item(self.item_id(index), buffer.getvalue(), {"text": line.text})

    def item_id(self, index: int) -> str:
        """`line-` and the index."""
        return f"line-{index:04}"

    def item_digest(self, index: int) -> str:
        """SHA-256 over the pixels, whatever way they are compressed, and the text."""
        line = self._line(index)
        picture = _drawn(line)
        return digest(
            {
                "id": self.item_id(index),
                "size": list(picture.size),
                "pixels": bytes_digest(picture.tobytes()),
                "target": {"text": line.text},
            }
        )

    def _line(self, index: int) -> _Line:
        def draw(what: str, below: int) -> int:
            """A number from 0 to `below` − 1 that follows from seed, index and `what`."""
            mixed = hashlib.sha256(f"{self._seed}:{index}:{what}".encode()).digest()
            return int.from_bytes(mixed, "big") % below

        words = [
            str(draw(f"number {place}", 100_000))
            if draw(f"is number {place}", 4) == 0
            else _WORDS[draw(f"word {place}", len(_WORDS))]
            for place in range(1 + draw("words", self._words))
        ]
        dark, light = draw("dark", 90), 255 - draw("light", 90)
        ink, paper = (dark, light) if draw("way round", 3) else (light, dark)
        mark = _MARKS[draw("mark", len(_MARKS))]
        return _Line(" ".join(words) + mark, ink, paper, _SCALES[draw("scale", len(_SCALES))])


def _drawn(line: _Line) -> Image.Image:
    font = ImageFont.load_default_imagefont()
    left, top, right, bottom = (round(side) for side in font.getbbox(line.text))
    size = right - left + 2 * _MARGIN_PX, bottom - top + 2 * _MARGIN_PX
    picture = Image.new("L", size, line.paper)
    place = _MARGIN_PX - left, _MARGIN_PX - top
    ImageDraw.Draw(picture).text(place, line.text, fill=line.ink, font=font)
    larger = size[0] * line.scale, size[1] * line.scale
    return picture.resize(larger, Image.Resampling.BICUBIC).convert("RGB")


def _wrong(option: str, what: str, fix: str) -> ManifestError:
    return ManifestError(what, where=f"reader drawn_text, options.{option}", fix=fix)
