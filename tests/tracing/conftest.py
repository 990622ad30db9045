from __future__ import annotations

from pathlib import Path

import pytest

ANNOTATION = 'it, "er\nation'


@pytest.fixture(scope="session")
def profile_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What torch.profiler exports of three predictions by a net of two layers with weights."""
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 36, 10),
    ).eval()
    image_nchw = torch.zeros(1, 3, 8, 8)
    with torch.no_grad():
        net(image_nchw)
        with torch.profiler.profile(
            activities=[torch.profiler.ProfilerActivity.CPU], record_shapes=True
        ) as profile:
            for _ in range(3):
                with torch.profiler.record_function(ANNOTATION):
                    net(image_nchw)
    path = tmp_path_factory.mktemp("profile") / "profile.json"
    profile.export_chrome_trace(str(path))
    return path
