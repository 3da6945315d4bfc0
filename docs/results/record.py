"""Keeps a finished run with the project: `python docs/results/record.py SCALE [folder that holds results/]`.

Writes `docs/results/SCALE/`: the raw curves, the criterion and, where they were made, the episodes of the ablation, of
noise and of transfer and the errors of world models, Table I with what belongs to it if this scale made it last,
`settings.yaml` with all that each method was trained with, `record.json` with code version, machine and time of every
training, and `README.md` with the numbers of all of them and what every stage took. `snakemake recorded` draws the
figures of all records anew.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from gwpipe import layout
from gwpipe.agents.trained import agents_of
from gwpipe.artefact import input_hash, manifest_path, read_manifest, verify
from gwpipe.errors import UserError
from gwpipe.evaluation import ablation_table, curves, noise_table, transfer_table
from gwpipe.evaluation.criterion import Criterion, held, on_windows
from gwpipe.figures.figure5 import steps_to_criterion
from gwpipe.figures.methods import in_order
from gwpipe.settings.dreamer_v3 import DreamerV3Settings
from gwpipe.settings.figure_stages import PanelSettings
from gwpipe.settings.methods import entry
from gwpipe.settings.record_stages import TABLES, RecordedFigure, RunRecord, Training
from gwpipe.studies.quality_report import table
from gwpipe.view.explain import one_a_run, seconds_of

EPISODES: dict[RecordedFigure, str] = {
    "figure6": layout.ABLATION,
    "noise": layout.NOISE,
    "transfer": layout.TRANSFER,
}
"""Figure → what it is drawn from, where it was made."""

OPEN_LOOP = "open_loop.csv"
"""What world models expect, where it was measured; no figure is drawn from it."""
STEPS = (1, 5, 15)
"""After which the page says how far they are off."""
SHOWN = ("position", "rotation", "end effector", "reward")
"""What the page says of it; the table has all."""

OF_ALL_SCALES = (layout.TABLE1, layout.TABLE1_MARKDOWN, layout.CLAIMS, layout.PARAMETERS)
"""Tables that the scale which made them last has alone."""

LONG = 3
"""Windows so many times as long as the criterion's, on which an arrival is looked at again."""


def keep(scale: str, root: Path, here: Path) -> None:
    """Have at `here` what the run at `root` made at this scale, and nothing else.

    Raises:
        UserError: there is no finished run of this scale, or a part was made of others than those there now; what was
            recorded before stays.
    """
    here.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=here.parent) as folder:
        whole = Path(folder) / here.name
        whole.mkdir()
        _copy(scale, root, whole)
        shutil.rmtree(here, ignore_errors=True)
        whole.rename(here)


def _copy(scale: str, root: Path, here: Path) -> None:
    place = layout.Place(root, scale)
    panels: list[PanelSettings] = []
    trainings: list[Training] = []
    settings: dict[str, dict[str, Any]] = {}
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
        joined = pd.concat(
            [curves.read(weights.with_name(Path(layout.CURVE).name)) for weights in agents], ignore_index=True
        )
        tables = {figure: place.path(pattern, **which) for figure, pattern in EPISODES.items()}
        tables = {figure: path for figure, path in tables.items() if manifest_path(path).exists()}
        expected = place.path(layout.OPEN_LOOP, **which)
        measured = [*tables.values(), *([expected] if manifest_path(expected).exists() else [])]
        read = [name for made in measured for name in current(made, root)["inputs"]]
        # Noise and transfer may be of agents that have no curve here.
        played = [root / name for name in read if (layout.run_of(Path(name)) or ("",))[0] == "train_agent"]
        made = [read_manifest(weights) for weights in dict.fromkeys([*agents, *played])]
        target = here / which["env"]
        target.mkdir()
        curves.write(joined, target / TABLES["figure5"])
        shutil.copy(criterion, target / "criterion.json")
        for figure, path in tables.items():
            shutil.copy(path, target / TABLES[figure])
        if expected in measured:
            shutil.copy(expected, target / OPEN_LOOP)
        decisions = made[0]["settings"]["environment"]["episode_decisions"]
        settings[which["env"]] = trained_with(made)
        resized = [name for name in runs if is_resized(name, settings[which["env"]])]
        panels.append(PanelSettings(**which, runs=runs, episode_decisions=decisions, resized=resized))
        trainings += [training(which["env"], manifest) for manifest in made]
    if not panels:
        raise UserError(
            f"{root / 'results' / scale} has no criterion of any environment; name the scale of a finished run"
        )
    for final in (root / name for name in OF_ALL_SCALES):
        if manifest_path(final).exists() and read_manifest(final)["scale"] == scale:
            current(final, root)
            shutil.copy(final, here / final.name)
    record = RunRecord(scale=scale, panels=panels, trainings=trainings)
    (here / "record.json").write_text(record.model_dump_json(indent=1) + "\n")
    (here / "settings.yaml").write_text(yaml.safe_dump(settings))
    lines = [*page(record, here), *stages(root / "results", scale)]
    (here / "README.md").write_text("\n".join(lines) + "\n")


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


