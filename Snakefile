# GW-Dreamer, from simulators to Table I. `snakemake --cores 8 results/table1.csv`
import sys

from gwpipe import layout
from gwpipe.errors import UserError
from gwpipe.settings import config as settings
from gwpipe.settings.record_stages import TABLES
from gwpipe.settings.workspace_studies import STUDIES
from snakemake.exceptions import WorkflowError


configfile: "config.yaml"


# Only with `--software-deployment-method apptainer`; workflow/gwpipe.def builds it.
container: "workflow/gwpipe.sif"


try:
    OVERRIDES = settings.separate(str(config.pop("set", None) or ""))
    CONFIG = settings.resolve(config, OVERRIDES)
    # Operations at paper size are counted beside those of the present scale.
    PAPER = settings.load([Path("config.yaml"), Path("workflow/scales/paper.yaml")])
except UserError as mistake:
    raise WorkflowError(str(mistake)) from None

SCALE = CONFIG.scale
# Stages run beside the interpreter that runs Snakemake, whether its environment is activated or not; but a container
# has its own. The shell outlives a SIGTERM: the stage that gets it too saves its checkpoint first.
shell.prefix(f"[ -d /.singularity.d ] || PATH={Path(sys.executable).parent}:$PATH; trap : TERM; ")


wildcard_constraints:
    env="|".join(settings.ENVIRONMENTS),
    task=r"\w+",
    policy=r"\w+",
    domain=r"\w+",
    kind=r"\w+",
    method=r"\w+(\.\w+)?",
    rule=r"\w+",
    study="|".join(STUDIES),
    record=r"[\w-]+",
    figure="|".join(TABLES),
    seed=r"0|[1-9]\d*",


include: "workflow/rules/wiring.smk"
include: "workflow/rules/caching.smk"
include: "workflow/rules/reporting.smk"


# Snakemake itself looks at targets later, and would tell of a wrong name in tracebacks.
refuse_unknown(sys.argv[1:])


include: "workflow/rules/collect.smk"
include: "workflow/rules/vae.smk"
include: "workflow/rules/experts.smk"
include: "workflow/rules/latents.smk"
include: "workflow/rules/workspace.smk"
include: "workflow/rules/representation_studies.smk"
include: "workflow/rules/agents.smk"
include: "workflow/rules/comparison.smk"
include: "workflow/rules/tasks.smk"
include: "workflow/rules/recorded.smk"
include: "workflow/rules/flops.smk"
include: "workflow/rules/table1.smk"
include: "workflow/rules/view.smk"


rule all:
    default_target: True
    input:
        layout.TABLE1,
