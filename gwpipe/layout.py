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
ABLATION = HOME + "/ablation/{task}.csv"
NOISE = HOME + "/noise/{task}.csv"
TRANSFER = HOME + "/transfer/{task}.csv"
OPEN_LOOP = HOME + "/open_loop/{task}.csv"
EXPERT = HOME + "/experts/{task}.json"
FLOPS = HOME + "/flops/{task}.json"
SELECTION = HOME + "/selection/{rule}/seed{seed}/weights.safetensors"
READER = "results/{scale}/simple_shapes/reader/weights.safetensors"

TRAINING_PICTURES = "logs/{scale}/train_workspace/{env}_{kind}"
"""Folder of pictures that a look at a training leaves; no artefact."""

TABLE1 = "results/table1.csv"
TABLE1_MARKDOWN = "results/table1.md"
TABLE1_PAGE = "results/table1.html"
CLAIMS = "results/claims_flops.csv"
PARAMETERS = "results/tables/parameters.csv"
WORKSPACE_QUALITY = "results/tables/workspace_quality.csv"
WORKSPACE_QUALITY_MARKDOWN = "results/tables/workspace_quality.md"
WORKSPACE_QUALITY_PAGE = "results/tables/workspace_quality.html"
DESK_QUALITY = "results/tables/desk_quality.csv"
DESK_QUALITY_MARKDOWN = "results/tables/desk_quality.md"
DESK_TRANSLATIONS = "results/figures/desk_translations.png"
EXPERTS = "results/tables/experts.csv"
EXPERTS_MARKDOWN = "results/tables/experts.md"
FIGURE2 = "results/figures/figure2.png"
FIGURE2_PDF = "results/figures/figure2.pdf"
FIGURE2_NUMBERS = "results/figures/figure2.csv"
FIGURE4 = "results/figures/figure4.png"
FIGURE4_PDF = "results/figures/figure4.pdf"
FIGURE5 = "results/figures/figure5.png"
FIGURE5_PDF = "results/figures/figure5.pdf"
FIGURE5_NUMBERS = "results/figures/figure5.csv"
FIGURE6 = "results/figures/figure6.png"
FIGURE6_PDF = "results/figures/figure6.pdf"
FIGURE6_NUMBERS = "results/figures/figure6.csv"
FIGURE7 = "results/figures/figure7.png"
FIGURE7_PDF = "results/figures/figure7.pdf"
FIGURE7_NUMBERS = "results/figures/figure7.csv"
FIGURE8 = "results/figures/figure8.png"
FIGURE8_PDF = "results/figures/figure8.pdf"
FIGURE8_NUMBERS = "results/figures/figure8.csv"
NOISE_FIGURE = "results/figures/noise.png"
NOISE_PDF = "results/figures/noise.pdf"
NOISE_NUMBERS = "results/figures/noise.csv"
TRANSFER_FIGURE = "results/figures/transfer.png"
TRANSFER_PDF = "results/figures/transfer.pdf"
TRANSFER_NUMBERS = "results/figures/transfer.csv"
FUSION_RULES = "results/studies/fusion_rules.csv"
FUSION_RULES_FIGURE = "results/studies/fusion_rules.png"
FUSION_RULES_PDF = "results/studies/fusion_rules.pdf"
STUDY = "results/studies/{study}.csv"
STUDY_FIGURE = "results/studies/{study}.png"
STUDY_PDF = "results/studies/{study}.pdf"
OUT_OF_DISTRIBUTION = "results/studies/out_of_distribution.csv"
OUT_OF_DISTRIBUTION_FIGURE = "results/studies/out_of_distribution.png"
OUT_OF_DISTRIBUTION_PDF = "results/studies/out_of_distribution.pdf"

RECORD = "docs/results/{record}"
"""Tables of a finished run that were kept with the project."""
RECORD_INDEX = RECORD + "/record.json"
"""What they are of."""
REDRAWN = "results/recorded/{record}/{figure}.png"
REDRAWN_PDF = "results/recorded/{record}/{figure}.pdf"
REDRAWN_NUMBERS = "results/recorded/{record}/{figure}.csv"

