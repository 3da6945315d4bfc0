"""table1: Table I of the paper, its sentences about efficiency, and the parameter counts; and a page of all three."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gwpipe import layout
from gwpipe.artefact import Record, read_manifest, staging, verify
from gwpipe.evaluation.criterion import Criterion
from gwpipe.flops import claims, paper
from gwpipe.flops.costs import Counts
from gwpipe.flops.markdown import table1_markdown
from gwpipe.flops.parameter_rows import COLUMNS as PARAMETER_COLUMNS
from gwpipe.flops.parameter_rows import parameter_rows
from gwpipe.flops.runs import AgentRun, Study, TaskRuns
from gwpipe.flops.table1 import COLUMNS, table1_rows, write_rows
from gwpipe.machine import Machine
from gwpipe.settings.table1_stages import StudyOfTable1, Table1Stage
from gwpipe.view.page import markdown_table, write_page


def run(settings: Table1Stage, place: layout.Place, machine: Machine) -> None:
    """Write the tables, each with its manifest."""
    rows: list[dict[str, Any]] = []
    flops = {env: place.path(layout.FLOPS, env=env, task=task) for env, task in settings.counted.items()}
    for path in flops.values():
        verify(path)
    counts: dict[str, Counts] = {env: Counts.model_validate_json(path.read_text()) for env, path in flops.items()}
    inputs = [*flops.values()]
    for study in settings.studies:
        criterion = place.path(layout.CRITERION, env=study.env, task=study.task)
        trained, read = what_was_trained(study, place)
        found = Criterion.read(criterion)
        of_tasks = {
            task: place.path(layout.CRITERION, env=study.env, task=task)
            for tasks in study.several.values()
            for task in tasks
        }
        found_of = {task: Criterion.read(path) for task, path in of_tasks.items()}
        rows += table1_rows(settings.scale, trained, counts[study.env], found, found_of)
        inputs += dict.fromkeys([criterion, *of_tasks.values(), *read])
    record = Record("table1", place.scale, settings.model_dump(mode="json"), inputs)
    outputs = {name: place.path(pattern) for name, pattern in OUTPUTS.items()}
    claimed = claims.claim_rows(counts[paper.TABLE1_ENVIRONMENT])
    with staging(outputs["claims"]) as partial:
        write_rows(partial, claims.COLUMNS, claimed)
    counted = parameter_rows((env, count.parameters) for env, count in counts.items())
    with staging(outputs["parameters"]) as partial:
        write_rows(partial, PARAMETER_COLUMNS, counted)
    with staging(outputs["markdown"]) as partial:
        partial.write_text(table1_markdown(rows))
    with staging(outputs["table"]) as partial:
        write_rows(partial, COLUMNS, rows)
    for path in outputs.values():
        record.write(path)
    page = place.path(layout.TABLE1_PAGE)
    parts = [table1_markdown(rows), "# The paper's sentences about efficiency\n", markdown_table(claimed, CLAIMS_SHOWN)]
    parts += ["# Parameters\n", markdown_table(counted, PARAMETER_COLUMNS)]
    write_page(page, f"Table I, scale {settings.scale}", "\n".join(parts), outputs["table"])
    record.write(page)


CLAIMS_SHOWN = (
    "section", "sentence", "paper_figure", "from_printed_cells", "verdict_printed_cells", "from_ours", "verdict_ours",
    "comment",
)  # fmt: skip

OUTPUTS = {
    "claims": layout.CLAIMS,
    "parameters": layout.PARAMETERS,
    "markdown": layout.TABLE1_MARKDOWN,
    "table": layout.TABLE1,
}


def what_was_trained(study: StudyOfTable1, place: layout.Place) -> tuple[Study, list[Path]]:
    """Updates, steps and encoded observations of everything trained for a study, and the artefacts they are told by."""
    env, read = study.env, []

    def results(path: Path) -> dict[str, Any]:
        read.append(path)
        return read_manifest(path)["results"]

    def trained_on(task: str, runs: Mapping[str, Sequence[int]]) -> dict[str, list[AgentRun]]:
        return {
            method: [
                AgentRun(seed=seed, **{name: told[name] for name in ("updates", "env_steps", "encoded_observations")})
                for seed in seeds
                for told in [results(place.path(layout.AGENT, env=env, task=task, method=method, seed=seed))]
            ]
            for method, seeds in runs.items()
        }

    vaes = {domain: results(place.path(layout.VAE, env=env, domain=domain)) for domain in study.domains}
    workspaces = {kind: results(place.path(layout.WORKSPACE, env=env, kind=kind)) for kind in study.workspaces}
    # Every domain's cache has one row an observation.
    latents = [
        results(place.path(layout.LATENTS, env=env, domain=domain, **name.model_dump()))
        for name in study.data
        for domain in study.domains
    ]
    trained = Study(
        env=env,
        task=study.task,
        episode_decisions=study.episode_decisions,
        representation_seed=study.representation_seed,
        vae_updates={domain: told["updates"] for domain, told in vaes.items()},
        workspace_updates={kind: told["updates"] for kind, told in workspaces.items()},
        cached_observations=sum(told["rows"] for told in latents) // len(study.domains),
        schedules=dict(study.schedules),
        resized=list(study.resized),
        runs=trained_on(study.task, study.runs),
        several={
            column: [TaskRuns(task=task, runs=trained_on(task, study.several_runs)) for task in tasks]
            for column, tasks in study.several.items()
        },
    )
    return trained, read
