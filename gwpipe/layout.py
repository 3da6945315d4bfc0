"""Where artefacts lie: the one place that knows, for the Snakefile and the command line alike.

Everything made at a scale lies under `results/{scale}/{env}`; only final tables and figures have scale-free names.
Each pattern is a format string; `{scale}`, `{env}` and the rest are Snakemake's wildcards.
"""

import re
from pathlib import Path

HOME = "results/{scale}/{env}"
DATA = HOME + "/data/{task}/{policy}.zarr"
VAE = HOME + "/vae/{domain}/weights.safetensors"
LATENTS = HOME + "/latents/{task}/{policy}/{domain}.zarr"
WORKSPACE = HOME + "/workspace/{kind}/weights.safetensors"
RANDOM = HOME + "/agents/{task}/random/returns.json"
AGENT = HOME + "/agents/{task}/{method}/seed{seed}/weights.safetensors"
CURVE = HOME + "/agents/{task}/{method}/seed{seed}/curve.csv"
CRITERION = HOME + "/criterion/{task}.json"
FLOPS = HOME + "/flops/{task}.json"
SELECTION = HOME + "/selection/{rule}/seed{seed}/weights.safetensors"
READER = "results/{scale}/simple_shapes/reader/weights.safetensors"

TABLE1 = "results/table1.csv"
TABLE1_MARKDOWN = "results/table1.md"
CLAIMS = "results/claims_flops.csv"
PARAMETERS = "results/tables/parameters.csv"
WORKSPACE_QUALITY = "results/tables/workspace_quality.csv"
WORKSPACE_QUALITY_MARKDOWN = "results/tables/workspace_quality.md"
FIGURE2 = "results/figures/figure2.png"
FIGURE2_PDF = "results/figures/figure2.pdf"
FIGURE2_NUMBERS = "results/figures/figure2.csv"
FUSION_RULES = "results/studies/fusion_rules.csv"
FUSION_RULES_FIGURE = "results/studies/fusion_rules.png"
FUSION_RULES_PDF = "results/studies/fusion_rules.pdf"

MANIFEST = ".manifest.json"

_MADE_BY = {
    "collect": DATA,
    "train_vae": VAE,
    "cache_latents": LATENTS,
    "train_workspace": WORKSPACE,
    "train_agent": AGENT,
    "train_selection": SELECTION,
    "train_reader": READER,
}
"""Stage → what it makes; of those that other stages read with words about how to make it again."""


class Place:
    """Where a run reads and writes: a root folder (the one that holds `results/`) and a scale."""

    def __init__(self, root: Path, scale: str) -> None:
        self.root, self.scale = root, scale

    def path(self, pattern: str, **wildcards: str | int) -> Path:
        """The path that `pattern` names at this scale."""
        return self.root / pattern.format(scale=self.scale, **wildcards)


def command(stage: str, artefact: Path) -> str:
    """`gwpipe STAGE --env … …`: what makes `artefact` anew, for messages about it.

    The words that choose the run are read off the path, wherever `{env}/…` lies; a path that is none of the pipeline's
    gives the stage alone.
    """
    pattern = re.escape(_MADE_BY[stage].removeprefix("results/{scale}/"))
    found = re.search("(?:^|/)" + re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", pattern) + "$", artefact.as_posix())
    words = [f"--{name} {value}" for name, value in found.groupdict().items()] if found else []
    return " ".join(["gwpipe", stage, *words])


def scratch(artefact: Path, identity: str) -> Path:
    """The folder for checkpoints of the run `identity` that makes `artefact`.

    It is no declared output, so Snakemake keeps it when it starts a killed job again; each identity (settings, inputs,
    code) has its own, so changed settings never meet a checkpoint of other ones.
    """
    return artefact.parent / f".{artefact.name}.scratch" / identity[:16]
