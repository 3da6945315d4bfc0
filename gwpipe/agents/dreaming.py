"""The GRU-dreaming agent (Algorithm 1): world model and actor-critic on a frozen representation."""

from collections.abc import Callable
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import torch
from torch import Tensor

from gwpipe.agents.actor_critic import ActorCritic, ActorCriticLoss, actor_critic_loss
from gwpipe.agents.agent import Mode
from gwpipe.agents.compiled import compiled
from gwpipe.agents.imagination import imagine
from gwpipe.agents.measured import finite
from gwpipe.agents.policies import Policy, policy_for
from gwpipe.agents.replay import Pending, Replay
from gwpipe.agents.returns import Spread, no_spread
from gwpipe.agents.timing import Row, actor_input, steps
from gwpipe.agents.world_model import WorldModel, WorldModelLoss, world_model_loss
from gwpipe.representations import Representation
from gwpipe.seeding import derive, torch_generator
from gwpipe.settings.agents import DreamingSettings


class Networks(NamedTuple):
    """What is trained, and the action distribution that belongs to it."""

    world_model: WorldModel
    actor_critic: ActorCritic
    policy: Policy


def build_networks(
    settings: DreamingSettings, z_dim: int, bounded: bool, action_space: gymnasium.Space, device: str = "cpu"
) -> Networks:
    """New networks on `device` ("meta" too), initialised from torch's global generator.

    Raises:
        UserError: an action space that no policy fits.
    """
    policy = policy_for(action_space, settings.unimix, settings.actor_gradient, settings.mean_penalty)
    seen = settings.gru_hidden + (z_dim if settings.actor_reads == "hz" else 0)
    with torch.device(device):
        world_model = WorldModel(z_dim, policy.size, settings, bounded)
        return Networks(world_model, ActorCritic(seen, policy.outputs, settings), policy)


class Batch(NamedTuple):
    """All that one update needs: replayed chunks and random numbers."""

    chunk: dict[str, Tensor]
    """See `timing.steps`; (B, L+1, ...)."""
    h0: Tensor
    """(B, H)."""
    starts: Tensor
    """(N,) indices of the dreams' starts in the flattened (B·L) rows."""
    noise: Tensor
    """(imagination length, N, A), see `policies`."""


def empty_batch(settings: DreamingSettings, z_dim: int, action_dim: int, device: str = "meta") -> Batch:
    """A batch of the right shapes and types, for counting operations on the meta device."""
    size, rows = settings.batch_size, settings.batch_length + 1
    count = size * settings.batch_length if settings.imagination_starts == "all" else size
    with torch.device(device):
        chunk = {"z": torch.zeros(size, rows, z_dim), "action": torch.zeros(size, rows, action_dim)}
        chunk["reward"] = torch.zeros(size, rows)
        chunk |= {name: torch.zeros(size, rows, dtype=torch.bool) for name in ("is_first", "is_last", "is_terminal")}
        return Batch(
            chunk,
            torch.zeros(size, settings.gru_hidden),
            torch.zeros(count, dtype=torch.long),
            torch.zeros(settings.imagination_length, count, action_dim),
        )


def world_model_update_loss(networks: Networks, batch: Batch, settings: DreamingSettings) -> WorldModelLoss:
    """The world model's loss on replayed chunks, and the states h_t (B, L, H) that it ran through."""
    return world_model_loss(networks.world_model, steps(batch.chunk), batch.h0, settings)


def actor_critic_update_loss(
    networks: Networks, batch: Batch, h: Tensor, spread: Spread, settings: DreamingSettings
) -> ActorCriticLoss:
    """Dream from the batch's starts and judge the dream; `h` (B, L, H) are the states of `world_model_update_loss`."""
    world_model, actor_critic, policy = networks
    start_h = h.flatten(0, 1)[batch.starts]
    start_z = batch.chunk["z"][:, :-1].flatten(0, 1)[batch.starts]
    alive = (~batch.chunk["is_terminal"][:, :-1]).flatten(0, 1)[batch.starts].to(start_z.dtype)
    by_dynamics = settings.actor_gradient == "dynamics"
    dream = imagine(
        world_model, actor_critic.actor, policy, start_h, start_z, batch.noise, settings.actor_reads, by_dynamics
    )
    return actor_critic_loss(actor_critic, policy, dream, alive, spread, settings)


