"""upright_block_in_shelf: carry the block into the open side of the shelf and push it against the back."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.carry_upright_block import CarryUprightBlock
from gwpipe.experts.engine import CLOSED, OPEN

_PLACE = np.array([0.27, 0.94])  # m, inside the shelf, right of the door
_TOP = 0.91  # m, height of the push; the block's top is at .94


class UprightBlockInShelf(CarryUprightBlock):
    """Grasp, carry, release, push: the block leans against the back, its middle far enough in."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Carry it there, push it in."""
        yield from self.grasp_block()
        yield from self.carry_block(_PLACE, 0.775)
        yield from self.rest(8, OPEN)
        yield from self.reach(lambda: self.tip() - 0.08 * self.axis(), OPEN, limit=14)

        def before(distance: float, z: float) -> np.ndarray:
            block = self.where("upright_block")
            return np.array([block[0], block[1] - distance, z])

        yield from self.reach(lambda: before(0.08, _TOP), CLOSED, self.level, near=0.02, limit=40)
        while True:
            standing = self.where("upright_block")[2] > 0.835
            yield self.toward(before(-0.05, _TOP) if standing else before(0.02, 0.80), CLOSED, self.level())
