"""PPO by Stable-Baselines3 on the project's own loop: model-free baselines on observations, latents or a workspace.

Networks, rollout buffer, advantages and the update are Stable-Baselines3's own code. Its loop over vector environments
is not used: `observe` fills its rollout buffer row by row, by the table of `timing`.

| Stable-Baselines3, step t            | here                                                                          |
|--------------------------------------|-------------------------------------------------------------------------------|
| obs, action, value, log-probability  | of row t, kept by `act` and completed when row t+1 arrives with its reward    |
| reward                               | r_{t+1}, normalised; + γ V(obs_{t+1}) where a time limit ended the episode    |
| episode_start                        | is_first of row t                                                             |
| last_values, dones of a full rollout | V(obs) and is_last of the row that completed it                               |

An update falls between a decision and the next row, so the decision under way is the older policy's; so are the
log-probability and value that it enters the next rollout with.
"""

import contextlib
import copy
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import numpy.typing as npt
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.running_mean_std import RunningMeanStd
from torch import Tensor
from torch.distributions import Categorical

from gwpipe.agents.agent import Mode
from gwpipe.agents.measured import finite
from gwpipe.agents.ppo_inputs import Features, inputs_of
from gwpipe.agents.timing import Row
from gwpipe.errors import UserError
from gwpipe.representations import Representation
from gwpipe.seeding import derive, torch_generator
from gwpipe.settings.ppo import PPOSettings

_EPSILON = 1e-8
"""Added to the variance of returns (`VecNormalize`)."""


class Decision(NamedTuple):
    """What a rollout keeps of a decision, batch of one."""

    seen: Any
    action: npt.NDArray[Any]
    is_first: bool
    value: Tensor
    log_prob: Tensor


class Transition(NamedTuple):
    """A decision, what it brought, and what comes after it."""

    decision: Decision
    reward: float
    next_value: Tensor
    done: bool


