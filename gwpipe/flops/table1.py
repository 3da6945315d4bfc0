"""Table I: training FLOPs of each component of each model, in this run and at the paper's scale.

One row per environment × model × component (`COLUMNS`); the paper's models, then what else was run and counted:

- `flops`, `encode_flops`: what this run spent: operations of training, forward and backward, until the criterion where
  it was reached (by the median seed) and else in the whole budget; and of encoding observations by frozen parts.
- `status`: `reached`, `budget` (the whole budget was spent: the criterion was not met, does not exist, or, for VAE and
  workspace, does not apply), `not_run`, `na` (the model has no such part, or the environment has one task only).
- Of several tasks, `flops`, `encode_flops`, `updates` and `env_steps` are sums over them, each until its own criterion;
  `status` is `reached` if all were, and `note` says which were not.
- `updates`, `env_steps`: behind `flops`. `run_flops_per_update` × `updates` = `flops`. Of `vae` rows, `updates` are the
  visual VAE's, and `run_flops_per_update` spreads the FLOPs of all domains over them.
- `flops_per_update`: of the paper-size model. × `paper_updates` = `paper_scale_flops`; / `paper_flops` (the printed
  cell) = `ratio_to_paper`. `implied_updates` = `paper_flops` / `flops_per_update`.
- `paper_updates_source`: `text`, `table`, or `inverted` (see `paper`): a ratio in such a row checks consistency.
- `note` is about this run, `paper_note` about the paper's figures.
"""

import csv
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gwpipe.agents.timing import updates_due
from gwpipe.errors import UserError
from gwpipe.evaluation.criterion import Criterion
from gwpipe.flops import paper
from gwpipe.flops.costs import Costs, Counts
from gwpipe.flops.runs import AgentRun, Study, TaskRuns

COLUMNS = (
    "env", "task", "model", "component", "flops", "encode_flops", "status", "updates", "env_steps", "criterion_steps",
    "flops_per_update", "paper_flops", "paper_cell", "paper_updates", "paper_updates_source", "paper_scale_flops",
    "ratio_to_paper", "implied_updates", "scale", "seeds", "run_flops_per_update", "episode_decisions", "note",
    "paper_note",
)  # fmt: skip

WORKSPACES = {"gw_dreamer": "gw", "clip_dreamer": "clip"}
"""Model → the workspace it acts on; the others have none."""
WITH_VAES = ("gw_dreamer", "vae_dreamer", "clip_dreamer")

Row = dict[str, Any]


@dataclass(frozen=True)
class Spent:
    """What a component cost in this run; empty fields are unknown or do not apply."""

    status: str
    flops: int | None = None
    encode_flops: int | None = None
    updates: int | None = None
    env_steps: int | None = None
    criterion_steps: str = ""
    seeds: str = ""
    note: str = ""


def table1_rows(
    scale: str, study: Study, counts: Counts, criterion: Criterion, of_tasks: Mapping[str, Criterion] | None = None
) -> list[Row]:
    """The rows of one environment, models and components in the paper's order.

    Args:
        scale: name of the scale of `study`.
        criterion: of the study's task; its curves are those of the study's runs.
        of_tasks: task → criterion, of each of the study's several tasks.

    Raises:
        UserError: the inputs belong to different environments or tasks.
    """
    named = {"counts": counts.env, "criterion": criterion.env}
    for what, env in named.items():
        if env != study.env:
            raise UserError(f"table 1: {what} of {env} given for {study.env}; pass those of one environment")
    if criterion.task != study.task:
        raise UserError(f"table 1: criterion of {criterion.task} given for {study.task}; pass the one of that task")
    rows = []
    others = [method for method in study.runs if method in counts.present.rl and method not in paper.MODELS]
    for model in [*paper.MODELS, *others]:
        for component in paper.COMPONENTS:
            spent = _spent(model, component, study, counts.present, criterion, of_tasks or {})
            if model in study.resized and spent.updates is not None:
                spent = replace(spent, note="; ".join(filter(None, [spent.note, "of other widths than its size's"])))
            per_update = None if spent.status == "na" else flops_per_update(model, component, counts.paper)
            rows.append(_row(scale, study, model, component, spent, per_update))
    return rows


def flops_per_update(model: str, component: str, costs: Costs) -> int | None:
    """Operations of one update; None where the model has no such part or it was not counted."""
    if component == "vae":
        return sum(costs.vae.values()) if model in WITH_VAES else None
    if component == "gw":
        return costs.workspace.get(WORKSPACES[model]) if model in WORKSPACES else None
    return costs.rl.get(model)


def _row(scale: str, study: Study, model: str, component: str, spent: Spent, per_update: int | None) -> Row:
    printed = paper.table1() if study.env == paper.TABLE1_ENVIRONMENT else {}
    cell = printed.get((model, component), paper.Cell(""))
    known = paper.training().get((study.env, model, component), paper.Training(None, None, "", ""))
    at_paper = known.updates * per_update if known.updates is not None and per_update is not None else None
    return {
        "env": study.env,
        "task": study.task,
        "model": model,
        "component": component,
        "flops": spent.flops,
        "encode_flops": spent.encode_flops,
        "status": spent.status,
        "updates": spent.updates,
        "env_steps": spent.env_steps,
        "criterion_steps": spent.criterion_steps,
        "flops_per_update": per_update,
        "paper_flops": cell.flops,
        "paper_cell": cell.printed,
        "paper_updates": known.updates,
        "paper_updates_source": known.source,
        "paper_scale_flops": at_paper,
        "ratio_to_paper": at_paper / cell.flops if at_paper is not None and cell.flops is not None else None,
        "implied_updates": round(cell.flops / per_update) if cell.flops is not None and per_update else None,
        "scale": scale,
        "seeds": spent.seeds,
        "run_flops_per_update": _ratio(spent.flops, spent.updates),
        "episode_decisions": study.episode_decisions,
        "note": spent.note,
        "paper_note": known.note,
    }


