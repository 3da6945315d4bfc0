"""GW-Dreamer end to end (Algorithm 2): the workspace starts from random weights and is trained along.

Each update of the agent first updates the workspace, on rows drawn from replay, with the losses and fusion weights of
its pre-training. Then world model and actor-critic learn on z as the workspace now has it. The VAEs are frozen: replay
keeps u, and z is fused anew wherever it is used.

A pre-trained workspace has noted what u and z spread over, at the beginning and the end of its training. One that
still learns follows both: means and deviations of the last 1 / `spread_rate` batches, averaged. They are part of its
weights. A longer memory would measure the z of a workspace that is no more.
"""

from typing import Any

import gymnasium
import torch
from torch import Tensor

from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.measured import finite
from gwpipe.domains.fit import learning_rate
from gwpipe.representations import LearningWorkspace, Representation
from gwpipe.seeding import torch_generator
from gwpipe.settings.agents import EndToEndDreamingSettings
from gwpipe.workspace.objective import workspace_losses
from gwpipe.workspace.selection.fixed import Random
from gwpipe.workspace.training import make_workspace

_SMALLEST_SCALE = 1e-3


class EndToEndAgent(DreamingAgent):
    """Act, observe, align, dream; `workspace_updates` counts the updates of the workspace."""

    def __init__(
        self,
        representation: Representation,
        action_space: gymnasium.Space,
        settings: EndToEndDreamingSettings,
        seed: int,
        device: str = "cpu",
    ) -> None:
        """`representation`: any over the frozen VAEs; its own way of fusing them is not used."""
        form = settings.end_to_end.workspace
        if form is None:
            raise ValueError("settings.end_to_end.workspace is not resolved")
        self.end_to_end, self.form = settings.end_to_end, form
        self.workspace = make_workspace(representation.domains, form, seed)
        learning = LearningWorkspace(representation.vaes, self.workspace, settings.standardised_z).to(device)
        super().__init__(learning, action_space, settings, seed, device)
        optimisation = self.end_to_end.optimisation
        self._optimisers["workspace"] = torch.optim.AdamW(
            self.workspace.parameters(),
            lr=optimisation.start_lr,
            weight_decay=optimisation.weight_decay,
            fused=True,
        )
        self._generators["align"] = torch_generator(seed, "agent", "align")
        self.workspace_updates = 0

    def update(self) -> dict[str, float]:
        """Updates of the workspace, then one of the world model and one of actor and critic; what they measured.

        Raises:
            FloatingPointError: something measured is not finite; says which.
        """
        for _ in range(self.end_to_end.workspace_updates):
            measured = self._align()
        return {**measured, **super().update()}

    def _align(self) -> dict[str, float]:
        """One update of the workspace; its losses, those of the last batch."""
        optimisation = self.end_to_end.optimisation
        generator = self._generators["align"]
        rows = self.replay.sample(optimisation.batch_size, 1, generator)
        u = {name: rows[f"u/{name}"][:, 0] for name in self.workspace.domains}
        if self.form.standardise:
            for name, latents in u.items():
                self._follow(f"centre_{name}", f"scale_{name}", latents)
        mixing = Random(self.form.fusion_temperature, generator)
        coefficients = self.form.kinds["gw"].model_dump()
        loss, found = workspace_losses(self.workspace, {tuple(u): u}, mixing, coefficients, self.form.contrastive)
        for group in self._optimisers["workspace"].param_groups:
            group["lr"] = self._learning_rate()
        self._descend("workspace", loss)
        with torch.no_grad():
            self._follow("z_centre", "z_scale", self.workspace.fuse(u))
        self.workspace_updates += 1
        return finite({f"workspace/{name}": float(value) for name, value in found.items()}, self.updates + 1)

    def _learning_rate(self) -> float:
        settings, step = self.end_to_end.optimisation, self.workspace_updates
        if step >= settings.steps:
            step = settings.steps - 1 if self.end_to_end.after_cycle == "hold" else step % settings.steps
        return learning_rate(step, settings)

    def _follow(self, centre: str, scale: str, batch: Tensor) -> None:
        """Move two buffers of the workspace towards mean and deviation of a batch (B, width)."""
        share = max(self.end_to_end.spread_rate, 1 / (self.workspace_updates + 1))
        mean, deviation = self.workspace.get_buffer(centre), self.workspace.get_buffer(scale)
        step = batch.mean(0) - mean
        variance = (1 - share) * (deviation.square() + share * step.square()) + share * batch.var(0)
        mean += share * step
        deviation.copy_(variance.sqrt().clamp(min=_SMALLEST_SCALE))

    def weights(self) -> dict[str, Any]:
        """What acting needs and no more: the networks' parameters, the workspace's among them."""
        return {**super().weights(), "workspace": self.workspace.state_dict()}

    def load_weights(self, weights: dict[str, Any]) -> None:
        """Act with `weights`, which must come from an agent of the same settings."""
        super().load_weights(weights)
        self.workspace.load_state_dict(weights["workspace"])

    def state(self) -> dict[str, Any]:
        """Everything that training goes on from, except the recurrent state: save between episodes."""
        return {**super().state(), "workspace_updates": self.workspace_updates}

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from `state`, which must come from an agent of the same settings."""
        super().load_state(state)
        self.workspace_updates = state["workspace_updates"]
