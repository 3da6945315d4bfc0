"""Noise of several kinds and strengths on what an agent is shown (`gwpipe.settings.noise` gives the units).

| kind        | on         | what it does                                                                      |
|-------------|------------|-----------------------------------------------------------------------------------|
| gaussian    | image      | adds normal numbers to every channel of every pixel; rounded, cut to 0…255        |
| salt_pepper | image      | turns each pixel with this probability black or white, one as likely as the other |
| blur        | image      | a Gaussian blur                                                                   |
| patch       | image      | a grey square, drawn anew each episode, where it stays                            |
| gaussian    | attributes | adds normal numbers times the spread of each attribute under the random policy    |
| latent      | either     | the same to latents u of the modality's domains; observations stay as they are    |
| missing     | either     | shows with this probability a blank: a black picture, or the mean attributes      |

Numbers come from a stream of their own for each episode, so that every agent meets the same noise in the same decision
of the same episode, whatever it has done; all strengths of a kind scale the same numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from gwpipe.agents.agent import Actor, Mode
from gwpipe.agents.trained import Trained
from gwpipe.evaluation.ablation import blanks
from gwpipe.representations import Representation
from gwpipe.seeding import numpy_generator

GREY = 128
"""Of the patch, RGB levels: neither environment shows it elsewhere over so wide a square."""
_ROWS = 250
"""Pictures that a VAE encodes at a time."""


class Noise(NamedTuple):
    """One disturbance: of which modality, of which kind, how strong."""

    modality: str
    kind: str
    strength: float


@dataclass(frozen=True)
class Usual:
    """What noise is measured by: of one modality, (…) as an observation."""

    blank: npt.NDArray[Any]
    spread: npt.NDArray[np.float64]
    """Standard deviation of each entry under the random policy."""


def usual(views: Mapping[str, npt.NDArray[Any]]) -> dict[str, Usual]:
    """Modality → what is usual there; `views` are the random policy's observations (N, …)."""
    return {name: Usual(blank, views[name].std(0, dtype=np.float64)) for name, blank in blanks(views).items()}


Disturb = Callable[[npt.NDArray[Any], float, np.random.Generator, Usual], npt.NDArray[Any]]
"""(one observation, strength, stream, what is usual) → an observation of the same shape and type."""


