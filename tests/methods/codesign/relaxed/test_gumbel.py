from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import SearchError  # noqa: E402 - after torch is known to be there
from dlscope.methods.codesign.relaxed.gumbel import gumbel_softmax, temperature_at  # noqa: E402


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("mode", ["soft", "hard", "two_path"])
def test_every_row_sums_to_1_and_what_is_missing_is_never_drawn(mode) -> None:
    logits = torch.zeros(200, 4, dtype=torch.float64)
    logits[:, 3] = -math.inf
    sample = gumbel_softmax(logits, 0.7, mode, generator())
    assert torch.allclose(sample.sum(-1), torch.ones(200, dtype=torch.float64))
    assert sample[:, 3].abs().max() == 0
    paths = (sample > 0).sum(-1)
    assert {"soft": 3, "hard": 1, "two_path": 2}[mode] == int(paths.max()) == int(paths.min())


def test_hard_samples_are_drawn_as_likely_as_softmax_says() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64).expand(20_000, 3)
    share = gumbel_softmax(logits, 1.0, "hard", generator()).mean(0)
    assert torch.allclose(share, logits[0].softmax(-1), atol=0.02)


def test_a_hard_sample_has_the_gradient_of_the_soft_one() -> None:
    weights = torch.arange(3, dtype=torch.float64)
    gradients = []
    for mode in ("soft", "hard"):
        logits = torch.zeros(5, 3, dtype=torch.float64, requires_grad=True)
        (gumbel_softmax(logits, 1.0, mode, generator()) * weights).sum().backward()
        gradients.append(logits.grad)
    assert torch.allclose(*gradients)


def test_the_same_generator_draws_the_same() -> None:
    logits = torch.zeros(4, 3, dtype=torch.float64)
    first, second = (gumbel_softmax(logits, 1.0, "soft", generator()) for _ in range(2))
    assert torch.equal(first, second)


def test_one_path_alone_is_certain() -> None:
    assert gumbel_softmax(torch.zeros(2, 1), 1.0, "two_path", generator()).tolist() == [[1], [1]]


def test_the_temperature_falls_to_its_floor() -> None:
    assert temperature_at(0) == 5.0
    assert temperature_at(10) == pytest.approx(5 * 0.956**10)
    assert temperature_at(1000) == 0.3


def test_a_temperature_of_0_is_refused() -> None:
    with pytest.raises(SearchError) as caught:
        gumbel_softmax(torch.zeros(2), 0.0, "soft", generator())
    assert caught.value.what == "temperature is 0"
