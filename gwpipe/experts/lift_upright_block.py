"""lift_upright_block: grasp the block, lift it and turn it level, so that it lies on a finger and cannot slip."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.carry_upright_block import CarryUprightBlock
from gwpipe.experts.engine import CLOSED

_LIFT = 0.10  # m; the dense reward has its largest value from there on


class LiftUprightBlock(CarryUprightBlock):
    """As for the bin, only deeper; then up."""

    deep = 0.04

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Grasp, lift, turn, hold; again if it fell."""
        while True:
            yield from self.grasp_block()
            place = self.tip() + np.array([0.0, 0.0, _LIFT + 0.01])
            while self.held():
                clear = self.foot() > 0.80
                yield self.toward(place, CLOSED, self.steep() if clear else None)
