"""Trained agents: what they see through, and how they come back from disk to act."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
from pydantic import ValidationError

from gwpipe import checkpoint, layout
from gwpipe.agents.agent import Agent
from gwpipe.agents.registry import make_agent
from gwpipe.artefact import read_manifest, verify
from gwpipe.envs import ENVIRONMENT_IDS
from gwpipe.errors import UserError
from gwpipe.layout import Place
from gwpipe.representations import Representation, load_representation
from gwpipe.settings import domains
from gwpipe.settings.methods import entry
from gwpipe.settings.mistakes import explain
from gwpipe.settings.stages import TrainAgentStage


@dataclass(frozen=True)
class Trained:
    """An agent that acts as it did at the end of its training, and the settings of that training."""

    agent: Agent
    settings: TrainAgentStage

    @property
    def representation(self) -> Representation | None:
        """What it sees through; None where it sees observations as they are."""
        return getattr(self.agent, "representation", None)


def seen_through(settings: TrainAgentStage, place: Place) -> tuple[dict[str, Path], Path | None]:
    """Weights of the VAEs (domain → path) and of the workspace that an agent sees through, as far as it has any."""
    kind = entry(settings.method).workspace
    vaes = {domain: place.path(layout.VAE, env=settings.env, domain=domain) for domain in settings.domains}
    return vaes, place.path(layout.WORKSPACE, env=settings.env, kind=kind) if kind else None


def agents_of(place: Place, env: str, task: str, runs: Mapping[str, Sequence[int]]) -> list[Path]:
    """Where the weights of the agents of `runs`, method → seeds, lie, in that order."""
    return [
        place.path(layout.AGENT, env=env, task=task, method=method, seed=seed)
        for method, seeds in runs.items()
        for seed in seeds
    ]


def acting_modules(env: str, kinds: Iterable[str], runs: Iterable[str]) -> list[str]:
    """The modules, beside a stage's own imports, that agents of these methods act with: simulator, domains, agents."""
    return [f"gwpipe.envs.{env}", *domains.modules(kinds), *(entry(method).module for method in runs)]


def settings_of(weights: Path) -> TrainAgentStage:
    """The settings that an agent was trained with, as its manifest has them.

    Raises:
        UserError: there is no manifest, or it is of another version of these settings.
    """
    try:
        return TrainAgentStage.model_validate(read_manifest(weights)["settings"])
    except ValidationError as fault:
        remedy = layout.command("train_agent", weights)
        raise UserError(f"{weights}: {explain(fault, TrainAgentStage)}; make it anew with {remedy}") from None


def make_env(settings: TrainAgentStage) -> gymnasium.Env:
    """The environment that the agent was trained in."""
    return gymnasium.make(ENVIRONMENT_IDS[settings.env], task=settings.task, **settings.environment.kwargs())


@contextlib.contextmanager
def environments(settings: TrainAgentStage, count: int) -> Iterator[list[gymnasium.Env]]:
    """So many of them, closed at the end."""
    with contextlib.ExitStack() as closing:
        yield [closing.enter_context(contextlib.closing(make_env(settings))) for _ in range(count)]


def load_agent(weights: Path, place: Place, env: gymnasium.Env, device: str = "cpu") -> Trained:
    """The agent whose weights lie at `weights`, built from the settings that its manifest holds.

    env: an environment like that of its training (`make_env`), for its spaces.

    Raises:
        UserError: weights or manifest are missing or damaged, or it saw through other VAEs or another workspace than
            those that are there now.
    """
    manifest = verify(weights)
    settings = settings_of(weights)
    vaes, workspace = seen_through(settings, place)
    # A folder names the domain or the kind; what lies above may be given in another way than at training.
    then = {Path(path).parent.name: digest for path, digest in manifest["inputs"].items()}
    for path in [*vaes.values(), *([workspace] if workspace else [])]:
        if verify(path)["sha256"] != then.get(path.parent.name):
            raise UserError(f"{weights} was trained on another {path} than the one there now; train the agent anew")
    seen: Any = env.observation_space
    if entry(settings.method).encodes:
        seen = load_representation(vaes, workspace, settings.learning.standardised_z).to(device)
    agent = make_agent(settings.method, seen, env.action_space, settings.learning, settings.seed, device)
    state = checkpoint.load(weights, manifest["identity"])
    assert state is not None
    agent.load_weights(state)
    return Trained(agent, settings)