def _ratio(whole: int | None, parts: int | None) -> int | float | None:
    if whole is None or not parts:
        return None
    return whole / parts if whole % parts else whole // parts


def _spent(
    model: str, component: str, study: Study, costs: Costs, criterion: Criterion, of_tasks: Mapping[str, Criterion]
) -> Spent:
    if component == "vae":
        return _vae(study, costs) if model in WITH_VAES else Spent("na")
    if component == "gw":
        return _workspace(WORKSPACES[model], study, costs) if model in WORKSPACES else Spent("na")
    if component == "rl_1_task":
        return _agent(model, study.runs.get(model, []), study, costs, criterion)
    if study.env == "simple_shapes":
        return Spent("na", note="the environment has one task")
    return _several(model, study.several.get(component, []), study, costs, of_tasks)


def _vae(study: Study, costs: Costs) -> Spent:
    if not study.vae_updates:
        return Spent("not_run")
    trained = "; ".join(f"{domain}: {updates} updates" for domain, updates in study.vae_updates.items())
    return Spent(
        "budget",
        flops=sum(updates * costs.vae[domain] for domain, updates in study.vae_updates.items()),
        updates=study.vae_updates.get("v", max(study.vae_updates.values())),
        seeds=str(study.representation_seed),
        note=f"spent once, shared by all models ({trained})",
    )


def _workspace(kind: str, study: Study, costs: Costs) -> Spent:
    if kind not in study.workspace_updates:
        return Spent("not_run")
    updates = study.workspace_updates[kind]
    encoded = study.cached_observations * costs.encode_vaes
    return Spent(
        "budget", updates * costs.workspace[kind], encoded, updates, seeds=str(study.representation_seed),
        note="encoding is that of the data set by the VAEs, spent once",
    )  # fmt: skip


def _several(
    model: str, tasks: Sequence[TaskRuns], study: Study, costs: Costs, of_tasks: Mapping[str, Criterion]
) -> Spent:
    """The sum over tasks, each until its own criterion."""
    spent = {
        one.task: _agent(model, one.runs[model], study, costs, of_tasks[one.task])
        for one in tasks
        if one.runs.get(model)
    }
    if not spent:
        return Spent("not_run")
    parts = spent.values()
    missed = [task for task, part in spent.items() if part.status != "reached"]
    steps = "; ".join(f"{task} {part.criterion_steps or '–'}" for task, part in spent.items())
    return Spent(
        "budget" if missed else "reached",
        flops=sum(part.flops or 0 for part in parts),
        encode_flops=sum(part.encode_flops or 0 for part in parts),
        updates=sum(part.updates or 0 for part in parts),
        env_steps=sum(part.env_steps or 0 for part in parts),
        criterion_steps=steps,
        seeds=next(iter(parts)).seeds,
        note=f"{len(spent)} tasks; whole budgets of {', '.join(missed)}" if missed else f"{len(spent)} tasks",
    )


def _agent(model: str, runs: Sequence[AgentRun], study: Study, costs: Costs, criterion: Criterion) -> Spent:
    if not runs:
        return Spent("not_run")
    seeds = " ".join(str(run.seed) for run in runs)
    method = criterion.methods.get(model)
    if method is not None and method.steps is not None:
        seed = next(run.seed for run in method.runs if run.steps == method.steps)
        run = next(run for run in runs if run.seed == seed)
        schedule = study.schedules[model]
        later = updates_due(method.steps, run.env_steps, schedule.prefill, schedule.env_steps_per_update)
        encoded = round(run.encoded_observations * method.steps / run.env_steps)
        return _agent_spent("reached", model, costs, run.updates - later, encoded, method.steps, method.legible, seeds)
    updates, encoded, steps = (_median(runs, name) for name in ("updates", "encoded_observations", "env_steps"))
    legible = method.legible if method is not None else ""
    note = "" if criterion.exists else f"no criterion: {criterion.reason}"
    return _agent_spent("budget", model, costs, updates, encoded, steps, legible, seeds, note)


def _agent_spent(
    status: str,
    model: str,
    costs: Costs,
    updates: int,
    encoded: int,
    steps: int,
    legible: str,
    seeds: str,
    note: str = "",
) -> Spent:
    flops, encode_flops = updates * costs.rl[model], encoded * costs.encode.get(model, 0)
    return Spent(status, flops, encode_flops, updates, steps, legible, seeds, note)


def _median(runs: Iterable[AgentRun], name: str) -> int:
    return statistics.median_high(getattr(run, name) for run in runs)


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows as CSV: integers in full, other numbers with six digits, what is absent as an empty field."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows({name: _field(row[name]) for name in columns} for row in rows)


def _field(value: Any) -> Any:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value
