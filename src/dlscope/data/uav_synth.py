"""`UavSynth`: images of `uav-synth` as a data set to evaluate detectors on. Needs OpenCV."""

from __future__ import annotations

from typing import Any, ClassVar, final

import cv2
import numpy as np

from dlscope.core.digest import bytes_digest, digest
from dlscope.core.errors import DataError, ManifestError, did_you_mean
from dlscope.data.base import Dataset, Item
from dlscope.data.procedural.uav import UavImage, UavImages

_DEFAULTS = {"split": "val", "count": 400, "seed": 0, "size": [360, 640]}


@final
class UavSynth(Dataset):
    """`count` images of a `split`, of `size` [height, width], all of them following from `seed`.

    An input is a PNG, a target `{"boxes": [[x_min, y_min, x_max, y_max]]}` without labels: the
    contest asks where the object is and not what.
    """

    name: ClassVar[str] = "uav_synth"
    _images: UavImages

    def _open(self) -> None:
        for option in self.options:
            if option not in _DEFAULTS:
                raise _wrong(option, f"unknown option {option!r}", did_you_mean(option, _DEFAULTS))
        chosen: dict[str, Any] = {**_DEFAULTS, **self.options}
        try:
            size = tuple(chosen["size"])
            self._images = UavImages(
                chosen["split"], chosen["count"], size=size, seed=chosen["seed"]
            )
        except (DataError, TypeError) as error:
            fix = error.fix if isinstance(error, DataError) else "write size: [360, 640]"
            raise ManifestError(str(error.args[0]), where="reader uav_synth", fix=fix) from None

    def __len__(self) -> int:
        return len(self._images)

    def _get(self, index: int) -> Item:
        made = self._images[index]
        pixels = np.ascontiguousarray(made.image_hwc[..., ::-1])
        encoded = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
        return Item(made.name, encoded.tobytes(), _target(made))

    def item_id(self, index: int) -> str:
        """The sub-category and the index, such as `car12/000123`."""
        return self._images.name(index)

    def item_digest(self, index: int) -> str:
        """SHA-256 over the pixels, whatever way they are compressed, and the boxes."""
        made = self._images[index]
        return digest(
            {
                "id": made.name,
                "size": list(made.image_hwc.shape),
                "pixels": bytes_digest(made.image_hwc.tobytes()),
                "target": _target(made),
            }
        )


def _target(made: UavImage) -> dict[str, Any]:
    return {"boxes": [list(box) for box in made.boxes]}


def _wrong(option: str, what: str, fix: str) -> ManifestError:
    return ManifestError(what, where=f"reader uav_synth, options.{option}", fix=fix)
