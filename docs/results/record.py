"""Keeps a finished run with the project: `python docs/results/record.py SCALE [folder that holds results/]`.

Writes `docs/results/SCALE/`: the raw curves, the criterion and, where they were made, the episodes of the ablation, of
noise and of transfer, and `record.json` with settings' names, code version, machine and time of every training.
`snakemake recorded` draws the figures of all records anew.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from gwpipe import layout
from gwpipe.agents.trained import agents_of
from gwpipe.artefact import manifest_path, read_manifest
from gwpipe.evaluation import curves
from gwpipe.settings.figure_stages import PanelSettings
from gwpipe.settings.record_stages import TABLES, RecordedFigure, RunRecord, Training

EPISODES: dict[RecordedFigure, str] = {
    "figure6": layout.ABLATION,
    "noise": layout.NOISE,
    "transfer": layout.TRANSFER,
}
"""Figure → what it is drawn from, where it was made."""


def keep(scale: str, root: Path, here: Path) -> None:
    """Copy to `here` what the run at `root` made at this scale."""
    place = layout.Place(root, scale)
    panels, trainings = [], []
    for criterion in sorted((root / "results" / scale).glob("*/criterion/*.json")):
        if criterion.name.endswith(layout.MANIFEST):
            continue
        which: dict[str, Any] = {"env": criterion.parent.parent.name, "task": criterion.stem}
        runs = read_manifest(criterion)["settings"]["runs"]
        agents = agents_of(place, runs=runs, **which)
        made = [read_manifest(weights) for weights in agents]
        target = here / which["env"]
        target.mkdir(parents=True, exist_ok=True)
        joined = pd.concat(
            [curves.read(weights.with_name(Path(layout.CURVE).name)) for weights in agents], ignore_index=True
        )
        curves.write(joined, target / TABLES["figure5"])
        shutil.copy(criterion, target / "criterion.json")
        for figure, pattern in EPISODES.items():
            if manifest_path(found := place.path(pattern, **which)).exists():
                shutil.copy(found, target / TABLES[figure])
        decisions = made[0]["settings"]["environment"]["episode_decisions"]
        panels.append(PanelSettings(**which, runs=runs, episode_decisions=decisions))
        trainings += [training(which["env"], manifest) for manifest in made]
    record = RunRecord(scale=scale, panels=panels, trainings=trainings)
    (here / "record.json").write_text(record.model_dump_json(indent=1) + "\n")


def training(env: str, manifest: dict[str, Any]) -> Training:
    """What `record.json` says of one training."""
    settings = manifest["settings"]
    told = {name: manifest[name] for name in ("code_version", "machine", "wall_seconds", "cpu_seconds")}
    return Training(
        env=env, method=settings["method"], seed=settings["seed"], updates=manifest["results"]["updates"], **told
    )


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "."), Path(__file__).parent / sys.argv[1])
