"""Which rule of fusion copes with inputs that fail? Fixed and learned rules beside one who knows what is broken.

Every rule fuses the same held-out latents in one trained workspace: clean, with noise on one domain (drawn row by row)
and with one domain missing. The error is that of everything the fused state says about all domains, against the clean
latents (`gwpipe.workspace.selection_training.broadcast_error`).
"""

from collections.abc import Mapping

import torch

from gwpipe.settings.representation import SelectionSettings
from gwpipe.studies.tidy import WHOSE, Column, Row
from gwpipe.workspace.corruption import Spread
from gwpipe.workspace.groups import Latents
from gwpipe.workspace.selection.fixed import Random, Single
from gwpipe.workspace.selection.rule import Selection
from gwpipe.workspace.selection_training import measure_selection
from gwpipe.workspace.workspace import Workspace

COLUMNS = WHOSE | {
    "rule": Column("string", "of fusion; `single_…` puts all weight on that domain, `oracle` knows the broken one"),
    "rule_seed": Column(
        "Int64", "of the learned rule's training, or of the random rule's draws; empty for fixed rules"
    ),
    "corruption": Column("string", "of the inputs"),
    "strength": Column("Float64", "of the noise, standard deviations of each entry; 0 where there is none"),
    "error": Column("Float64", "mean squared error of all domains' latents as the encoders take them"),
    "ratio_to_equal": Column("Float64", "error over that of equal weights on the same inputs"),
    "rows": Column("Int64", "held-out rows measured"),
}


def rule_rows(
    workspace: Workspace,
    train: Latents,
    held_out: Latents,
    learned: Mapping[tuple[str, int], Selection],
    settings: SelectionSettings,
) -> list[Row]:
    """One row a rule, seed and kind of input.

    train, held_out: domain → clean latents (N, latent), rows paired; `train` only says how far each entry spreads.
    learned: (rule, seed) → selection trained on `train` in this workspace. All rules see the same damage.
    """
    rules: dict[tuple[str, int | None], Selection] = {(f"single_{name}", None): Single(name) for name in held_out}
    for drawn in sorted({seed for _, seed in learned}):
        rules["random", drawn] = Random(settings.temperature, torch.Generator().manual_seed(drawn))
    rules.update({(rule, seed): selection for (rule, seed), selection in learned.items()})
    by_name = {f"{rule}/{seed}": (rule, seed) for rule, seed in rules}
    found = measure_selection(
        workspace,
        held_out,
        {name: rules[key] for name, key in by_name.items()},
        settings.corruption,
        Spread.of(train),
    )
    equal = {(one.corruption, one.strength): one.error for one in found if one.rule == "equal"}
    rows = len(next(iter(held_out.values())))
    made: list[Row] = []
    for one in found:
        rule, seed = by_name.get(one.rule, (one.rule, None))
        made.append(
            {
                "rule": rule,
                "rule_seed": seed,
                "corruption": one.corruption,
                "strength": one.strength,
                "error": one.error,
                "ratio_to_equal": one.error / equal[one.corruption, one.strength],
                "rows": rows,
            }
        )
    return made