def trained_with(manifests: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Method → the settings that its seeds share.

    Raises:
        UserError: two seeds of a method were trained with other settings.
    """
    found: dict[str, Any] = {}
    for manifest in manifests:
        settings = {
            name: value for name, value in manifest["settings"].items() if name not in ("env", "method", "seed")
        }
        method = manifest["settings"]["method"]
        if found.setdefault(method, settings) != settings:
            raise UserError(f"seeds of {method} were trained with other settings; train them anew with the same")
    return found


def is_resized(method: str, settings: Mapping[str, Any]) -> bool:
    """Is it named for a size and trained with other widths? settings: of `trained_with`."""
    if entry(method).learning != "dreamer" or method not in settings:
        return False
    return DreamerV3Settings(**settings[method]["learning"]).resized


def page(record: RunRecord, here: Path) -> Iterable[str]:
    """Lines of the record's page: what its tables come to."""
    yield f"# The run `{record.scale}` in numbers"
    yield "\nWritten by `docs/results/record.py`. Returns are above the random policy's mean."
    for panel in record.panels:
        tables = here / panel.env
        criterion = Criterion.from_json(json.loads((tables / "criterion.json").read_text()))
        threshold = "none exists" if criterion.threshold is None else f"{criterion.threshold:,.0f}"
        yield f"\n## {panel.env}, {panel.task}\n\nCriterion: {threshold}; {criterion.reason}."
        yield (
            "\nEnvironment steps to it: median over seeds and range, on its own windows of "
            f"{criterion.window} episodes and on windows of {LONG * criterion.window}. Holds: how many windows from "
            "the arrival on reach it. Best: smoothed return, of the median seed. Last evaluation: greedy, median and "
            "range.\n"
        )
        trained = [training for training in record.trainings if training.env == panel.env]
        methods = sorted(criterion.methods, key=in_order)
        arrivals = _arrivals(methods, curves.read(tables / TABLES["figure5"]), criterion)
        yield from table(
            ["method", *arrivals, *COSTS],
            [
                [f"`{name}`", *row, *_cost(name, criterion, trained)]
                for name, row in zip(methods, zip(*arrivals.values()))
            ],
        )
        for figure, (title, summary, labels) in SUMMARIES.items():
            if (tables / TABLES[figure]).exists():
                found = summary(pd.read_csv(tables / TABLES[figure]), criterion)
                yield f"\n{title}: mean over episodes of all seeds ± standard error over episodes.\n"
                yield from table(
                    [*labels, "return", "seeds"],
                    [
                        [
                            *(_cell(row[name]) for name in labels),
                            f"{row['mean']:,.0f} ± {row['sem']:,.0f}",
                            str(row["seeds"]),
                        ]
                        for _, row in found.iterrows()
                    ],
                )
        if (tables / OPEN_LOOP).exists():
            yield from world_models(pd.read_csv(tables / OPEN_LOOP))


def world_models(frame: pd.DataFrame) -> Iterable[str]:
    """Lines that say how far dreams of the random policy's actions are off, from a table of the stage open_loop."""
    chosen = frame[(frame["acting"] == "random") & (frame["statistic"] == "median")]
    chosen = chosen[chosen["step"].isin(STEPS) & chosen["quantity"].isin(SHOWN)]
    by_agent = chosen.groupby(["method", "quantity", "unit", "step"])[["world_model", "representation", "standstill"]]
    found = by_agent.mean().round(2).astype(str).agg(" / ".join, axis=1).unstack("step", fill_value="–")
    found = found.loc[sorted(found.index, key=lambda index: in_order(index[0]))]
    yield (
        "\nWorld models (open loop), where the random policy acts: median error of the dream / of the representation "
        "itself / of no change, after so many steps without observation; mean over seeds.\n"
    )
    yield from table(
        ["method", "error of", *(f"after {step}" for step in found.columns)],
        [[f"`{method}`", f"{what} ({unit})", *cells] for (method, what, unit), cells in zip(found.index, found.values)],
    )


SUMMARIES: dict[RecordedFigure, tuple[str, Any, tuple[str, ...]]] = {
    "figure6": ("A modality removed (Figure 6)", ablation_table.summary, ("method", "removed")),
    "transfer": ("Transfer", transfer_table.summary, ("method", "trained_on", "acting_on")),
    "noise": ("Noise", noise_table.summary, ("method", "weights", "rule", "disturbed", "kind", "strength")),
}
"""Table of episodes → its title, what sums it up, and the columns that name a row."""


def stages(results: Path, scale: str) -> Iterable[str]:
    """Lines that say what every stage took, from all manifests of this scale below `results`."""
    paths = sorted(results.rglob(f"*{layout.MANIFEST}"))
    every = [read_manifest(path.with_name(path.name.removesuffix(layout.MANIFEST))) for path in paths]
    jobs: dict[str, list[dict[str, Any]]] = {}
    for manifest in one_a_run([manifest for manifest in every if manifest["scale"] == scale]):
        jobs.setdefault(manifest["stage"], []).append(manifest)
    yield "\n## What every stage took"
    yield "\nIn minutes. A job's wall time depends on what ran beside it; processor time is that of its last start.\n"
    yield from table(
        ["stage", "jobs", "processor, all jobs", "wall, longest job", "code"],
        [
            [
                f"`{stage}`",
                str(len(made)),
                f"{sum(job['cpu_seconds'] for job in made) / 60:,.1f}",
                f"{max(map(seconds_of, made)) / 60:,.1f}",
                ", ".join(sorted({job["code_version"] for job in made})),
            ]
            for stage, made in sorted(jobs.items())
        ],
    )


def _arrivals(methods: Sequence[str], frame: pd.DataFrame, criterion: Criterion) -> dict[str, list[str]]:
    """Columns of the page's first table: when and how firmly each method arrives."""
    longer, firm = on_windows(frame, criterion, LONG * criterion.window), held(frame, criterion)
    evaluations = frame[frame["metric"] == "eval_return"]
    last = evaluations.loc[evaluations.groupby(["method", "seed"])["step"].idxmax()].set_index("method")["value"]
    found = [criterion.methods[name] for name in methods]
    return {
        "seeds": [str(len(method.runs)) for method in found],
        "steps to the criterion": [steps_to_criterion(method) for method in found],
        f"on windows of {LONG * criterion.window}": [steps_to_criterion(longer[name]) for name in methods],
        "holds": [
            f"{_range([round(100 * share) for share in firm[name]])} %" if firm[name] else "–" for name in methods
        ],
        "best": ["–" if method.best is None else f"{method.best:,.0f}" for method in found],
        "last evaluation": [_median_and_range(last[[name]] - criterion.random.mean) for name in methods],
    }


COSTS = ("run until", "updates", "processor min. a seed")


def _cost(method: str, criterion: Criterion, trainings: Sequence[Training]) -> list[str]:
    own = [training for training in trainings if training.method == method]
    ends = [run.last_step for run in criterion.methods[method].runs]
    return [_range(ends), _range([t.updates for t in own]), _range([round(t.cpu_seconds / 60) for t in own])]


def _median_and_range(values: "pd.Series[float]") -> str:
    if len(values) == 1:
        return f"{values.iloc[0]:,.0f}"
    return f"{values.median():,.0f}; {values.min():,.0f} to {values.max():,.0f}"


def _cell(value: Any) -> str:
    return "–" if pd.isna(value) or value == "" else f"`{value}`"


def _range(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(str(__doc__).splitlines()[0])
    try:
        keep(sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "."), Path(__file__).parent / sys.argv[1])
    except UserError as mistake:
        sys.exit(str(mistake))
