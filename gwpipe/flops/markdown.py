"""`results/table1.md`: Table I as a person would want to read it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gwpipe.flops import paper
from gwpipe.settings.environments import FULL_EPISODE

Row = Mapping[str, Any]

NAMES = {
    "gw_dreamer": "GW-Dreamer",
    "dreamer_2m": "Dreamer 2M",
    "dreamer_12m": "Dreamer 12M",
    "dreamer_40m": "Dreamer 40M",
    "dreamer_100m": "Dreamer 100M",
    "vae_dreamer": "VAE-Dreamer",
    "clip_dreamer": "CLIP-Dreamer",
    "vae": "VAE",
    "gw": "GW",
    "rl_1_task": "RL 1 task",
    "rl_6_tasks": "RL 6 tasks",
    "rl_4_extra_tasks": "RL 4 extra tasks",
    "simple_shapes": "Simple Shapes",
    "robodesk": "RoboDesk",
}

STATUSES = {"not_run": "not run", "na": "N/A"}

LEGEND = """\
- ✓ the criterion was reached: counted until then, by the median seed. Otherwise the whole budget is counted: of an
  agent that did not reach the criterion (or there is none), of VAE and workspace because none applies to them.
- N/A: the model has no such part, or the environment has one task only. not run: not trained at this scale.
- Training counts multiplications and additions, forward and backward. Encoding observations by the frozen VAEs and
  workspace is not in the first table, as in the paper; for agents it is the last column of the second.
- RL 6 tasks and RL 4 extra tasks are sums over `task_sets`; a task that did not reach its criterion counts whole.
- The VAEs are trained once and shared by the three models that use them."""

PAPER_LEGEND = """\
- FLOPs per update are counted on the model of the paper's size. At paper scale = that × the paper's updates.
- *inverted*: some part of the updates was read back from the printed table itself, so that the ratio checks
  consistency and confirms nothing. table, text: the updates follow without it.
- Updates implied = printed cell / FLOPs per update. X is the paper's own mark: not tested."""


def table1_markdown(rows: Sequence[Row]) -> str:
    """Both tables, this run's and the paper's, from the rows of `table1.table1_rows` of all environments."""
    scale = rows[0]["scale"]
    parts = ["# Table I: training FLOPs", f"Scale of this run: **{scale}**."]
    for env in dict.fromkeys(row["env"] for row in rows):
        parts += _run(env, [row for row in rows if row["env"] == env])
    parts += ["", LEGEND]
    printed = [row for row in rows if row["env"] == paper.TABLE1_ENVIRONMENT]
    if printed:
        parts += [*_paper(printed), "", PAPER_LEGEND]
    return "\n".join(parts) + "\n"


def flops(value: float | None) -> str:
    """`1.055e18`: four digits, as the paper prints them; an absent number is a dash."""
    return "–" if value is None else f"{value:.3e}".replace("e+", "e")


def integer(value: int | None) -> str:
    """`500,000`; an absent number is a dash."""
    return "–" if value is None else f"{value:,}"


def _run(env: str, rows: Sequence[Row]) -> list[str]:
    decisions = rows[0]["episode_decisions"]
    length = f"Task {rows[0]['task']}, episodes of {decisions} decisions"
    if decisions != FULL_EPISODE[env]:
        length += f" (**shortened**: {FULL_EPISODE[env]} as published)"
    table = _table(["model", *(NAMES[c] for c in paper.COMPONENTS)], _by_model(rows, _cell))
    header = [
        "agent",
        "part",
        "status",
        "seeds",
        "environment steps",
        "to criterion",
        "updates",
        "FLOPs per update",
        "encoding",
    ]
    agents_rows = [row for row in rows if row["component"] not in ("vae", "gw") and row["status"] != "na"]
    agents = _table(header, [_agent(row) for row in agents_rows if row["updates"] is not None])
    notes = _notes(agents_rows, "note")
    return ["", f"## {NAMES[env]}: this run", f"{length}.", "", *table, "", *agents, *notes]


def _cell(row: Row) -> str:
    mark = " ✓" if row["status"] == "reached" else ""
    return STATUSES.get(row["status"]) or flops(row["flops"]) + mark


def _agent(row: Row) -> list[str]:
    return [
        NAMES[row["model"]],
        NAMES[row["component"]],
        row["status"],
        row["seeds"],
        integer(row["env_steps"]),
        row["criterion_steps"] or "–",
        integer(row["updates"]),
        flops(row["run_flops_per_update"]),
        flops(row["encode_flops"]),
    ]


def _paper(rows: Sequence[Row]) -> list[str]:
    header = ["model", "part", "printed", "FLOPs per update", "updates", "at paper scale", "ratio", "updates implied"]
    printed = [row for row in rows if row["paper_cell"] not in ("N/A", "")]
    table = _table(header, [_printed(row) for row in printed])
    return ["", "## RoboDesk: the paper's scale", "", *table, *_notes(printed, "paper_note")]


def _printed(row: Row) -> list[str]:
    source = row["paper_updates_source"]
    ratio = "–" if row["ratio_to_paper"] is None else f"{row['ratio_to_paper']:.3g}"
    return [
        NAMES[row["model"]],
        NAMES[row["component"]],
        row["paper_cell"],
        flops(row["flops_per_update"]),
        integer(row["paper_updates"]) + (f" ({source})" if source else ""),
        flops(row["paper_scale_flops"]),
        ratio + (" (consistency check)" if source == "inverted" else ""),
        integer(row["implied_updates"]),
    ]


def _notes(rows: Iterable[Row], key: str) -> list[str]:
    said: dict[str, list[str]] = {}
    for row in rows:
        if row[key]:
            said.setdefault(row[key], []).append(f"{NAMES[row['model']]}, {NAMES[row['component']]}")
    return ["", *(f"- {'; '.join(where)}: {note}." for note, where in said.items())] if said else []


def _by_model(rows: Sequence[Row], cell: Callable[[Row], str]) -> list[list[str]]:
    found = {(row["model"], row["component"]): cell(row) for row in rows}
    models = dict.fromkeys(row["model"] for row in rows)
    return [[NAMES[model], *(found[model, component] for component in paper.COMPONENTS)] for model in models]


def _table(header: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *body]
    return ["| " + " | ".join(line) + " |" for line in lines]
