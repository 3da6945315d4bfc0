"""The paper's sentences on efficiency."""

import pytest

from gwpipe.flops import paper
from gwpipe.flops.claims import COLUMNS, FIGURES, claim_rows, ours, printed
from gwpipe.flops.costs import Counts

FROM_PRINTED_CELLS = {
    "half_of_dreamer_12m": 0.484,
    "60_times_below_dreamer_40m": 61.9,
    "6_times_below_dreamer_40m": 5.31,
    "2_times_on_extra_tasks": 2.096,
    "75_times_on_extra_tasks": 76.8,
    "fewest_on_one_task": 4.52,
    "more_with_gw_on_one_task": 1.263,
    "with_vaes_against_dreamer_12m": 5.65,
    "tasks_to_pay_for_gw": 1.167,
    "tasks_to_pay_for_gw_and_vaes": 49.55,
    "tasks_to_pay_against_dreamer_40m": 1.071,
    "extra_tasks_to_pay_for_gw_and_vaes": 72.9,
}


def test_figures_from_the_printed_cells(counts: Counts) -> None:
    rows = {row["id"]: row for row in claim_rows(counts)}
    assert {name: row["from_printed_cells"] for name, row in rows.items()} == pytest.approx(
        FROM_PRINTED_CELLS, rel=2e-3
    )
    said = [row for row in rows.values() if row["section"]]
    assert len(said) == 7
    assert all(row["verdict_printed_cells"] == "agrees" for row in said)
    assert all(row["verdict_printed_cells"] == "not said" for row in rows.values() if not row["section"])


def test_figures_from_ours_by_hand(counts: Counts) -> None:
    rows = {row["id"]: row["from_ours"] for row in claim_rows(counts)}
    gw, vaes = 500_000 * 9e10, 500_000 * 22e12
    one, dreamer = 25_000 * 2e11, 25_000 * 8e11
    assert rows["half_of_dreamer_12m"] == pytest.approx((gw + 6 * one) / (6 * dreamer))
    assert rows["75_times_on_extra_tasks"] == pytest.approx(15)
    assert rows["tasks_to_pay_for_gw_and_vaes"] == pytest.approx((gw + vaes) / (dreamer - one))
    assert rows["tasks_to_pay_for_gw"] == pytest.approx(3)


def test_a_figure_far_from_its_sentence_differs(counts: Counts) -> None:
    row = next(row for row in claim_rows(counts) if row["id"] == "75_times_on_extra_tasks")
    assert (row["verdict_printed_cells"], row["verdict_ours"]) == ("agrees", "differs")
    assert set(row) == set(COLUMNS)


def test_a_representation_that_saves_nothing_never_pays(counts: Counts) -> None:
    rl = counts.paper.rl | {"dreamer_12m": 10**11}
    dear = counts.model_copy(update={"paper": counts.paper.model_copy(update={"rl": rl})})
    row = next(row for row in claim_rows(dear) if row["id"] == "tasks_to_pay_for_gw")
    assert (row["from_ours"], row["verdict_ours"]) == (None, "never")


def test_each_sentence_has_a_figure() -> None:
    assert {sentence.id for sentence in paper.sentences()} == set(FIGURES)


def test_absent_cells_are_not_taken_for_numbers(counts: Counts) -> None:
    with pytest.raises(KeyError, match="dreamer_40m, rl_1_task"):
        printed("dreamer_40m", "rl_1_task")
    with pytest.raises(KeyError, match="clip_dreamer, rl_1_task"):
        ours(counts)("clip_dreamer", "rl_1_task")
