"""Ways through a workspace: from the latents of some domains to the observation of one."""

from collections.abc import Mapping
from dataclasses import dataclass

PICTURE, VECTOR = "v", "attr"
"""The two domains of Simple Shapes that are measured: its picture and its attribute vector."""


@dataclass(frozen=True)
class Route:
    """Fusion weights of the domains that a state is made of, and the domain that it is decoded to."""

    weights: Mapping[str, float]
    target: str

    @property
    def name(self) -> str:
        """`attr->v` and the like; of several sources `attr+v->v`."""
        return f"{'+'.join(sorted(self.weights))}->{self.target}"

    @property
    def domains(self) -> set[str]:
        """Every domain whose VAE the route goes through."""
        return {*self.weights, self.target}


TRANSLATIONS = (Route({VECTOR: 1.0}, PICTURE), Route({PICTURE: 1.0}, VECTOR))
DEMI_CYCLES = (Route({PICTURE: 1.0}, PICTURE), Route({VECTOR: 1.0}, VECTOR))
FUSIONS = tuple(Route({VECTOR: 0.5, PICTURE: 0.5}, target) for target in (PICTURE, VECTOR))
ROUTES = TRANSLATIONS + DEMI_CYCLES + FUSIONS
