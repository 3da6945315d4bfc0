"""Draws `simple_shapes_curve.png` from the committed curves: `python docs/results/plot_curve.py`."""

import json
from pathlib import Path

import matplotlib
import pandas as pd

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent
COLOURS = {"gw_dreamer": "tab:red", "vae_dreamer": "tab:blue", "clip_dreamer": "tab:green"}


def main() -> None:
    """Return above random against environment steps, trailing window of the criterion, one line a seed."""
    criterion = json.loads((HERE / "simple_shapes_criterion.json").read_text())
    curves = pd.read_csv(HERE / "simple_shapes_curves.csv").query("metric == 'train_return'")
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for (method, seed), run in curves.groupby(["method", "seed"]):
        above = (run["value"] - criterion["random"]["mean"]).rolling(criterion["window"]).mean()
        axes.plot(run["step"], above, color=COLOURS[method], lw=1.4, label=method if seed == 0 else None)
    axes.axhline(0, color="0.6", lw=0.8)
    if criterion["threshold"] is not None:
        axes.axhline(
            criterion["threshold"], color="0.3", ls="--", lw=1, label=f"criterion {criterion['threshold']:.0f}"
        )
    axes.set(xlabel="environment steps", ylabel="return above random", title="Simple Shapes, default scale")
    axes.legend(frameon=False)
    axes.set_xlim(left=0)
    axes.annotate(
        f"trailing mean of {criterion['window']} episodes; one line a seed", (1, 0.02), xycoords="axes fraction",
        ha="right", fontsize=8, color="0.4",
    )  # fmt: skip
    figure.savefig(HERE / "simple_shapes_curve.png", dpi=130)


if __name__ == "__main__":
    main()
