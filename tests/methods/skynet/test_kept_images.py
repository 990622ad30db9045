from __future__ import annotations

from square_images import squares

from dlscope.methods.skynet import kept_images as module
from dlscope.methods.skynet.kept_images import kept_images, remove_kept_images


def test_images_are_made_once_and_anew_from_something_else(tmp_path):
    made = []

    def make():
        made.append(squares(3))
        return made[-1]

    for _ in range(2):
        images = kept_images(tmp_path / "it", {"seed": 0}, make)
        assert (images.pixels_nhwc == squares(3).pixels_nhwc).all()
    assert len(made) == 1
    kept_images(tmp_path / "it", {"seed": 1}, make)
    assert len(made) == 2
    (only,) = (tmp_path / "it").iterdir()
    remove_kept_images(tmp_path / "it")
    assert not only.exists()


def test_more_than_there_should_be_room_for_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST_BYTES", 10)
    kept_images(tmp_path, {}, lambda: squares(1))
    assert list(tmp_path.iterdir()) == []
