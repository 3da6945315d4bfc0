"""Gathers the finished default run into this folder: `python docs/results/gather.py [folder that holds results/]`.

Copies the tables, joins the curves, draws the curve of Simple Shapes, and writes `summary.md` from the manifests: what
was measured, by which code, on which machine.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from gwpipe.artefact import manifest_path as artefact_manifest
from gwpipe.settings.environments import FULL_EPISODE

HERE = Path(__file__).parent
COLOURS = {"gw_dreamer": "tab:red", "vae_dreamer": "tab:blue", "clip_dreamer": "tab:green"}
TABLES = ("table1.csv", "table1.md", "claims_flops.csv", "tables/parameters.csv")


def gather(results: Path) -> None:
    """Everything that this folder shows of `results`."""
    for name in TABLES:
        shutil.copy(results / name, HERE / Path(name).name)
    lines = ["# The default run, from its manifests", ""]
    for env, title in (("simple_shapes", "Simple Shapes"), ("robodesk", "RoboDesk")):
        home = results / "default" / env
        decisions = json.loads(artefact_manifest(next(home.glob("agents/*/random/returns.json"))).read_text())[
            "settings"
        ]["environment"]["episode_decisions"]
        title += f", episodes of {decisions} decisions"
        if decisions != FULL_EPISODE[env]:
            title += f" ({FULL_EPISODE[env]} as published)"
        (found,) = (path for path in home.glob("criterion/*.json") if not path.name.endswith(".manifest.json"))
        criterion = json.loads(found.read_text())
        curves = pd.concat([pd.read_csv(path) for path in sorted(home.rglob("curve.csv"))], ignore_index=True)
        curves.to_csv(HERE / f"{env}_curves.csv", index=False)
        (HERE / f"{env}_criterion.json").write_text(json.dumps(criterion, indent=1) + "\n")
        draw(title, curves, criterion, HERE / f"{env}_curve.png")
        lines += summary(title, curves, criterion, manifests(home))
    (HERE / "summary.md").write_text("\n".join(lines))


def manifests(home: Path) -> list[dict[str, Any]]:
    """All manifests below `home`."""
    return [json.loads(path.read_text()) for path in sorted(home.rglob("*.manifest.json"))]


def smoothed(run: pd.DataFrame, criterion: dict[str, Any]) -> pd.Series:
    """Return above random, trailing mean over the criterion's window."""
    return (run["value"] - criterion["random"]["mean"]).rolling(criterion["window"]).mean()


def summary(title: str, curves: pd.DataFrame, criterion: dict[str, Any], made: list[dict[str, Any]]) -> list[str]:
    """Markdown lines: returns by method and seed, then what took how long."""
    random = criterion["random"]
    threshold = "none" if criterion["threshold"] is None else f"{criterion['threshold']:.0f} above random"
    lines = [
        f"## {title}",
        "",
        f"Random policy: {random['mean']:.1f} ± {random['se']:.1f} (SE, {random['episodes']} episodes). "
        f"Criterion: {threshold}{'' if criterion['exists'] else ' (' + criterion['reason'] + ')'}.",
        "",
        "| method | seed | environment steps | best smoothed | smoothed at the end | steps to criterion |",
        "|---|---|---|---|---|---|",
    ]
    trained = curves[curves["metric"] == "train_return"]
    for (method, seed), run in trained.groupby(["method", "seed"]):
        above = smoothed(run, criterion)
        told = next(r for r in criterion["methods"][method]["runs"] if r["seed"] == seed)
        steps = told["steps"] or (f">{told['last_step']}" if criterion["exists"] else "–")
        lines.append(
            f"| {method} | {seed} | {run['step'].max()} | {above.max():.0f} | {above.iloc[-1]:.0f} | {steps} |"
        )
    for method, runs in criterion["methods"].items():
        lines.append(f"| {method} | median | | {runs['best']:.0f} | | {steps_of(runs, criterion)} |")
    lines += ["", "| stage | what | seconds | code | machine |", "|---|---|---|---|---|"]
    for manifest in made:
        if manifest["artefact"].endswith(".csv"):
            continue
        settings = manifest["settings"]
        names = ("domain", "kind", "method")
        what = " ".join(str(settings[name]) for name in names if name in settings)
        what += f" seed {manifest['seed']}" if manifest["stage"] == "train_agent" else ""
        what += settings.get("source", {}).get("policy", "")
        lines.append(
            f"| {manifest['stage']} | {what} | {manifest['wall_seconds']:.0f} | {manifest['code_version']} | "
            f"{manifest['machine']} |"
        )
    return [*lines, ""]


def steps_of(runs: dict[str, Any], criterion: dict[str, Any]) -> str:
    """Median steps to the criterion, censored ones as `>N`."""
    if not criterion["exists"]:
        return "–"
    return str(runs["steps"]) if runs["steps"] is not None else f">{runs['beyond']}"


def draw(title: str, curves: pd.DataFrame, criterion: dict[str, Any], target: Path) -> None:
    """Return above random against environment steps, one line a seed."""
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    shown: set[str] = set()
    for (method, _), run in curves[curves["metric"] == "train_return"].groupby(["method", "seed"]):
        label = None if method in shown else method
        axes.plot(run["step"], smoothed(run, criterion), color=COLOURS[method], lw=1.4, label=label)
        shown.add(method)
    axes.axhline(0, color="0.6", lw=0.8)
    if (threshold := criterion["threshold"]) is not None:
        axes.axhline(threshold, color="0.3", ls="--", lw=1, label=f"criterion {threshold:.0f}")
    note = f"default scale; trailing mean of {criterion['window']} episodes, one line a seed"
    axes.set(xlabel="environment steps", ylabel="return above random")
    axes.set_title(f"{title}\n{note}", fontsize=10)
    axes.legend(frameon=False)
    axes.set_xlim(left=0)
    figure.savefig(target, dpi=130)
    plt.close(figure)


if __name__ == "__main__":
    gather(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "results")
