"""Stand-ins for a trained representation whose quality is known exactly."""

import numpy as np
import pytest
import torch

from gwpipe.envs.simple_shapes import denormalise
from gwpipe.studies.fresh_shapes import Shapes, fresh_shapes
from gwpipe.studies.trained import Trained


class Mirror:
    """A domain whose observation, latent and reconstruction are the attribute vector, the latter with a known error."""

    latent = 11

    def __init__(self, observation, right=0.0):
        self.observation, self.right = observation, right

    def encode(self, observations):
        return torch.from_numpy(observations)

    def decode(self, u):
        return u

    def observations(self, decoded):
        made = decoded.numpy().copy()
        made[:, 3] += self.right / 9
        return made


class Shared:
    """A workspace in which every domain's latent is the state itself."""

    def encode(self, u):
        return dict(u)

    def fuse(self, u, weights):
        return sum(weight * u[name] for name, weight in weights.items())

    def decode(self, z):
        return {"v": z, "attr": z}


class Collapsed(Shared):
    """A workspace that forgets everything."""

    def encode(self, u):
        return {name: torch.ones_like(latents) for name, latents in u.items()}

    def fuse(self, u, weights):
        return torch.zeros_like(next(iter(u.values())))


class Sharp:
    """A reader of pictures that are attribute vectors."""

    def read(self, image):
        return denormalise(image)


@pytest.fixture
def trained():
    """Make a representation; the picture's VAE moves shapes `right` px, and the reader sees everything."""

    def make(right=0.0, **workspaces):
        domains = {"v": Mirror("image", right), "attr": Mirror("attributes")}
        return Trained(domains, workspaces, Sharp())

    return make


@pytest.fixture
def shapes():
    """500 shapes whose picture is their attribute vector."""
    drawn = fresh_shapes(500, "test shapes", 0)
    return Shapes(drawn.raw, drawn.attributes, drawn.attributes)


@pytest.fixture
def shared():
    return Shared()


@pytest.fixture
def collapsed():
    return Collapsed()


@pytest.fixture
def as_vectors():
    """Shapes with their attribute vectors for pictures."""

    def make(shapes):
        return Shapes(np.asarray(shapes.raw), shapes.attributes, shapes.attributes)

    return make