class PPOAgent:
    """Act, observe, and learn whenever a rollout is full; deterministic from `seed`, resumable between episodes."""

    def __init__(
        self,
        seen: Representation | gymnasium.spaces.Dict,
        action_space: gymnasium.Space,
        settings: PPOSettings,
        seed: int,
        device: str = "cpu",
    ) -> None:
        """`seen`: a representation, whose z is the input, or the space of the raw observations.

        Raises:
            UserError: an action space that PPO has no policy for.
        """
        if not isinstance(action_space, gymnasium.spaces.Discrete | gymnasium.spaces.Box):
            raise UserError(f"action space {action_space}: the PPO agent knows Discrete and Box; wrap it in one")
        self.settings, self.seed, self.device, self.action_space = settings, seed, device, action_space
        self.inputs = inputs_of(seen)
        self.representation = seen if isinstance(seen, Representation) else None
        with torch.random.fork_rng(devices=[]):
            # Drawn on the CPU, so that a seed starts from the same weights everywhere.
            torch.random.default_generator.manual_seed(derive(seed, "agent", "weights"))
            self.algorithm = _algorithm(self.inputs.space, action_space, settings)
        self.policy = self.algorithm.policy.to(device)
        self.algorithm.device = self.algorithm.rollout_buffer.device = torch.device(device)
        self.policy.set_training_mode(False)
        self._generator = torch_generator(seed, "agent", "act", device=device)
        self._returns = RunningMeanStd()
        self._discounted = 0.0
        self._waiting: list[Transition] = []
        self.updates = self.encoded_observations = 0
        self.begin(1)

    def compile(self) -> bool:
        """False: the update is Stable-Baselines3's."""
        return False

    def begin(self, n: int, seed: int | None = None) -> None:
        """Act for any number of environments; with `seed`, from a stream of that seed, training's own untouched."""
        self._now: Decision | None = None
        self._before: Decision | None = None
        self._acts_with = self._generator
        if seed is not None:
            self._acts_with = torch_generator(seed, "evaluation", "act", device=self.device)

    @torch.no_grad()
    def act(self, observations: dict[str, np.ndarray], is_first: np.ndarray, mode: Mode = "sample") -> np.ndarray:
        """Actions for n observations (batch first), (n,) indices or (n, k) numbers inside the action space."""
        seen = self.inputs.see(observations)
        features = self.policy.extract_features(self._tensors(seen))
        actor, critic = self.policy.mlp_extractor(features)
        distribution = self.policy._get_action_dist_from_latent(actor)
        actions = distribution.mode() if mode == "greedy" else _sample(distribution.distribution, self._acts_with)
        raw = actions.cpu().numpy()
        value, log_prob = self.policy.value_net(critic), distribution.log_prob(actions)
        self._now = Decision(seen, raw, bool(is_first[0]), value, log_prob)
        if isinstance(self.action_space, gymnasium.spaces.Box):
            return np.clip(raw, self.action_space.low, self.action_space.high)
        return raw

    def _tensors(self, seen: Any) -> Any:
        if isinstance(seen, dict):
            return {name: torch.as_tensor(value, device=self.device) for name, value in seen.items()}
        return torch.as_tensor(seen, device=self.device)

    @torch.no_grad()
    def observe(self, row: Row, environment: int = 0) -> None:
        """Complete the decision before this row; the row's own is that of `act`, if it is not an episode's last.

        Of one environment alone: a rollout is one stretch of time.
        """
        if environment != 0:
            raise RuntimeError("PPO learns from one environment")
        if row.is_last:
            seen = self.inputs.see({name: value[None] for name, value in row.observation.items()})
            value = self.policy.predict_values(self._tensors(seen))
        elif self._now is None:
            raise RuntimeError("observe() of a row that is not an episode's last needs act() on its observation first")
        else:
            value = self._now.value
        self.encoded_observations += self.representation is not None
        if self._before is not None:
            reward = self._normalised(row.reward, row.is_last)
            if row.is_last and not row.is_terminal:
                reward += self.settings.discount * float(value)
            self._store(Transition(self._before, reward, value, row.is_last))
        self._before, self._now = (None if row.is_last else self._now), None

    def _normalised(self, reward: float, is_last: bool) -> float:
        """The reward over the running standard deviation of the discounted return, this one included."""
        if not self.settings.normalise_reward:
            return reward
        self._discounted = self._discounted * self.settings.discount + reward
        self._returns.update(np.array([self._discounted]))
        if is_last:
            self._discounted = 0.0
        limit = self.settings.reward_clip
        return float(np.clip(reward / math.sqrt(self._returns.var + _EPSILON), -limit, limit))

    def _store(self, transition: Transition) -> None:
        """Into the rollout; a full one waits for its update, and what comes meanwhile waits for the next one."""
        buffer = self.algorithm.rollout_buffer
        if buffer.full:
            self._waiting.append(transition)
            return
        decision = transition.decision
        action = decision.action.reshape(1, -1)
        start, reward = np.array([decision.is_first]), np.array([transition.reward])
        buffer.add(decision.seen, action, reward, start, decision.value, decision.log_prob)
        if buffer.full:
            buffer.compute_returns_and_advantage(transition.next_value, np.array([transition.done]))

    @property
    def ready(self) -> bool:
        """Is the rollout full?"""
        return self.algorithm.rollout_buffer.full

    def update(self) -> dict[str, float]:
        """`PPO.train` on the full rollout, which is thrown away afterwards.

        Raises:
            FloatingPointError: something measured is not a finite number; says which.
        """
        self.updates += 1
        with _numpy_seeded(derive(self.seed, "agent", "batches", self.updates) % 2**32):
            try:
                self.algorithm.train()
            except (ValueError, RuntimeError) as fault:
                # torch refuses a distribution of such parameters in many words.
                if all(torch.isfinite(parameter).all() for parameter in self.policy.parameters()):
                    raise
                raise FloatingPointError(f"update {self.updates} made weights that are not finite") from fault
        self.policy.set_training_mode(False)
        measured = {f"ppo/{name.removeprefix('train/')}": float(x) for name, x in self._logged().items()}
        measured["ppo/return_deviation"] = math.sqrt(self._returns.var)
        self.algorithm.rollout_buffer.reset()
        waiting, self._waiting = self._waiting, []
        for transition in waiting:
            self._store(transition)
        return finite(measured, self.updates)

    def _logged(self) -> dict[str, Any]:
        told = dict(self.algorithm.logger.name_to_value)
        # The share of the variance explained is 0 / 0 where every return of the rollout is the same.
        return {name: value for name, value in told.items() if not name.endswith("explained_variance")}

    def weights(self) -> dict[str, Any]:
        """What acting needs and no more: the networks' parameters."""
        return {"policy": self.policy.state_dict()}

    def load_weights(self, weights: dict[str, Any]) -> None:
        """Act with `weights`, which must come from an agent of the same settings."""
        self.policy.load_state_dict(weights["policy"])

    def state(self) -> dict[str, Any]:
        """Everything that training goes on from: save between episodes, where no decision is under way."""
        buffer = self.algorithm.rollout_buffer
        if buffer.full or self._waiting:
            raise RuntimeError("state() of a full rollout: update() first")
        return {
            "weights": self.weights(),
            "optimiser": self.policy.optimizer.state_dict(),
            "generator": self._generator.get_state(),
            "returns": [float(self._returns.mean), float(self._returns.var), float(self._returns.count)],
            "rollout": {"filled": buffer.pos, "columns": {name: getattr(buffer, name) for name in _COLUMNS}},
            "train_calls": self.algorithm._n_updates,
            "updates": self.updates,
            "encoded_observations": self.encoded_observations,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from `state`, which must come from an agent of the same settings."""
        self.load_weights(state["weights"])
        self.policy.optimizer.load_state_dict(state["optimiser"])
        self._generator.set_state(state["generator"])
        mean, var, self._returns.count = state["returns"]
        self._returns.mean, self._returns.var = np.float64(mean), np.float64(var)
        buffer = self.algorithm.rollout_buffer
        buffer.reset()
        buffer.pos = state["rollout"]["filled"]
        for name, column in state["rollout"]["columns"].items():
            setattr(buffer, name, copy.deepcopy(column))
        self.algorithm._n_updates = state["train_calls"]
        self.updates, self.encoded_observations = state["updates"], state["encoded_observations"]
        self._discounted, self._waiting = 0.0, []
        self.begin(1)


_COLUMNS = ("observations", "actions", "rewards", "episode_starts", "values", "log_probs")
"""Of the rollout buffer, while it is being filled."""


def _algorithm(space: gymnasium.Space, action_space: gymnasium.Space, settings: PPOSettings) -> PPO:
    """Stable-Baselines3's PPO of one environment that it never sees: made like one that is loaded from disk."""
    policy: dict[str, Any] = {"net_arch": {"pi": settings.hidden, "vf": settings.hidden}}
    several = isinstance(space, gymnasium.spaces.Dict)
    if several:
        policy["features_extractor_class"] = Features
        policy["features_extractor_kwargs"] = {"image_features": settings.image_features}
    algorithm = PPO(
        "MultiInputPolicy" if several else "MlpPolicy",
        None,
        learning_rate=settings.lr,
        n_steps=settings.n_steps,
        batch_size=settings.batch_size,
        n_epochs=settings.n_epochs,
        gamma=settings.discount,
        gae_lambda=settings.gae_lambda,
        clip_range=settings.clip_range,
        ent_coef=settings.entropy,
        vf_coef=settings.value_weight,
        max_grad_norm=settings.max_gradient_norm,
        policy_kwargs=policy,
        device="cpu",
        _init_setup_model=False,
    )
    algorithm.observation_space, algorithm.action_space, algorithm.n_envs = space, action_space, 1
    algorithm._setup_model()
    algorithm.set_logger(Logger(folder=None, output_formats=[]))
    return algorithm


def _sample(distribution: Any, generator: torch.Generator) -> Tensor:
    """(n,) or (n, k), drawn from the policy by `generator`, not by the global one."""
    if isinstance(distribution, Categorical):
        return torch.multinomial(distribution.probs, 1, generator=generator)[:, 0]
    return torch.normal(distribution.mean, distribution.stddev, generator=generator)


@contextlib.contextmanager
def _numpy_seeded(seed: int) -> Iterator[None]:
    """NumPy's global generator, which the rollout buffer shuffles with, seeded for a while and then as before."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
