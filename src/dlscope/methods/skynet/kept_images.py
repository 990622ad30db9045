"""`kept_images`: prepared images beside a training, so that one that goes on has them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dlscope.core.digest import digest
from dlscope.methods.skynet.prepared_images import PreparedImages, read_prepared

_MOST_BYTES = 2**30
_DIGITS = 16
_NAMES = "images-*.npz"


def kept_images(
    folder: Path, made_from: Mapping[str, Any], make: Callable[[], PreparedImages]
) -> PreparedImages:
    """What `make` prepares, read from `folder` where the same was `made_from` the same before.

    More than 1 GiB of pixels are not kept, and prepared again each time.
    """
    path = folder / _NAMES.replace("*", digest(dict(made_from))[:_DIGITS])
    if path.is_file():
        return read_prepared(path)
    images = make()
    if images.pixels_nhwc.nbytes <= _MOST_BYTES:
        folder.mkdir(parents=True, exist_ok=True)
        remove_kept_images(folder)
        images.write(path)
    return images


def remove_kept_images(folder: Path) -> None:
    """Remove what `kept_images` kept there."""
    for path in folder.glob(_NAMES):
        path.unlink()
