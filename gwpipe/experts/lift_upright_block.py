"""lift_upright_block: grasp the block, lift it and turn it level, so that it lies on a finger and cannot slip."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.carry_upright_block import CarryUprightBlock
from gwpipe.experts.engine import CLOSED

_UP = 1.15  # m; up there the hand points almost straight ahead


class LiftUprightBlock(CarryUprightBlock):
    """As for the bin; then up."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Grasp, lift, turn, hold; again if it fell."""
        while True:
            yield from self.grasp_block()
            place = self.tip()[:2].copy()
            while self.held():
                clear = self.foot() > 0.80
                yield self.toward(np.array([*place, _UP]), CLOSED, self.steep() if clear else None)
