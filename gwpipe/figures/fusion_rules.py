"""The study of fusion rules: error of each rule on clean and failing inputs, over that of equal weights."""

import pandas as pd
from matplotlib.figure import Figure


def draw_fusion_rules(frame: pd.DataFrame) -> Figure:
    """Bars of `gwpipe.studies.fusion_rules`, grouped by input: means, whiskers from the best to the worst seed."""
    frame = frame.assign(input=[_input(kind, s) for kind, s in zip(frame["corruption"], frame["strength"])])
    inputs, rules = list(dict.fromkeys(frame["input"])), list(dict.fromkeys(frame["rule"]))
    figure = Figure(figsize=(1.2 + 1.5 * len(inputs), 3.6), layout="constrained")
    axes = figure.subplots()
    width = 0.85 / len(rules)
    for number, rule in enumerate(rules):
        of_rule = frame[frame["rule"] == rule].groupby("input", sort=False)["error"]
        middle, low, high = (of_rule.agg(how).reindex(inputs).astype(float) for how in ("mean", "min", "max"))
        places = [place + (number - (len(rules) - 1) / 2) * width for place in range(len(inputs))]
        whiskers = [middle - low, high - middle]
        axes.bar(places, middle, width, yerr=whiskers, label=rule, color=f"C{number}", error_kw={"lw": 0.8})
    axes.set_xticks(range(len(inputs)), inputs)
    axes.set(yscale="log", ylabel="mean squared error of all latents")
    axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    first = frame.iloc[0]
    axes.set_title(
        f"Rules of fusion, {first['env']}, scale {first['scale']}, representation seed {first['seed']}; "
        "means; whiskers: range over seeds",
        fontsize=8,
    )
    return figure


def _input(corruption: str, strength: float) -> str:
    return corruption if not strength else f"{corruption}\n{strength:g} sd"