MANIFEST = ".manifest.json"

REFERENCE = Path(__file__).resolve().parent / "reference_weights"
"""Weights that come with the package: `{env}/vae/{domain}.safetensors`, `{env}/workspace/{kind}.safetensors`."""

MADE_BY: dict[str, tuple[str, ...]] = {
    "collect": (DATA,),
    "train_vae": (VAE,),
    "cache_latents": (LATENTS,),
    "train_workspace": (WORKSPACE,),
    "random_policy": (RANDOM,),
    "measure_expert": (EXPERT,),
    "train_agent": (AGENT, CURVE),
    "criterion": (CRITERION,),
    "ablate": (ABLATION,),
    "noise": (NOISE,),
    "transfer": (TRANSFER,),
    "open_loop": (OPEN_LOOP,),
    "count_flops": (FLOPS,),
    "train_selection": (SELECTION,),
    "train_reader": (READER,),
}
"""Stage → what one of its runs makes under `results/{scale}`."""


RESULTS, LOGS = "results", "logs"


class Place:
    """Where a run reads and writes: a root folder (the one that holds `results/`) and a scale."""

    def __init__(self, root: Path, scale: str) -> None:
        self.root, self.scale = root, scale

    def path(self, pattern: str, **wildcards: str | int) -> Path:
        """The path that `pattern` names at this scale."""
        return self.root / pattern.format(scale=self.scale, **wildcards)


def run_of(artefact: Path) -> tuple[str, dict[str, str]] | None:
    """The stage that makes `artefact` (or a manifest) and the wildcards that choose its run; None for another path.

    Only the end of the path counts, from `{env}/` on, and no name in it need exist.
    """
    path = artefact.as_posix().removesuffix(MANIFEST)
    for stage, patterns in MADE_BY.items():
        for pattern in patterns:
            literal = re.escape(pattern.removeprefix("results/{scale}/"))
            found = re.search("(?:^|/)" + re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", literal) + "$", path)
            if found:
                return stage, found.groupdict()
    return None


def name(artefact: Path) -> str:
    """What an artefact is called in manifests: its path from `results` on, the same in every checkout.

    A path without that folder keeps its name as it is.
    """
    parts = artefact.parts
    if RESULTS not in parts:
        return str(artefact)
    return "/".join(parts[len(parts) - 1 - parts[::-1].index(RESULTS) :])


def log(scale: str, stage: str, *values: str | int) -> str:
    """The log of the run of `stage` that its wildcards' values choose; status and metrics lie beside it."""
    return f"{LOGS}/{scale}/{stage}/{'_'.join(map(str, values)) or stage}.log"


def command(stage: str, artefact: Path) -> str:
    """`gwpipe STAGE --env … …`: what makes `artefact` anew, for messages; the stage alone for a path of one's own.

    A scale other than the default one is told by the file that it has its name from.
    """
    found, wildcards = run_of(artefact) or ("", {})
    words = [f"--{name} {value}" for name, value in wildcards.items()] if found == stage else []
    if found == stage and RESULTS in artefact.parts:
        *above, _, scale = artefact.parts[: len(artefact.parts) - artefact.parts[::-1].index(RESULTS) + 1]
        words += [f"--configfile workflow/scales/{scale}.yaml"] if scale != "default" else []
        words += _root(Path(*above))
    return " ".join(["gwpipe", stage, *words])


def by_hand(stage: str, place: Place, settings: Path) -> str:
    """The command that runs a stage again with the settings of a status file."""
    return " ".join(["gwpipe", stage, "--scale", place.scale, "--settings", f"@{settings}", *_root(place.root)])


def _root(root: Path) -> list[str]:
    """The words that tell a command where `results/` lies; none where it is here."""
    return [] if root == Path() else [f"--root {root}"]


def scratch(artefact: Path, identity: str) -> Path:
    """The folder for checkpoints of the run `identity` that makes `artefact`.

    It is no declared output, so Snakemake keeps it when it starts a killed job again; each identity (settings, inputs,
    code) has its own, so changed settings never meet a checkpoint of other ones.
    """
    return artefact.parent / f".{artefact.name}.scratch" / identity[:16]
