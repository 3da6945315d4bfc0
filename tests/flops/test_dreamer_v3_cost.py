"""DreamerV3's update: extrapolated and whole, and near the printed cell."""

import pytest
import torch

from gwpipe.agents.dreamer_v3 import DreamerV3, Size
from gwpipe.agents.policies import GaussianPolicy
from gwpipe.flops.dreamer_v3 import counted, update_flops
from gwpipe.flops.extrapolation import extrapolate


def test_extrapolation_of_a_known_form() -> None:
    assert extrapolate(lambda rows, steps: 5 + 3 * rows + 7 * steps + 11 * rows * steps, 64, 15) == 10_862


def test_12m_update_with_the_papers_batch() -> None:
    flops = update_flops("12m", "robodesk", 64, 76, GaussianPolicy(5))
    assert flops == 839_925_137_408
    # 25,000 updates against the printed cell: the image networks of 2024 fall short by a seventh
    assert 25_000 * flops / 2.443e16 == pytest.approx(0.86, abs=0.005)


@pytest.mark.slow
def test_short_chunks_foretell_the_whole_update() -> None:
    with torch.device("meta"):
        model = DreamerV3(Size(2048, 256, 16, 16, 256), 64, 76, GaussianPolicy(5))
    assert counted(model, 16, 64, 15) == 839_925_137_408
