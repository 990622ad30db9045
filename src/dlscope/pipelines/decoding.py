"""Encoded pictures as pixels: what Pillow reads, and every refusal in words."""

from __future__ import annotations

import threading
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

# Pillow refuses above this by itself: twice its default limit.
LARGEST_PIXELS = 2 * 178956970
_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
    b"BM": "BMP",
}
_UPRIGHT = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""EXIF orientation → number of the Pillow transposition that undoes it."""
_ORIENTATION_TAG = 0x0112
_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")

# Changing the filters of `warnings` is not thread-safe; only short header reads hold this lock.
_quiet = threading.Lock()


def decode_picture(
    data: bytes, *, gray: bool, upright: bool, on_white: bool, max_pixels: int
) -> NDArray[np.uint8]:
    """Pixels of an encoded picture, height × width × 3 (RGB) or × 1 (gray).

    Samples of 16 bits give their high byte; CMYK and palettes become RGB; of an animation only
    the first frame counts. `upright` applies the EXIF orientation, `on_white` lays transparent
    pixels over white instead of dropping the alpha channel.

    Raises `DataError` for bytes that are no picture, a spoiled one, or one of more than
    `max_pixels`, the last before anything is decompressed.
    """
    picture = _open(data, max_pixels)
    _load(picture)
    if upright:
        picture = _turned_upright(picture)
    picture = _opaque(_eight_bits(picture), on_white=on_white)
    pixels = np.asarray(picture.convert("L") if gray else picture.convert("RGB"))
    return pixels[:, :, np.newaxis] if gray else pixels


def _open(data: bytes, max_pixels: int) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise _refused("the file is empty")
    try:
        with _quiet, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(BytesIO(data))
    except UnidentifiedImageError as error:
        raise _refused(_not_a_picture(data)) from error
    except Image.DecompressionBombError as error:
        raise _too_large(max_pixels) from error
    # Header parsers raise whatever they like on spoiled bytes.
    except Exception as error:
        raise _refused(f"the header of the picture cannot be read: {_line(error)}") from error
    if picture.width * picture.height > max_pixels:
        raise _too_large(max_pixels)
    return picture


def _load(picture: Image.Image) -> None:
    try:
        picture.load()
    # So do decoders: OSError, SyntaxError, ValueError, struct.error, EOFError, zlib.error.
    except Exception as error:
        if "truncated" in str(error) or isinstance(error, EOFError):
            raise _refused("the picture is truncated") from error
        raise _refused(f"the picture cannot be decoded: {_line(error)}") from error


def _turned_upright(picture: Image.Image) -> Image.Image:
    from PIL import Image

    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        orientation = picture.getexif().get(_ORIENTATION_TAG)
    if orientation not in _UPRIGHT:
        return picture
    return picture.transpose(Image.Transpose(_UPRIGHT[orientation]))


def _eight_bits(picture: Image.Image) -> Image.Image:
    """The high byte of samples of 16 bits, which is what Pillow takes of 16-bit RGB."""
    from PIL import Image

    if picture.mode in _SIXTEEN_BIT:
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise DataError(
            f"the picture has samples of 32 bits (mode {picture.mode}), which have no agreed range",
            where="step decode",
            fix="convert the file to 8 or 16 bits",
        )
    return picture


def _opaque(picture: Image.Image, *, on_white: bool) -> Image.Image:
    from PIL import Image

    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        if on_white:
            white = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(white, picture)
    return picture if picture.mode == "L" else picture.convert("RGB")


def _not_a_picture(data: bytes) -> str:
    for signature, name in _SIGNATURES.items():
        if data.startswith(signature):
            return f"the file begins like {name}, but its header is cut off or spoiled"
    return f"the file is not a picture in a known format (it begins with {data[:8]!r})"


def _too_large(max_pixels: int) -> DataError:
    return DataError(
        f"the picture has more than {max_pixels} pixels",
        where="step decode",
        fix="raise max_pixels of decode if the file can be trusted, or leave the item out",
    )


def _refused(what: str) -> DataError:
    return DataError(what, where="step decode", fix="replace the file, or leave the item out")


def _line(error: Any) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
