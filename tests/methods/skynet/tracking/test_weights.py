from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import DataError  # noqa: E402 - after the check for torch
from dlscope.methods.skynet.tracking.weights import (  # noqa: E402
    load_tracker,
    load_trunk,
    save_tracker,
)
from dlscope.zoo.siamese.network import SiameseNetwork  # noqa: E402
from dlscope.zoo.skynet.network import build  # noqa: E402


def equal(first, second):
    return all(
        torch.equal(a, b)
        for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )


def test_a_tracker_comes_back(small_network, tmp_path):
    path = tmp_path / "folder" / "tracker.pt"
    save_tracker(path, small_network)
    found = load_tracker(path)
    assert found.design == small_network.design
    assert not found.training
    assert equal(found, small_network)


def test_refuses_other_files(small_network, tmp_path):
    path = tmp_path / "tracker.pt"
    with pytest.raises(DataError, match=r"the weights cannot be read: No such file or directory\n"):
        load_tracker(path)
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="the weights cannot be read"):
        load_tracker(path)
    torch.save({"weights": torch.zeros(1)}, path)
    with pytest.raises(DataError, match="the file holds no tracker"):
        load_tracker(path)
    whole = {
        "kind": "dlscope tracker",
        "design": small_network.design.to_json() | {"hidden": 16},
        "state": small_network.state_dict(),
    }
    torch.save(whole, path)
    with pytest.raises(DataError, match="the arrays do not fit the design"):
        load_tracker(path)


def test_refuses_code_in_a_file(tmp_path):
    import pickle

    class Harmful:
        def __reduce__(self):
            return (print, ("executed",))

    path = tmp_path / "tracker.pt"
    path.write_bytes(pickle.dumps(Harmful()))
    with pytest.raises(DataError, match="the weights cannot be read"):
        load_tracker(path)


def test_names_the_first_array_with_nan(small_network, tmp_path):
    import copy

    broken = copy.deepcopy(small_network)
    with torch.no_grad():
        broken.heads[0]["boxes"].head[1].bias[3] = torch.nan
    save_tracker(tmp_path / "tracker.pt", broken)
    with pytest.raises(DataError) as refused:
        load_tracker(tmp_path / "tracker.pt")
    assert refused.value.what == "heads.0.boxes.head.1.bias holds NaN or infinity"


@pytest.mark.parametrize("form", ["bare", "nested", "tracker"])
def test_takes_the_bundles_of_a_detector_or_tracker(small_design, tmp_path, form):
    torch.manual_seed(5)
    path, detector = tmp_path / "weights.pt", build("C", width_mult=0.25)
    if form == "tracker":
        save_tracker(path, other := SiameseNetwork(small_design))
        given = other.trunk.network
    else:
        given = detector
        state = detector.state_dict()
        torch.save(state if form == "bare" else {"states": {"network": state}}, path)
    network = SiameseNetwork(small_design)
    load_trunk(network, path)
    for index in range(5):
        assert equal(network.trunk.network.bundles[index], given.bundles[index])


def test_refuses_bundles_of_another_width_and_files_without(small_design, tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(build("C", width_mult=0.5).state_dict(), path)
    with pytest.raises(DataError, match=r"does not fit the trunk at 'network\.bundles"):
        load_trunk(SiameseNetwork(small_design), path)
    torch.save({"other": torch.zeros(1)}, path)
    with pytest.raises(DataError, match=r"at 'network\.bundles\.0\.depthwise"):
        load_trunk(SiameseNetwork(small_design), path)


def test_takes_the_released_weights(released_file):
    from dlscope.zoo.siamese.design import Design

    network = SiameseNetwork(Design(hidden=8))
    assert load_trunk(network, released_file) == 50
