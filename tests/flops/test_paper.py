"""The printed numbers as data."""

import pytest

from gwpipe.flops import paper


def test_table1_is_whole() -> None:
    cells = paper.table1()
    assert set(cells) == {(model, component) for model in paper.MODELS for component in paper.COMPONENTS}
    assert cells["gw_dreamer", "rl_1_task"] == paper.Cell("5.410e15")
    assert cells["dreamer_40m", "rl_4_extra_tasks"].flops == 4.158e18
    assert cells["dreamer_40m", "rl_1_task"].flops is None
    assert sum(cell.printed == "N/A" for cell in cells.values()) == 5
    assert sum(cell.printed == "X" for cell in cells.values()) == 5


def test_updates_have_a_source_and_a_source_has_updates() -> None:
    for key, known in paper.training().items():
        assert known.source in ("", "text", "table", "inverted"), key
        assert (known.updates is None) == (known.source == ""), key
        assert known.note, key


def test_every_printed_cell_has_a_word_on_its_updates() -> None:
    for (model, component), cell in paper.table1().items():
        if cell.flops is not None:
            assert ("robodesk", model, component) in paper.training()


@pytest.mark.parametrize(
    ("env", "model", "component", "updates", "source"),
    [
        ("robodesk", "gw_dreamer", "vae", 500_000, "table"),
        ("robodesk", "gw_dreamer", "rl_1_task", 200_000 // 8, "inverted"),
        ("robodesk", "dreamer_12m", "rl_1_task", 800_000 // 32, "inverted"),
        ("robodesk", "clip_dreamer", "rl_1_task", None, ""),
        ("simple_shapes", "gw_dreamer", "rl_1_task", 20_000 // 4, "text"),
    ],
)
def test_implied_updates(env: str, model: str, component: str, updates: int | None, source: str) -> None:
    known = paper.training()[env, model, component]
    assert (known.updates, known.source) == (updates, source)


def test_steps_follow_the_train_ratio() -> None:
    # Table XVII counts decisions in RoboDesk (action repeat 4), environment steps in Simple Shapes
    ratios = {"simple_shapes": 1, "robodesk": 4}
    for env, steps_per_unit in ratios.items():
        known = paper.training()[env, "gw_dreamer", "rl_1_task"]
        ratio = paper.hyperparameters()["XVII", env, "train_ratio"]
        assert known.env_steps == known.updates * ratio * steps_per_unit


def test_printed_counts_say_what_their_value_is() -> None:
    units = {"K": 1e3, "M": 1e6}
    for network in paper.networks():
        text = network.printed.replace(",", "")
        number = float(text[:-1]) * units[text[-1]] if text[-1] in units else float(text)
        assert number == pytest.approx(network.value, rel=1e-12), network


def test_data_files_are_named_for_change_tracking() -> None:
    assert {path.name for path in paper.FILES} == {
        "hyperparameters.csv",
        "networks.csv",
        "sentences.csv",
        "table1.csv",
        "training.csv",
    }
