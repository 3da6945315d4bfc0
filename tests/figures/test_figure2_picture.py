"""The picture of Figure 2: what stands in it, and that the same numbers give the same file."""

import numpy as np
import pytest

from gwpipe.figures.figure2 import draw_figure2
from gwpipe.figures.saving import save_figure
from gwpipe.studies.incongruent import WEIGHTS, Decoded, shown_pairs


@pytest.fixture
def drawn():
    pairs = shown_pairs(2, 0)
    pictures = dict.fromkeys(WEIGHTS, pairs.image.image)
    decoded = Decoded(pictures, dict.fromkeys(WEIGHTS, pairs.attributes.raw))
    return pairs, draw_figure2(pairs, decoded, "smoke", 7)


def test_a_row_a_pair_and_a_column_a_picture(drawn):
    pairs, figure = drawn
    assert len(figure.axes) == 2 * 5
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes]
    assert (shown[0] == pairs.image.image[0]).all()
    assert (shown[1] == pairs.attributes.image[0]).all()
    assert [axes.get_title().split("\n")[0] for axes in figure.axes[:5]] == [
        "image", "attributes", "tr", "fusion", "dcy"
    ]  # fmt: skip
    assert "(1, 0)" in figure.axes[2].get_title()
    assert "(0.5, 0.5)" in figure.axes[3].get_title()


def test_scale_and_seed_stand_in_the_figure(drawn):
    _, figure = drawn
    assert "scale smoke, seed 7" in figure.get_supxlabel()


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_the_same_figure_is_the_same_file(drawn, tmp_path, suffix):
    _, figure = drawn
    for name in ("a", "b"):
        save_figure(figure, tmp_path / f"{name}.{suffix}")
    first, second = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in ("a", "b"))
    assert first == second
    assert first[:4] in (b"\x89PNG", b"%PDF")
