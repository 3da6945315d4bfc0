"""Agents that lose a modality while they act (Sect. IV-B): nothing of them changes but what they are shown.

What "removed" means, by what an agent sees:

- a workspace (gw, clip): nothing of the modality is encoded, and the remaining domains share the weight: (1, 0) or
  (0, 1) where there are two;
- concatenated VAEs: zeros in place of its latents, the mean of the prior that each VAE was trained against;
- observations: a black picture, or the mean attributes of the random policy.

A modality is one of the environment's observations: all domains that are read from it go together.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gwpipe.agents.agent import Actor, Mode
from gwpipe.agents.trained import Trained
from gwpipe.errors import UserError

MODALITIES = ("attributes", "image")


class WithoutModality:
    """An actor that sees `observations` less one; made for a trained agent by `without`."""

    def __init__(self, agent: Actor, removed: str, stand_in: npt.NDArray[np.generic] | None) -> None:
        """`stand_in`: (…), shown in place of what is removed; nothing at all where absent."""
        self.agent, self.removed, self.stand_in = agent, removed, stand_in

    def begin(self, n: int, seed: int | None = None) -> None:
        self.agent.begin(n, seed)

    def act(self, observations: dict[str, np.ndarray], is_first: np.ndarray, mode: Mode = "sample") -> np.ndarray:
        shown = {name: value for name, value in observations.items() if name != self.removed}
        if self.stand_in is not None:
            shown[self.removed] = np.repeat(self.stand_in[None], len(is_first), 0)
        # As the environment orders them, which is the order that networks on raw observations know.
        return self.agent.act({name: shown[name] for name in observations if name in shown}, is_first, mode)


def without(trained: Trained, removed: str | None, blank: Mapping[str, npt.NDArray[np.generic]]) -> Actor:
    """The agent with one modality removed, or as it is where `removed` is None.

    blank: modality → what agents on raw observations are shown instead. The agent's default fusion weights change for
    good, so it serves one ablation at a time: ask again for the next.

    Raises:
        UserError: nothing would be left for the agent to see.
    """
    representation = trained.representation
    if representation is None:
        return trained.agent if removed is None else WithoutModality(trained.agent, removed, blank[removed])
    left = [name for name, vae in representation.vaes.items() if vae.observation != removed]
    if not left:
        raise UserError(f"{trained.settings.method} sees nothing but '{removed}': there is nothing to remove it from")
    representation.default_weights = representation.weights_of(left)
    return trained.agent if removed is None else WithoutModality(trained.agent, removed, None)


def blanks(views: Mapping[str, npt.NDArray[np.generic]]) -> dict[str, npt.NDArray[np.generic]]:
    """What stands in for a removed observation: a black picture, and the mean attributes of the random policy.

    views: (N, …), its observations by name.
    """
    attributes: npt.NDArray[np.float32] = views["attributes"].mean(axis=0, dtype=np.float64).astype(np.float32)
    return {"image": np.zeros_like(views["image"][0]), "attributes": attributes}