class DreamingAgent:
    """Act, observe, dream; deterministic from `seed`, and the same after `load_state` as without the interruption.

    The VAEs run once per row, on the way into the replay buffer. `encoded_observations` counts those rows, `updates`
    the updates.
    """

    def __init__(
        self,
        representation: Representation,
        action_space: gymnasium.Space,
        settings: DreamingSettings,
        seed: int,
        device: str = "cpu",
    ) -> None:
        self.representation, self.settings, self.device = representation, settings, device
        with torch.random.fork_rng(devices=[]):
            # Drawn on the CPU, so that a seed starts from the same weights everywhere.
            torch.random.default_generator.manual_seed(derive(seed, "agent", "weights"))
            built = build_networks(settings, representation.dim, representation.bounded, action_space)
        self.networks = Networks(built.world_model.to(device), built.actor_critic.to(device), built.policy)
        self.world_model, self.actor_critic, self.policy = self.networks
        self._optimisers = {
            "world_model": torch.optim.AdamW(
                self.world_model.parameters(),
                lr=settings.world_model_lr,
                weight_decay=settings.world_model_weight_decay,
                fused=True,
            ),
            "actor_critic": torch.optim.Adam(
                [*self.actor_critic.actor.parameters(), *self.actor_critic.critic.parameters()],
                lr=settings.actor_critic_lr,
                fused=True,
            ),
        }
        self._spread = no_spread(device)
        self._generators = {
            "act": torch_generator(seed, "agent", "act", device=device),
            "dream": torch_generator(seed, "agent", "dream", device=device),
            "replay": torch_generator(seed, "agent", "replay"),
        }
        widths = {"action": self.policy.size}
        if representation.frozen:
            widths["z"] = representation.dim
        else:
            widths |= {f"u/{name}": size for name, size in representation.domains.items()}
        if settings.initial_state == "stored":
            widths["h"] = settings.gru_hidden
        self.replay = Replay(settings.replay_capacity, widths, device, settings.environments)
        self.updates = self.encoded_observations = 0
        self._losses = world_model_update_loss, actor_critic_update_loss
        self.begin(1)

    def compile(self, backend: str | Callable[..., Any] = "inductor") -> bool:
        """Translate the losses of world model and actor-critic once (`compiled`), from the next update on."""
        model, actor_critic = self._losses
        # The states of the first are read by the second.
        later = compiled(actor_critic, self.device, backend, begins=False)
        self._losses = compiled(model, self.device, backend), later
        return True

    def begin(self, n: int, seed: int | None = None) -> None:
        """Fresh recurrent state for `n` environments.

        With `seed`, actions are drawn from a stream of that seed and training's own stream is left untouched.
        """
        self._h = torch.zeros(n, self.settings.gru_hidden, device=self.device)
        self._age = np.zeros(n, dtype=np.int64)
        self._pending = Pending(n)
        self._acts_with = self._generators["act"]
        if seed is not None:
            self._acts_with = torch_generator(seed, "evaluation", "act", device=self.device)

    @torch.no_grad()
    def act(self, observations: dict[str, np.ndarray], is_first: np.ndarray, mode: Mode = "sample") -> np.ndarray:
        """Actions for n observations (batch first) in the environment's form, (n,) indices or (n, k) numbers."""
        u, z = self._see(observations)
        self._age[is_first] = 0
        clear = is_first if self.settings.memory == 0 else self._age % self.settings.memory == 0
        self._h[torch.from_numpy(clear).to(self.device)] = 0
        outputs = self.actor_critic.actor(actor_input(self._h, z, self.settings.actor_reads))
        if mode == "greedy":
            action = self.policy.mode(outputs)
        else:
            noise = self.policy.noise((len(outputs),), self._acts_with)
            action = self.policy.sample(outputs, noise)
        self._pending.hold(self._columns(u, z, action, self._h))
        self._h = self.world_model.step(self._h, z, action)
        self._age += 1
        return self.policy.to_env(action)

    def _see(self, observations: dict[str, np.ndarray]) -> tuple[dict[str, Tensor], Tensor]:
        """u and z, (n, ...), of observations, batch first."""
        u = self.representation.encode(observations)
        return u, self.representation.fuse(u).to(self.device)

    def _columns(self, u: dict[str, Tensor], z: Tensor, action: Tensor, h: Tensor) -> dict[str, Tensor]:
        columns = {f"u/{name}": latent for name, latent in u.items()}
        return columns | {"z": z, "h": h.clone(), "action": action}

    def observe(self, row: Row, environment: int = 0) -> None:
        """Store a row of the time table: the observation `act` was just given, or an episode's last one."""
        if row.is_last:
            with torch.no_grad():
                u, z = self._see({name: value[None] for name, value in row.observation.items()})
                h = self._h[environment : environment + 1]
                last = self._columns(u, z, torch.zeros(1, self.policy.size), h)
            columns = {name: column[0] for name, column in last.items()}
        else:
            columns = self._pending.take(environment)
        stored = {name: columns[name] for name in self.replay.columns if name in columns}
        self.replay.add({**stored, **row.scalars}, environment)
        self.encoded_observations += 1

    @property
    def ready(self) -> bool:
        """Are there rows enough for an update?"""
        return self.replay.has(self.settings.batch_length + 1)

    def _batch(self) -> Batch:
        settings = self.settings
        chunk = self.replay.sample(settings.batch_size, settings.batch_length + 1, self._generators["replay"])
        if "z" not in chunk:
            with torch.no_grad():
                domains = self.representation.domains
                flat = self.representation.fuse({name: chunk[f"u/{name}"].flatten(0, 1) for name in domains})
            chunk["z"] = flat.unflatten(0, chunk["reward"].shape)
        none = torch.zeros(settings.batch_size, settings.gru_hidden, device=self.device)
        h0 = chunk["h"][:, 0] if "h" in chunk else none
        starts = torch.arange(settings.batch_size * settings.batch_length)
        if settings.imagination_starts != "all":
            starts = starts[:: settings.batch_length]
        if settings.imagination_starts == "random":
            starts = starts + torch.randint(
                settings.batch_length, (settings.batch_size,), generator=self._generators["replay"]
            )
        noise = self.policy.noise((settings.imagination_length, len(starts)), self._generators["dream"])
        return Batch(chunk, h0, starts.to(self.device), noise)

    def update(self) -> dict[str, float]:
        """One update of the world model and one of actor and critic; what they measured, as plain numbers.

        Raises:
            FloatingPointError: one of them is not finite; says which.
        """
        batch = self._batch()
        model_loss, dreamt_loss = self._losses
        model = model_loss(self.networks, batch, self.settings)
        self._descend("world_model", model.loss)
        if "h" in batch.chunk:
            at = batch.chunk["at"][:, 1:-1].flatten()
            self.replay.rewrite("h", at, model.h[:, 1:].flatten(0, 1))
        dreamt = dreamt_loss(self.networks, batch, model.h, self._spread, self.settings)
        self._descend("actor_critic", dreamt.loss)
        self.actor_critic.follow(self.settings.slow_rate)
        self._spread = Spread(*(value.clone() for value in dreamt.spread))
        self.updates += 1
        measured = {f"world_model/{k}": v for k, v in model._asdict().items() if k != "h"}
        measured |= {f"actor_critic/{k}": v for k, v in dreamt._asdict().items() if k != "spread"}
        values = torch.stack([value.detach() for value in measured.values()]).tolist()
        return finite(dict(zip(measured, values)), self.updates)

    def _descend(self, name: str, loss: Tensor) -> None:
        optimiser = self._optimisers[name]
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(optimiser.param_groups[0]["params"], self.settings.max_gradient_norm)
        optimiser.step()

    def weights(self) -> dict[str, Any]:
        """What acting needs and no more: the networks' parameters."""
        return {"world_model": self.world_model.state_dict(), "actor_critic": self.actor_critic.state_dict()}

    def load_weights(self, weights: dict[str, Any]) -> None:
        """Act with `weights`, which must come from an agent of the same settings."""
        self.world_model.load_state_dict(weights["world_model"])
        self.actor_critic.load_state_dict(weights["actor_critic"])

    def state(self) -> dict[str, Any]:
        """Everything that training goes on from, except the recurrent state: save between episodes."""
        return {
            "weights": self.weights(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self._optimisers.items()},
            "spread": list(self._spread),
            "generators": {name: generator.get_state() for name, generator in self._generators.items()},
            "replay": self.replay.state(),
            "updates": self.updates,
            "encoded_observations": self.encoded_observations,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from `state`, which must come from an agent of the same settings."""
        self.load_weights(state["weights"])
        for name, optimiser in self._optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        self._spread = Spread(*(value.to(self.device) for value in state["spread"]))
        for name, generator in self._generators.items():
            generator.set_state(state["generators"][name])
        self.replay.load_state(state["replay"])
        self.updates, self.encoded_observations = state["updates"], state["encoded_observations"]
        self.begin(1)