def _as_picture(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    return values.round().clip(0, 255).astype(np.uint8)


def gaussian_pixels(
    picture: npt.NDArray[Any], strength: float, stream: np.random.Generator, usual: Usual
) -> npt.NDArray[Any]:
    return _as_picture(picture + strength * stream.standard_normal(picture.shape))


def salt_pepper(
    picture: npt.NDArray[Any], strength: float, stream: np.random.Generator, usual: Usual
) -> npt.NDArray[Any]:
    hit, white = stream.random((2, *picture.shape[:2], 1))
    return np.where(hit < strength, np.where(white < 0.5, 255, 0), picture).astype(np.uint8)


def blur(picture: npt.NDArray[Any], strength: float, stream: np.random.Generator, usual: Usual) -> npt.NDArray[Any]:
    return _as_picture(gaussian_filter(picture.astype(np.float64), (strength, strength, 0)))


def patch(picture: npt.NDArray[Any], strength: float, stream: np.random.Generator, usual: Usual) -> npt.NDArray[Any]:
    side = max(1, round(strength * len(picture))) if strength else 0
    top, left = (stream.random(2) * (np.array(picture.shape[:2]) - side + 1)).astype(int)
    covered = picture.copy()
    covered[top : top + side, left : left + side] = GREY
    return covered


def gaussian_attributes(
    attributes: npt.NDArray[Any], strength: float, stream: np.random.Generator, usual: Usual
) -> npt.NDArray[Any]:
    noise = strength * usual.spread * stream.standard_normal(attributes.shape)
    return (attributes + noise).astype(attributes.dtype)


def missing(value: npt.NDArray[Any], strength: float, stream: np.random.Generator, usual: Usual) -> npt.NDArray[Any]:
    return usual.blank if stream.random() < strength else value


DISTURB: dict[str, dict[str, Disturb]] = {
    "image": {
        "gaussian": gaussian_pixels,
        "salt_pepper": salt_pepper,
        "blur": blur,
        "patch": patch,
        "missing": missing,
    },
    "attributes": {"gaussian": gaussian_attributes, "missing": missing},
}
"""Modality → kind → what it does; `latent` is no disturbance of an observation."""

STILL = ("patch",)
"""Kinds that draw the same numbers in every decision of an episode."""


class _Streams:
    """The noise's random numbers: an episode → a stream, wherever it is played (`rollouts.rollout`)."""

    def __init__(self, noise: Noise, seed: int) -> None:
        self._name = (seed, "noise", noise.modality, noise.kind)
        self._still = noise.kind in STILL
        self._episodes: list[int] = []
        self._now: list[np.random.Generator] = []

    def begin(self, n: int) -> None:
        # So that an episode has its number whatever is played beside it.
        self._episodes = [at - n for at in range(n)]
        self._now = [numpy_generator(*self._name, 0, episode) for episode in self._episodes]

    def of(self, is_first: npt.NDArray[np.bool_]) -> Sequence[np.random.Generator]:
        """The streams of a decision, (n,)."""
        for at, first in enumerate(is_first):
            self._episodes[at] += len(is_first) * bool(first)
            if first or self._still:
                self._now[at] = numpy_generator(*self._name, 0, self._episodes[at])
        return self._now


class Disturbed:
    """An actor one of whose modalities is disturbed."""

    def __init__(self, agent: Actor, noise: Noise, usual: Usual, seed: int) -> None:
        """`usual`: of the noise's modality."""
        self.agent, self.noise, self.usual = agent, noise, usual
        self._disturb = DISTURB[noise.modality][noise.kind]
        self._streams = _Streams(noise, seed)

    def begin(self, n: int, seed: int | None = None) -> None:
        self.agent.begin(n, seed)
        self._streams.begin(n)

    def act(self, observations: dict[str, np.ndarray], is_first: np.ndarray, mode: Mode = "sample") -> np.ndarray:
        shown = [
            self._disturb(value, self.noise.strength, stream, self.usual)
            for value, stream in zip(observations[self.noise.modality], self._streams.of(is_first))
        ]
        # In its old place: networks on raw observations know the order.
        return self.agent.act(observations | {self.noise.modality: np.stack(shown)}, is_first, mode)


class _Encoder(Protocol):
    """What a representation asks of a domain when it encodes."""

    observation: str

    def encode(self, observations: npt.NDArray[Any]) -> Tensor: ...


class _Noisy:
    """A domain with noise on its latents."""

    def __init__(self, domain: _Encoder, noise: Tensor) -> None:
        self.domain, self.observation, self._noise = domain, domain.observation, noise

    def encode(self, observations: npt.NDArray[Any]) -> Tensor:
        u = self.domain.encode(observations)
        return u + self._noise.to(u)


class DisturbedLatents:
    """An agent whose latents of one modality are disturbed; its representation stays as it is between decisions."""

    def __init__(
        self,
        agent: Actor,
        representation: Representation,
        noise: Noise,
        spread: Mapping[str, npt.NDArray[np.float64]],
        seed: int,
    ) -> None:
        """`spread`: domain → standard deviation of each entry of u, (latent,)."""
        self.agent, self.representation, self.noise, self.spread = agent, representation, noise, spread
        self._streams = _Streams(noise, seed)

    def begin(self, n: int, seed: int | None = None) -> None:
        self.agent.begin(n, seed)
        self._streams.begin(n)

    def act(self, observations: dict[str, np.ndarray], is_first: np.ndarray, mode: Mode = "sample") -> np.ndarray:
        streams = self._streams.of(is_first)
        whole = self.representation.vaes
        noisy: dict[str, Any] = {}
        for name, vae in whole.items():
            if vae.observation == self.noise.modality:
                drawn = np.stack([stream.standard_normal(vae.latent) for stream in streams])
                noisy[name] = _Noisy(vae, torch.from_numpy(self.noise.strength * self.spread[name] * drawn))
        try:
            self.representation.vaes = whole | noisy
            return self.agent.act(observations, is_first, mode)
        finally:
            self.representation.vaes = whole


def latent_spread(
    representation: Representation, views: Mapping[str, npt.NDArray[Any]]
) -> dict[str, npt.NDArray[np.float64]]:
    """Domain → standard deviation of each entry of u (latent,) over the random policy's observations (N, …)."""
    rows = len(next(iter(views.values())))
    parts = [
        representation.encode({name: value[at : at + _ROWS] for name, value in views.items()})
        for at in range(0, rows, _ROWS)
    ]
    return {name: torch.cat([part[name] for part in parts]).double().std(0).cpu().numpy() for name in parts[0]}


def disturbed(
    trained: Trained, noise: Noise, usual: Mapping[str, Usual], spread: Mapping[str, npt.NDArray[np.float64]], seed: int
) -> Actor | None:
    """The agent under `noise`; None where it has nothing that the noise could be in: no latents of the modality."""
    if noise.kind != "latent":
        return Disturbed(trained.agent, noise, usual[noise.modality], seed)
    representation = trained.representation
    if representation is None or not any(vae.observation == noise.modality for vae in representation.vaes.values()):
        return None
    return DisturbedLatents(trained.agent, representation, noise, spread, seed)
