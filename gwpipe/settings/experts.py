"""Which tasks have a scripted expert: names only, so that settings and Snakemake read it without a simulator."""

from pydantic import Field

from gwpipe.errors import UserError, nearest
from gwpipe.settings.model import Names, Seed, Settings

EXPERTS: dict[str, str] = {
    "push_red": "gwpipe.experts.push_button:PushButton",
    "push_green": "gwpipe.experts.push_button:PushButton",
    "push_blue": "gwpipe.experts.push_button:PushButton",
    "open_slide": "gwpipe.experts.open_slide:OpenSlide",
    "open_drawer": "gwpipe.experts.open_drawer:OpenDrawer",
    "ball_off_table": "gwpipe.experts.roll_ball:RollBall",
    "lift_ball": "gwpipe.experts.lift_ball:LiftBall",
    "ball_in_bin": "gwpipe.experts.ball_in_bin:BallInBin",
    "ball_in_shelf": "gwpipe.experts.ball_in_shelf:BallInShelf",
    "flat_block_off_table": "gwpipe.experts.slide_flat_block:FlatBlockOffTable",
    "flat_block_in_bin": "gwpipe.experts.slide_flat_block:FlatBlockInBin",
    "flat_block_in_shelf": "gwpipe.experts.flat_block_in_shelf:FlatBlockInShelf",
    "lift_flat_block": "gwpipe.experts.lift_flat_block:LiftFlatBlock",
    "upright_block_off_table": "gwpipe.experts.carry_upright_block:CarryUprightBlock",
    "upright_block_in_bin": "gwpipe.experts.carry_upright_block:CarryUprightBlock",
    "upright_block_in_shelf": "gwpipe.experts.upright_block_in_shelf:UprightBlockInShelf",
    "lift_upright_block": "gwpipe.experts.lift_upright_block:LiftUprightBlock",
    "stack": "gwpipe.experts.stack:Stack",
}
"""Task → "module:class" of its expert. A new one is a file in `gwpipe/experts` and a line here. Named, not imported, so
that a change to one expert collects nobody else's data anew."""


def place_of(task: object) -> tuple[str, str]:
    """Module and class of a task's expert.

    Raises:
        UserError: the task has none; those that have one are named.
    """
    if not isinstance(task, str) or task not in EXPERTS:
        raise UserError(f"no scripted expert for task '{task}'{nearest(str(task), EXPERTS)}")
    module, name = EXPERTS[task].split(":")
    return module, name


def modules(task: str, policy: str) -> list[str]:
    """The modules, beside the stage's own imports, that act in a data set: its expert's, none for random data.

    Raises:
        UserError: the policy is the expert, and the task has none.
    """
    return [place_of(task)[0]] if policy == "expert" else []


class ExpertsSettings(Settings):
    """How the experts are measured; `results/tables/experts.csv`."""

    tasks: Names = Field(default_factory=lambda: list(EXPERTS))
    episodes: int = Field(50, gt=1)
    """Of each task, from starts that no data set has."""
    random_episodes: int = Field(10, gt=1)
    """Of the uniform random policy, for comparison."""
    decisions: int = Field(500, gt=0)
    """Length of an episode, whatever the environment's own is."""
    seed: Seed = 0
