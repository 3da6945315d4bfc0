import sys

# GW-Dreamer, from simulators to Table I. `snakemake --cores 8 results/table1.csv`
from gwpipe import layout
from gwpipe.errors import UserError
from gwpipe.settings import config as settings
from gwpipe.settings.stages import stage_settings
from gwpipe.sources import sources
from snakemake.exceptions import WorkflowError


configfile: "config.yaml"


try:
    OVERRIDES = str(config.pop("set", "")).split()
    CONFIG = settings.resolve(config, OVERRIDES)
    # Operations at paper size are counted beside those of the present scale.
    PAPER = settings.load([Path("config.yaml"), Path("workflow/scales/paper.yaml")])
except UserError as mistake:
    raise WorkflowError(str(mistake)) from None

SCALE = CONFIG.scale
# The interpreter that runs Snakemake runs the stages, whatever PATH says.
GWPIPE = f"{sys.executable} -m gwpipe.cli"


def at(pattern):
    """A path pattern of this scale; the other wildcards stay."""
    return pattern.replace("{scale}", SCALE)


def with_manifest(pattern):
    """An artefact as an input: its manifest changes whenever it is made anew."""
    return [at(pattern), at(pattern) + layout.MANIFEST]


def canonical(stage):
    """The params function of a rule: exactly the settings its stage depends on, as one string."""
    return lambda wildcards: stage_settings(stage, CONFIG, PAPER, **wildcards).canonical()


def representation(wildcards):
    return CONFIG.environments[wildcards.env].representation


def agents(env):
    return CONFIG.environments[env].agents


wildcard_constraints:
    env="|".join(settings.ENVIRONMENTS),
    task=r"\w+",
    seed=r"\d+",


include: "workflow/rules/collect.smk"
include: "workflow/rules/vae.smk"
include: "workflow/rules/latents.smk"
include: "workflow/rules/workspace.smk"
include: "workflow/rules/agents.smk"
include: "workflow/rules/flops.smk"
include: "workflow/rules/table1.smk"


rule all:
    default_target: True
    input:
        layout.TABLE1,
