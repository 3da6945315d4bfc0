"""The attribute β-VAEs (Tables IV and V), in the layouts that give the printed parameter counts."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from gwpipe.domains.domain import VAE
from gwpipe.domains.mlp import WithLinearPath, mlp
from gwpipe.errors import UserError, nearest
from gwpipe.seeding import row_draws

SHAPES = 3
"""Classes of Simple Shapes; the attribute vector begins with their one-hot."""

COLUMNS = {"position": (3, 4), "size": (5,), "rotation": (6, 7), "colour": (8, 9, 10)}
"""Columns of Simple Shapes' other attributes, by what may be left out together."""

SMALLEST_SCALE = 0.01
"""Lower bound of a standard deviation (m, rad, m/s or rad/s): what hardly moves in the data must not become noise."""
CLIP = 10.0
"""Standardised attributes are cut at this many standard deviations: a collision's velocities would rule the loss."""


MOST_PRIVATE = 16
"""Private values that a row can have."""


def private_values(attributes: npt.NDArray[Any], count: int, seed: int) -> npt.NDArray[np.float32]:
    """Private values (N, count), uniform in [−1, 1], of rows of normalised attributes (N, 11).

    They are drawn from the row's bytes and `seed`, so that a row has the same ones in every data set and batch and
    while an agent acts, and they say nothing of the row: no picture and no sentence shows them, and no network can tell
    them from the other attributes.
    """
    rows = np.ascontiguousarray(attributes, dtype=np.float32)
    drawn = row_draws(rows, "unpaired", seed)[:, :count]
    return (drawn / 65535 * 2 - 1).astype(np.float32)


