"""Does a workspace translate between domains that were never seen together, through a third one?

The training rows are parted in three. One part shows v with attr, one attr with t, one t with v; what is left out of
them says how far the rest carries. No episode is in two parts, so v and t have not even shapes in common.
"""

from itertools import permutations

import numpy as np

from gwpipe.data.pairing import Index
from gwpipe.seeding import numpy_generator
from gwpipe.studies.cells import Cell, losses_named
from gwpipe.studies.material import Material
from gwpipe.studies.measures import columns, number
from gwpipe.studies.tidy import Column, Row
from gwpipe.workspace.groups import Group
from gwpipe.workspace.objective import NAMES

THROUGH, NEW, KNOWN = "attr", "t", "v"
"""The domain in between, and the two that never meet."""

SHOWN: dict[str, tuple[Group, ...]] = {
    "paired": ((THROUGH, KNOWN), (THROUGH, NEW), (NEW, KNOWN)),
    "never": ((THROUGH, KNOWN), (THROUGH, NEW)),
    "alone": ((THROUGH, KNOWN), (NEW,)),
}
"""Who is seen with whom: all; v and t never; t with nobody."""
LOSS_SETS = {"all": NAMES, "tr+cont": ("tr", "cont")}

COLUMNS = columns(
    shown=Column("string", "paired: v-attr, attr-t, t-v; never: not t-v; alone: v-attr, and t with nobody"),
    losses=Column("string", "minimised"),
)


def rows(material: Material) -> list[Row]:
    """All that is measured on each cell, beside the constant predictor."""
    made = material.measure(cells(material), lambda cell, workspace: material.everything(workspace))
    constant = [
        {"shown": "constant", **number("translation_unexplained", 1.0, f"{x}->{y}", rows=len(material.held_out_raw))}
        for x, y in permutations((NEW, KNOWN), 2)
    ]
    return made + constant


def cells(material: Material) -> list[Cell]:
    """One a kind of pairing, set of losses and seed; t with nobody has nothing to learn without cycles."""
    return [
        Cell(
            {"shown": shown, "losses": name},
            seed,
            dict(zip(groups, _thirds(material.episodes, seed))),
            losses_named(losses, material.settings.losses),
            material.domains,
            material.settings.workspace.dim,
        )
        for shown, groups in SHOWN.items()
        for name, losses in LOSS_SETS.items()
        if shown != "alone" or name == "all"
        for seed in material.settings.seeds
    ]


def _thirds(episodes: Index, seed: int) -> list[Index]:
    """Row numbers of three equal parts of the episodes."""
    parts = np.array_split(numpy_generator("never paired", seed).permutation(np.unique(episodes)), 3)
    return [np.flatnonzero(np.isin(episodes, part)) for part in parts]
