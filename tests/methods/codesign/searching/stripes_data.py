"""The manifest of the stripes that the searches of these tests are made with."""

from __future__ import annotations

from dlscope.core.manifest import DatasetManifest

DATA = DatasetManifest(
    kind="dataset",
    schema_version=1,
    name="stripes",
    version="1.0.0",
    task="image_classification",
    license="none",
    reader="pixel_rows",
    items=120,
    data_kind="procedural",
)
