"""Who chooses the fusion weights while a modality is disturbed, and every condition that follows for an agent.

- `as_trained`: agents without a workspace that fuses: nothing chooses.
- `told`: the agent knows which modality fails; it is not encoded, and the others have all the weight.
- `untold_equal`: it does not; what is disturbed is encoded and has its equal share.
- `untold_learned`: it does not; a rule of fusion learned on the same workspace chooses, row by row, from what it sees.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy.typing as npt

from gwpipe.agents.agent import Actor
from gwpipe.agents.trained import Trained
from gwpipe.errors import UserError
from gwpipe.evaluation.ablation import MODALITIES, without
from gwpipe.evaluation.noise import Noise, Usual, disturbed, latent_spread
from gwpipe.representations import GlobalWorkspace
from gwpipe.settings.methods import entry
from gwpipe.studies.tidy import Row
from gwpipe.workspace.selection.rule import Selection


class Weighing(NamedTuple):
    """One way of choosing weights; `rule` names the learned one."""

    weights: str
    rule: str | None = None


TOLD = Weighing("told")
CLEAN: Row = {"disturbed": "nothing", "kind": "none", "strength": 0.0}
"""What the table says where nothing is disturbed."""


def weighings(method: str, rules: Sequence[str]) -> list[Weighing]:
    """Those that agents of `method` are measured with; `rules` are the learned ones."""
    line = entry(method)
    if not line.fuses:
        return [Weighing("as_trained")]
    learned = [Weighing("untold_learned", rule) for rule in rules] if line.chooses else []
    return [TOLD, Weighing("untold_equal"), *learned]


def noises(disturbances: Mapping[str, Mapping[str, Sequence[float]]]) -> list[Noise]:
    """Every configured noise, of modality → kind → strengths."""
    return [
        Noise(modality, kind, strength)
        for modality, kinds in disturbances.items()
        for kind, strengths in kinds.items()
        for strength in strengths
    ]


def conditions(
    trained: Trained,
    views: Mapping[str, npt.NDArray[Any]],
    usual: Mapping[str, Usual],
    disturbances: Sequence[Noise],
    selections: Mapping[str, Selection],
    seed: int,
) -> Iterator[tuple[Row, Actor]]:
    """Every condition of an agent: what the table says of it, and what acts in it until the next is asked for.

    views: the random policy's observations (N, …). selections: learned rule → the rule. The agent itself changes from
    condition to condition and is as it was after the last. Told of the failing modality, an agent does not encode it:
    the kind of noise makes no difference then, and it is measured once.
    """
    representation = trained.representation
    spread = {} if representation is None else latent_spread(representation, views)
    blank = {name: of.blank for name, of in usual.items()}
    for weighing in weighings(trained.settings.method, list(selections)):
        labels: Row = weighing._asdict()
        if weighing == TOLD:
            for modality in MODALITIES:
                told = {"disturbed": modality, "kind": "any", "strength": None}
                yield labels | told, without(trained, modality, blank)
            without(trained, None, blank)
            continue
        _choose(trained, selections.get(weighing.rule or ""))
        yield labels | CLEAN, trained.agent
        for noise in disturbances:
            actor = disturbed(trained, noise, usual, spread, seed)
            if actor is not None:
                yield labels | {"disturbed": noise.modality, "kind": noise.kind, "strength": noise.strength}, actor
        _choose(trained, None)


def _choose(trained: Trained, selection: Selection | None) -> None:
    """Let `selection` choose the agent's fusion weights; equal ones where there is none."""
    representation = trained.representation
    if isinstance(representation, GlobalWorkspace):
        workspace = representation.workspace
        if selection is not None and not selection.fits(workspace.domains, workspace.dim, workspace.activation):
            method, rule = trained.settings.method, selection.rule
            raise UserError(f"rule '{rule}' was not learned on a workspace like that of {method}; train it anew")
        representation.selection = selection
