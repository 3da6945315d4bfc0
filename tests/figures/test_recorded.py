"""Every record of runs that lies with the project is of one run: its tables fit each other."""

import json
from pathlib import Path

import pandas as pd
import pytest

from gwpipe.evaluation import curves
from gwpipe.evaluation.criterion import Criterion, find_criterion
from gwpipe.figures.recorded import read_record

RECORDS = sorted(path.parent for path in Path(__file__).parents[2].glob("docs/results/*/record.json"))


def _pairs(runs: dict[str, list[int]]) -> set[tuple[str, int]]:
    return {(method, seed) for method, seeds in runs.items() for seed in seeds}


@pytest.mark.parametrize("folder", RECORDS, ids=lambda folder: folder.name)
def test_the_criterion_of_a_record_is_that_of_its_curves(folder: Path) -> None:
    record = read_record(folder)
    for panel in record.panels:
        home = folder / panel.env
        kept = Criterion.from_json(json.loads((home / "criterion.json").read_text()))
        named = {"env": kept.env, "task": kept.task}
        values = {"fraction": kept.fraction, "window": kept.window, "floor": kept.floor}
        assert find_criterion(curves.read(home / "curves.csv"), kept.random, **named, **values) == kept
        assert named == {"env": panel.env, "task": panel.task}
        runs = {method: [run.seed for run in of.runs] for method, of in kept.methods.items()}
        trained = {(told.method, told.seed) for told in record.trainings if told.env == panel.env}
        assert _pairs(runs) == _pairs(panel.runs)
        played = set()
        for table in (home / name for name in ("noise.csv", "transfer.csv")):
            if table.exists():
                agents = pd.read_csv(table)[["method", "agent_seed"]]
                played |= set(agents.itertuples(index=False, name=None))
        assert _pairs(panel.runs) | played == trained, "of every training that is shown, and of no other"


@pytest.mark.parametrize("folder", RECORDS, ids=lambda folder: folder.name)
def test_who_lost_a_modality_was_trained_in_the_record(folder: Path) -> None:
    for panel in read_record(folder).panels:
        path = folder / panel.env / "ablation.csv"
        if path.exists():
            agents = pd.read_csv(path)[["method", "agent_seed"]]
            assert set(agents.itertuples(index=False, name=None)) <= _pairs(panel.runs)


def test_there_is_a_record() -> None:
    assert RECORDS