class ShapeAttributesVAE(VAE):
    """Simple Shapes' 11 attributes (B, 11): the class by cross entropy, the others by tanh and squared error.

    Args:
        latent: width of u (10 in the paper).
        width: factor on the hidden layers (64 in the paper).
        without: attributes that this domain does not see, of `COLUMNS`; none in the paper. What it sees (B, A) keeps
            the order.
        unpaired: private values (`private_values`) that stand behind the attributes; none in the paper, one in the
            published data set.
        seed: of the private values.

    Raises:
        UserError: `without` names something else, or there are not so many private values.
    """

    observation = "attributes"

    def __init__(
        self,
        latent: int,
        width: float = 1.0,
        without: Sequence[str] = (),
        unpaired: Annotated[int, Field(ge=0)] = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        for name in without:
            if name not in COLUMNS:
                raise UserError(f"Simple Shapes' attributes without '{name}' cannot be made{nearest(name, COLUMNS)}")
        if not 0 <= unpaired <= MOST_PRIVATE:
            raise UserError(f"a shape has 0 to {MOST_PRIVATE} private values, not {unpaired}; mend `unpaired`")
        self.latent, self.width, self.without = latent, width, sorted(without)
        self.unpaired, self.seed = unpaired, seed
        left_out = {column for name in without for column in COLUMNS[name]}
        self.columns = [column for column in range(SHAPES + 8) if column not in left_out]
        hidden, seen = max(1, round(64 * width)), len(self.columns) + unpaired
        self.encoder = nn.Sequential(mlp(seen, hidden, hidden, latent), nn.ReLU())
        self.mean = nn.Linear(latent, latent)
        self.log_variance = nn.Linear(latent, latent)
        self.decoder = nn.Sequential(mlp(latent, hidden, hidden), nn.ReLU())
        self.shape = nn.Linear(hidden, SHAPES)
        self.rest = nn.Linear(hidden, seen - SHAPES)

    def describe(self) -> dict[str, Any]:
        seen = {"without": self.without, "unpaired": self.unpaired, "seed": self.seed}
        return {"kind": "shape_attributes", "latent": self.latent, "width": self.width, **seen}

    def prepare(self, observations: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """(B, 11) to (B, A): what is not left out, then the private values."""
        shown = observations[:, self.columns] if self.without else observations
        if not self.unpaired:
            return shown
        return np.concatenate([shown, private_values(observations, self.unpaired, self.seed)], axis=1)

    def inputs(self, prepared: Tensor) -> Tensor:
        return prepared.float()

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.encoder(x)
        return self.mean(features), self.log_variance(features)

    def decode(self, u: Tensor) -> Tensor:
        """(B, latent) to (B, A): 3 logits, the other attributes and the private values in [−1, 1]."""
        features = self.decoder(u)
        return torch.cat([self.shape(features), torch.tanh(self.rest(features))], dim=-1)

    def reconstruction_loss(self, decoded: Tensor, x: Tensor) -> Tensor:
        """Cross entropy of the class plus the Gaussian negative log-likelihood (σ = 1) of the rest."""
        shape = functional.cross_entropy(decoded[:, :SHAPES].float(), x[:, :SHAPES])
        return shape + 0.5 * (decoded[:, SHAPES:].float() - x[:, SHAPES:]).square().sum(1).mean()

    def observations(self, decoded: Tensor) -> npt.NDArray[np.float32]:
        shape = functional.one_hot(decoded[:, :SHAPES].argmax(1), SHAPES)
        return torch.cat([shape, decoded[:, SHAPES:].detach()], dim=1).float().cpu().numpy()


class VectorAttributesVAE(VAE):
    """A vector of real attributes (B, size), standardised per entry: RoboDesk's 76, or a part of them.

    Positions, angles and velocities differ in scale by orders of magnitude, so mean and standard deviation of the
    training data are kept with the weights; u and the loss see standardised entries.

    Args:
        size: entries that this domain sees.
        latent: width of u (40 in the paper).
        width: factor on the hidden layers (512 in the paper).
        first: column of the environment's vector with which they begin.
        linear_path: add a linear map of x to the posterior's mean, and one of u to what is decoded; none in the paper.
            Most of a desk's vector lies close to a plane of 40 dimensions, and where things lie is drawn once an
            episode: networks of ReLU alone learn the few desks of small data by heart.
        rates: columns of the environment's vector that hold velocities, as pairs [first, past the last]; those that
            this domain does not see are passed over.
        rate_weight: factor on standardised velocities; 1 in the paper. They change with every action, so that at 1 they
            are most of what moves in u from one row to the next, and no picture shows them.

    Raises:
        UserError: `rates` are no such pairs, or `rate_weight` is not positive.
    """

    observation = "attributes"
    centre: Tensor
    scale: Tensor
    weight: Tensor

    def __init__(
        self,
        size: Annotated[int, Field(gt=0)],
        latent: int,
        width: float = 1.0,
        first: Annotated[int, Field(ge=0)] = 0,
        linear_path: bool = False,
        rates: Sequence[Annotated[Sequence[int], Field(min_length=2, max_length=2)]] = (),
        rate_weight: Annotated[float, Field(gt=0)] = 1.0,
    ) -> None:
        super().__init__()
        self.size, self.latent, self.width, self.first = size, latent, width, first
        self.linear_path, self.rates, self.rate_weight = linear_path, [[*pair] for pair in rates], rate_weight
        self.register_buffer("weight", self._weights(), persistent=False)
        hidden = max(1, round(512 * width))
        self.encoder = nn.Sequential(mlp(size, hidden, hidden, hidden, hidden, latent), nn.ReLU())
        self.mean = nn.Linear(latent, latent)
        self.log_variance = nn.Linear(latent, latent)
        self.decoder = (WithLinearPath if linear_path else mlp)(latent, hidden, hidden, hidden, size)
        if linear_path:
            self.straight_mean = nn.Linear(size, latent, bias=False)
        self.register_buffer("centre", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))

    def describe(self) -> dict[str, Any]:
        sizes = {"size": self.size, "first": self.first, "latent": self.latent, "width": self.width}
        paths = {"linear_path": self.linear_path, "rates": self.rates, "rate_weight": self.rate_weight}
        return {"kind": "vector_attributes", **sizes, **paths}

    def _weights(self) -> Tensor:
        """(size,), what each standardised entry counts."""
        if not self.rate_weight > 0:
            raise UserError(f"`rate_weight` {self.rate_weight} leaves no way back to velocities; make it positive")
        weight = torch.ones(self.size)
        for pair in self.rates:
            if len(pair) != 2 or not 0 <= pair[0] < pair[1]:
                raise UserError(f"`rates` {pair}: columns are pairs [first, past the last]")
            begin, end = (max(0, column - self.first) for column in pair)
            weight[begin:end] = self.rate_weight
        return weight

    def prepare(self, observations: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """(B, A) to the columns that this domain sees (B, size).

        Raises:
            UserError: the vector has too few columns.
        """
        columns = observations.shape[1]
        if self.first + self.size > columns:
            raise UserError(
                f"a domain of attributes {self.first} to {self.first + self.size - 1} cannot read a vector of {columns}"
            )
        return observations[:, self.first : self.first + self.size]

    def fit_to(self, prepared: npt.NDArray[Any]) -> None:
        """Take the standardisation from training vectors (N, size)."""
        rows = prepared.astype(np.float64)
        self.centre.copy_(torch.from_numpy(rows.mean(0)))
        self.scale.copy_(torch.from_numpy(rows.std(0).clip(min=SMALLEST_SCALE)))

    def inputs(self, prepared: Tensor) -> Tensor:
        return self.weight * ((prepared.float() - self.centre) / self.scale).clamp(-CLIP, CLIP)

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.encoder(x)
        mean = self.mean(features)
        if self.linear_path:
            mean = mean + self.straight_mean(x)
        return mean, self.log_variance(features)

    def decode(self, u: Tensor) -> Tensor:
        """(B, latent) to standardised and weighted attributes (B, size)."""
        return self.decoder(u)

    def reconstruction_loss(self, decoded: Tensor, x: Tensor) -> Tensor:
        """Gaussian negative log-likelihood with σ = 1 standard deviation over the weight, without its constant."""
        return 0.5 * (decoded.float() - x).square().sum(1).mean()

    def observations(self, decoded: Tensor) -> npt.NDArray[np.float32]:
        return (decoded.detach().float() / self.weight * self.scale + self.centre).cpu().numpy()
