"""`workspace_quality.csv`, column by column, and `workspace_quality.md`: the same as a person would want to read it."""

import pandas as pd

from gwpipe.studies.tidy import WHOSE, Column

COLUMNS = {
    "env": WHOSE["env"],
    "kind": Column(
        "string",
        "gw or clip: a workspace; vae: a VAE's own reconstructions; constant: the constant predictor; reader: the "
        "reader on true renderings",
    ),
    "route": Column("string", "source domains->target domain"),
    "read_by": Column("string", "reader: from the decoded picture's pixels; direct: from the decoded vector"),
    "quantity": Column(
        "string", "class, position (Euclidean), rotation, size, colour (mean of the channels) or retrieval"
    ),
    "statistic": Column("string", "over the rows: accuracy, mean, median, p90 or top1"),
    "unit": Column("string", "of value, sem, the bounds, reader_error and goal"),
    "value": Column("Float64", "what was measured"),
    "sem": Column("Float64", "standard error over the sets of candidates"),
    "bound_vae": Column(
        "Float64", "the same of a VAE's own reconstructions: of the picture's wherever it is source or target"
    ),
    "bound_constant": Column("Float64", "the same of the constant predictor; of a retrieval, chance"),
    "reader_error": Column("Float64", "the same of the reader on true renderings, where it read"),
    "ratio": Column("Float64", "error over the error of bound_vae; of an accuracy, what is missing to 100 %"),
    "goal": Column("Float64", "at least this accuracy or top1, less than this error"),
    "goal_met": Column("boolean", "is value so?"),
    "goal_ratio": Column("Float64", "the largest ratio that is good enough"),
    "ratio_met": Column("boolean", "is ratio so?"),
    "candidates": Column("Int64", "of one retrieval"),
    "rows": Column("Int64", "shapes measured on, none of them in the training data"),
    "scale": WHOSE["scale"],
    "seed": WHOSE["seed"],
}
"""Columns of `workspace_quality.csv`."""

NAMES = {"gw": "Global Workspace (gw)", "clip": "CLIP-like model (clip)", "vae": "The VAEs, without a workspace"}

LEGEND = """\
- Each cell is an error (of `class`, the share found). *own reconstructions*: what a VAE alone loses, the visual one's
  wherever the picture is source or target. *constant*: always the mean attributes and the commonest class. *reader*:
  the reader's error on true renderings; where it is empty, attributes were read directly from the decoded vector.
- *goal*: the absolute one, then at most 1.5 × the error of the own reconstructions (of an accuracy, 1.5 × what is
  missing to 100 %). ✓ met, ✗ missed.
- Attributes of pictures are read from their pixels by a network that was trained on true renderings only.
- `clip` has no loss that trains its decoders: its routes show what decoders of random weights do."""


def quality_markdown(frame: pd.DataFrame) -> str:
    """The document for a table of `quality_table.quality_frame`."""
    head = frame.iloc[0]
    measured = frame[frame["quantity"] != "retrieval"]
    parts = [
        "# What the workspace translates, and what it retrieves",
        "",
        f"Simple Shapes, scale **{head['scale']}**, seed {head['seed']} of the representation; "
        f"{int(measured['rows'].max()):,} shapes that were not trained on.",
    ]
    for kind in NAMES:
        of_kind = measured[measured["kind"] == kind]
        if of_kind.empty:
            continue
        parts += ["", f"## {NAMES[kind]}"]
        for route, rows in of_kind.groupby("route", sort=False):
            parts += ["", f"### {route}", "", *_route_table(rows)]
    retrieval = frame[frame["quantity"] == "retrieval"]
    parts += ["", "## Retrieval", "", *_retrieval_table(retrieval)]
    return "\n".join([*parts, "", LEGEND]) + "\n"


def _route_table(rows: pd.DataFrame) -> list[str]:
    header = ["quantity", "value", "own reconstructions", "ratio", "constant", "reader", "goal"]
    body = [
        [
            f"{row['quantity']}, {row['statistic']} ({row['unit']})",
            number(row["value"]),
            number(row["bound_vae"]),
            number(row["ratio"]),
            number(row["bound_constant"]),
            number(row["reader_error"]),
            _goal(row),
        ]
        for _, row in rows.iterrows()
    ]
    return table(header, body)


def _retrieval_table(rows: pd.DataFrame) -> list[str]:
    header = ["model", "query -> answer", "candidates", "top-1 (%)", "SEM", "chance", "goal"]
    body = [
        [
            row["kind"],
            row["route"],
            f"{row['candidates']:,}",
            number(row["value"]),
            number(row["sem"]),
            number(row["bound_constant"]),
            _goal(row),
        ]
        for _, row in rows.iterrows()
    ]
    return table(header, body)


def _goal(row: pd.Series) -> str:
    if pd.isna(row["goal"]):
        return ""
    sign = "<" if row["statistic"] not in ("accuracy", "top1") else "≥"
    said = f"{sign} {row['goal']:g} {_mark(row['goal_met'])}"
    if pd.isna(row["goal_ratio"]):
        return said
    return f"{said}, ≤ {row['goal_ratio']:g} × {_mark(row['ratio_met'])}"


def _mark(met: bool) -> str:
    return "✓" if met else "✗"


def number(value: float | None) -> str:
    """Three significant digits or two decimals; an absent number is nothing."""
    if value is None or pd.isna(value):
        return ""
    if value == float("inf"):
        return "∞"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.2f}"


def table(header: list[str], body: list[list[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return ["| " + " | ".join(line) + " |" for line in [header, ["---"] * len(header), *body]]
