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
from gwpipe.artefact import input_hash, manifest_path, read_manifest, verify
from gwpipe.errors import UserError
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
    """Copy to `here` what the run at `root` made at this scale; a figure's table that it did not make goes.

    Raises:
        UserError: there is no finished run of this scale, or a part was made of others than those there now.
    """
    place = layout.Place(root, scale)
    panels, trainings = [], []
    for criterion in sorted((root / "results" / scale).glob("*/criterion/*.json")):
        if criterion.name.endswith(layout.MANIFEST):
            continue
        which: dict[str, Any] = {"env": criterion.parent.parent.name, "task": criterion.stem}
        if which["env"] in [panel.env for panel in panels]:
            raise UserError(
                f"{criterion.parent} has several tasks, and a record one of each environment; keep one there"
            )
        runs = current(criterion, root)["settings"]["runs"]
        agents = agents_of(place, runs=runs, **which)
        made = [read_manifest(weights) for weights in agents]
        joined = pd.concat(
            [curves.read(weights.with_name(Path(layout.CURVE).name)) for weights in agents], ignore_index=True
        )
        tables = {figure: place.path(pattern, **which) for figure, pattern in EPISODES.items()}
        tables = {figure: table for figure, table in tables.items() if manifest_path(table).exists()}
        for table in tables.values():
            current(table, root)
        target = here / which["env"]
        target.mkdir(parents=True, exist_ok=True)
        curves.write(joined, target / TABLES["figure5"])
        shutil.copy(criterion, target / "criterion.json")
        for figure in EPISODES:
            (target / TABLES[figure]).unlink(missing_ok=True)
            if figure in tables:
                shutil.copy(tables[figure], target / TABLES[figure])
        decisions = made[0]["settings"]["environment"]["episode_decisions"]
        panels.append(PanelSettings(**which, runs=runs, episode_decisions=decisions))
        trainings += [training(which["env"], manifest) for manifest in made]
    if not panels:
        raise UserError(
            f"{root / 'results' / scale} has no criterion of any environment; name the scale of a finished run"
        )
    record = RunRecord(scale=scale, panels=panels, trainings=trainings)
    (here / "record.json").write_text(record.model_dump_json(indent=1) + "\n")


def current(artefact: Path, root: Path) -> dict[str, Any]:
    """The manifest of `artefact`, once what it was made of is seen to be what lies there now."""
    manifest = verify(artefact)
    for name, digest in manifest["inputs"].items():
        if input_hash(root / name) != digest:
            raise UserError(f"{artefact} was made of another {name} than the one there now; make it anew")
    return manifest


def training(env: str, manifest: dict[str, Any]) -> Training:
    """What `record.json` says of one training."""
    settings = manifest["settings"]
    told = {name: manifest[name] for name in ("code_version", "machine", "wall_seconds", "cpu_seconds")}
    return Training(
        env=env, method=settings["method"], seed=settings["seed"], updates=manifest["results"]["updates"], **told
    )


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(str(__doc__).splitlines()[0])
    try:
        keep(sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "."), Path(__file__).parent / sys.argv[1])
    except UserError as mistake:
        sys.exit(str(mistake))
