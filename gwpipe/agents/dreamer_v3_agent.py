"""The agent of the baseline "Dreamer": DreamerV3 on image and attributes as the environment shows them."""

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import torch
from torch import Tensor

from gwpipe.agents.agent import Mode
from gwpipe.agents.compiled import compiled
from gwpipe.agents.dreamer_v3 import Batch, DreamerV3, Noise, Seen
from gwpipe.agents.dreamer_v3_optimisers import make_optimiser
from gwpipe.agents.dreamer_v3_rssm import VARIABLES, Latent
from gwpipe.agents.dreamer_v3_update import update_loss
from gwpipe.agents.measured import finite
from gwpipe.agents.policies import gumbel, policy_for
from gwpipe.agents.replay import Pending, Replay
from gwpipe.agents.returns import Spread, no_spread, scale
from gwpipe.agents.timing import Row
from gwpipe.errors import UserError
from gwpipe.seeding import derive, torch_generator
from gwpipe.settings.dreamer_v3 import DreamerV3Settings

POLICY_UNIMIX = 0.01
SLOW_RATE = 0.02

_OF_BEHAVIOUR = ("actor", "value", "replay_value")


class DreamerAgent:
    """Act, observe, dream; deterministic from `seed`, and the same after `load_state` as without the interruption.

    The replay keeps observations as they are and, beside them, the latent of each row: the one it was acted with, then
    the one of the latest update that visited it. No observation goes through anything frozen, so
    `encoded_observations` stays 0.

    Args:
        seen: the environment's observations: `image` (R, R, 3), `attributes` (V,), or one of them.

    Raises:
        UserError: neither of them is there, the images have no size that can be read, or no policy fits the actions.
    """

    encoded_observations = 0

    def __init__(
        self,
        seen: gymnasium.spaces.Dict,
        action_space: gymnasium.Space,
        settings: DreamerV3Settings,
        seed: int,
        device: str = "cpu",
    ) -> None:
        self.settings, self.device = settings, torch.device(device)
        self.policy = policy_for(action_space, POLICY_UNIMIX, settings.actor_gradient, settings.mean_penalty)
        self.seen = what_is_seen(seen)
        with torch.random.fork_rng(devices=[]):
            # Drawn on the CPU, so that a seed starts from the same weights everywhere.
            torch.random.default_generator.manual_seed(derive(seed, "agent", "weights"))
            self.model = DreamerV3(settings, self.seen, self.policy).to(device)
        self._optimiser = make_optimiser(self.model, settings)
        self._spread = no_spread(device)
        self._generators = {
            "act": torch_generator(seed, "agent", "act", device=device),
            "dream": torch_generator(seed, "agent", "dream", device=device),
            "replay": torch_generator(seed, "agent", "replay"),
        }
        columns: dict[str, int | Tensor] = {"action": self.policy.size, "deter": self.model.rssm.deter}
        columns["stoch"] = torch.zeros(VARIABLES, dtype=torch.uint8)
        if self.seen.resolution is not None:
            columns["image"] = torch.zeros(3, self.seen.resolution, self.seen.resolution, dtype=torch.uint8)
        if self.seen.vector is not None:
            columns["attributes"] = self.seen.vector
        self.replay = Replay(settings.replay_capacity, columns, device, settings.environments)
        self.updates = 0
        self._loss = update_loss
        self.begin(1)

    def compile(self, backend: str | Callable[..., Any] = "inductor") -> bool:
        """Translate the loss of an update once (`compiled`), from the next update on."""
        self._loss = compiled(self._loss, self.device, backend)
        return True

    def begin(self, n: int, seed: int | None = None) -> None:
        """Fresh recurrent state for `n` environments.

        With `seed`, latents and actions are drawn from a stream of that seed and training's own is left untouched.
        """
        self._latent = self._nothing(n)
        self._action = torch.zeros(n, self.policy.size, device=self.device)
        self._pending = Pending(n)
        self._acts_with = self._generators["act"]
        if seed is not None:
            self._acts_with = torch_generator(seed, "evaluation", "act", device=self.device)

    def _nothing(self, n: int) -> Latent:
        shape = (n, VARIABLES, self.model.rssm.classes)
        return Latent(torch.zeros(n, self.model.rssm.deter, device=self.device), torch.zeros(shape, device=self.device))

    @torch.no_grad()
    def act(self, observations: dict[str, np.ndarray], is_first: np.ndarray, mode: Mode = "sample") -> np.ndarray:
        """Actions for n observations (batch first) in the environment's form, (n,) indices or (n, k) numbers."""
        shown = self.shown(observations)
        keep = torch.from_numpy(~is_first).to(self.device, torch.float32).unsqueeze(-1)
        self._latent = self._seen_after(self._latent, self._action, shown, keep)
        outputs = self.model.actor(self._latent.features)
        if mode == "greedy":
            self._action = self.policy.mode(outputs)
        else:
            noise = self.policy.noise((len(outputs),), self._acts_with)
            self._action = self.policy.sample(outputs, noise)
        self._pending.hold(self._columns(shown, self._action, self._latent))
        return self.policy.to_env(self._action)

    def shown(self, observations: dict[str, np.ndarray]) -> dict[str, Tensor]:
        """What the model sees of observations (batch first), as the replay stores it: channels before pixels."""
        shown = {}
        if self.seen.resolution is not None:
            shown["image"] = torch.from_numpy(observations["image"]).movedim(-1, 1).to(self.device)
        if self.seen.vector is not None:
            shown["attributes"] = torch.from_numpy(observations["attributes"]).to(self.device, torch.float32)
        return shown

    def _seen_after(self, before: Latent, action: Tensor, shown: dict[str, Tensor], keep: Tensor) -> Latent:
        """The latents (n, ...) once they have moved on to what is shown; `keep` (n, 1) is 0 where an episode begins."""
        tokens = self.model.tokens(shown.get("image"), shown.get("attributes"))
        kept = Latent(before.deter * keep, before.stoch * keep.unsqueeze(-1))
        noise = gumbel((len(tokens), VARIABLES, self.model.rssm.classes), self._acts_with)
        return self.model.rssm.see(kept, action * keep, tokens, noise)

    def _columns(self, shown: dict[str, Tensor], action: Tensor, latent: Latent) -> dict[str, Tensor]:
        return {**shown, "action": action, "deter": latent.deter, "stoch": classes_of(latent.stoch)}

    def observe(self, row: Row, environment: int = 0) -> None:
        """Store a row of the time table: the observation `act` was just given, or an episode's last one."""
        if row.is_last:
            own = slice(environment, environment + 1)
            with torch.no_grad():
                shown = self.shown({name: value[None] for name, value in row.observation.items()})
                before, action = Latent(self._latent.deter[own], self._latent.stoch[own]), self._action[own]
                latent = self._seen_after(before, action, shown, torch.ones(1, 1, device=self.device))
            last = self._columns(shown, torch.zeros_like(action), latent)
            columns = {name: column[0] for name, column in last.items()}
        else:
            columns = self._pending.take(environment)
        self.replay.add({**columns, **row.scalars}, environment)

    @property
    def ready(self) -> bool:
        """Are there rows enough for an update?"""
        return self.replay.has(self.settings.batch_length + 1)

    def _batch(self) -> tuple[Batch, Tensor]:
        """Replayed rows, and their places (B, T) in the replay."""
        settings = self.settings
        rows = settings.batch_length + 1
        chunk = self.replay.sample(settings.batch_size, rows, self._generators["replay"], newest_first=True)
        stoch = one_hot(chunk["stoch"][:, 0], self.model.rssm.classes)
        trained = {name: column[:, 1:] for name, column in chunk.items()}
        batch = Batch(
            start=Latent(chunk["deter"][:, 0], stoch),
            image=trained.get("image"),
            vector=trained.get("attributes"),
            before=chunk["action"][:, :-1],
            **{name: trained[name] for name in ("reward", "is_first", "is_last", "is_terminal")},
        )
        return batch, trained["at"]

    def _noise(self) -> Noise:
        settings, generator = self.settings, self._generators["dream"]
        latent = (VARIABLES, self.model.rssm.classes)
        starts = (settings.imagination_length, settings.batch_size * settings.batch_length)
        return Noise(
            posterior=gumbel((settings.batch_size, settings.batch_length, *latent), generator),
            prior=gumbel((*starts, *latent), generator),
            action=self.policy.noise(starts, generator),
        )

    def update(self) -> dict[str, float]:
        """One update of everything; what its losses measured, as plain numbers.

        Raises:
            FloatingPointError: one of them is not finite; says which.
        """
        batch, at = self._batch()
        result = self._loss(self.model, batch, self._noise(), self._spread, self.settings)
        self._optimiser.zero_grad()
        result.loss.backward()
        self._optimiser.step()
        self.model.follow(SLOW_RATE)
        self.replay.rewrite("deter", at.flatten(), result.latent.deter.flatten(0, 1))
        self.replay.rewrite("stoch", at.flatten(), classes_of(result.latent.stoch.flatten(0, 1)))
        self._spread = Spread(*(value.clone() for value in result.spread))
        self.updates += 1
        measured = {
            f"{'actor_critic' if name in _OF_BEHAVIOUR else 'world_model'}/{name}": part
            for name, part in result.parts.items()
        }
        measured |= {"actor_critic/entropy": result.entropy, "actor_critic/extent": result.extent}
        measured["actor_critic/spread"] = scale(self._spread, 0.0)
        values = torch.stack([value.detach() for value in measured.values()]).tolist()
        return finite(dict(zip(measured, values)), self.updates)

    def weights(self) -> dict[str, Any]:
        """What acting needs: the model's parameters."""
        return {"model": self.model.state_dict()}

    def load_weights(self, weights: dict[str, Any]) -> None:
        """Act with `weights`, which must come from an agent of the same settings."""
        self.model.load_state_dict(weights["model"])

    def state(self) -> dict[str, Any]:
        """Everything that training goes on from, except the recurrent state: save between episodes."""
        return {
            "weights": self.weights(),
            "optimiser": self._optimiser.state_dict(),
            "spread": list(self._spread),
            "generators": {name: generator.get_state() for name, generator in self._generators.items()},
            "replay": self.replay.state(),
            "updates": self.updates,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from `state`, which must come from an agent of the same settings."""
        self.load_weights(state["weights"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._spread = Spread(*(value.to(self.device) for value in state["spread"]))
        for name, generator in self._generators.items():
            generator.set_state(state["generators"][name])
        self.replay.load_state(state["replay"])
        self.updates = state["updates"]
        self.begin(1)


def what_is_seen(space: gymnasium.spaces.Dict) -> Seen:
    """Resolution of `image` and width of `attributes` in an observation space.

    Raises:
        UserError: neither is there.
    """
    resolution = space["image"].shape[0] if "image" in space.spaces else None  # type: ignore[index]
    vector = space["attributes"].shape[0] if "attributes" in space.spaces else None  # type: ignore[index]
    if resolution is None and vector is None:
        raise UserError(f"DreamerV3 sees 'image' and 'attributes'; the environment shows {', '.join(space.spaces)}")
    return Seen(resolution, vector)


def classes_of(stoch: Tensor) -> Tensor:
    """(..., 32), uint8: which class each variable of one-hot `stoch` (..., 32, classes) has."""
    return stoch.argmax(-1).to(torch.uint8)


def one_hot(classes: Tensor, count: int) -> Tensor:
    """The inverse of `classes_of`."""
    return torch.nn.functional.one_hot(classes.long(), count).to(torch.float32)
