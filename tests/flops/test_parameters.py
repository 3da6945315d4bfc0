"""Parameters of every network of the paper, exactly."""

from gwpipe.flops import paper
from gwpipe.flops.parameter_rows import COLUMNS, parameter_rows
from gwpipe.flops.parameters import count_parameters
from gwpipe.settings.table1_stages import Sizes

SIMPLE_SHAPES = {
    "II/visual encoder": 2_798_484,
    "II/visual decoder": 2_957_059,
    "A-A/visual VAE": 5_755_543,
    "IV/attribute encoder": 5_798,
    "IV/attribute decoder": 5_579,
    "A-A/attribute VAE": 11_377,
    "VII/workspace encoder": 13_834,
    "VII/workspace decoder": 13_834,
    "XI/GRU": 26_112,
    "XII/next-z head": 650,
    "XII/reward head": 150_784,
    "XII/done head": 85_249,
    "XIV/actor": 562_183,
    "XIV/critic": 689_407,
    "XVI/world model": 262_795,
    "XVI/actor-critic": 1_940_997,
    "XVI/VAEs": 5_766_920,
    "XVI/workspace": 55_336,
    "XVI/total": 8_026_048,
    "XVI/trainable": 2_203_792,
    "XIX/Dreamer 2M": 2_470_708,
}
ROBODESK = {
    "III/visual encoder": 11_475_920,
    "III/visual decoder": 13_641_475,
    "A-A/visual VAE": 25_117_395,
    "V/attribute encoder": 851_192,
    "V/attribute decoder": 585_292,
    "A-A/attribute VAE": 1_436_484,
    "VIII/workspace encoder": 585_292,
    "VIII/workspace decoder": 585_256,
    "XI/GRU": 6_297_600,
    "XIII/next-z head": 826_444,
    "XIII/reward head": 413_440,
    "XIII/done head": 347_905,
    "XV/actor": 1_055_242,
    "XV/critic": 1_180_927,
    "XVI/world model": 7_969_357,
    "XVI/actor-critic": 3_417_096,
    "XVI/VAEs": 26_553_879,
    "XVI/workspace": 2_341_096,
    "XVI/total": 40_281_428,
    "XVI/trainable": 11_386_453,
    "XIX/Dreamer 12M": 11_541_752,
    "XIX/Dreamer 40M": 41_778_968,
    "III-B/Dreamer 100M": 102_662_712,
}


def test_simple_shapes(simple_shapes: Sizes) -> None:
    assert count_parameters("simple_shapes", simple_shapes) == SIMPLE_SHAPES


def test_robodesk(robodesk: Sizes) -> None:
    assert count_parameters("robodesk", robodesk) == ROBODESK


def test_rows_are_all_printed_networks_in_the_papers_order() -> None:
    rows = parameter_rows([("robodesk", ROBODESK), ("simple_shapes", SIMPLE_SHAPES)])
    assert [(r["env"], r["table"], r["network"]) for r in rows] == [
        (n.env, n.table, n.network) for n in paper.networks()
    ]
    assert all(set(row) == set(COLUMNS) for row in rows)
    gru = next(row for row in rows if row["table"] == "XI" and row["env"] == "simple_shapes")
    assert (gru["printed"], gru["ours"], gru["difference"]) == ("26,000", 26_112, 112)


def test_every_difference_beyond_rounding_has_a_reason() -> None:
    for row in parameter_rows([("robodesk", ROBODESK), ("simple_shapes", SIMPLE_SHAPES)]):
        printed = row["ours"] - row["difference"]
        if abs(row["difference"]) > 0.03 * printed:
            assert len(row["why"]) > len("rounding"), row


def test_one_environment_alone() -> None:
    rows = parameter_rows([("robodesk", ROBODESK)])
    assert {row["env"] for row in rows} == {"robodesk"}
    assert len(rows) == len(ROBODESK)
