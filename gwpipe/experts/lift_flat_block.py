"""lift_flat_block: slide the block part-way over the front edge, grip it there by its thickness, lift."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, OPEN
from gwpipe.experts.slide_flat_block import NEARER, RIGHT, SlideFlatBlock

_OVERHANG = 0.592  # m, y of the block's middle: the edge is at .575, so the block still lies safely
_APART = 0.36  # m, x of the block; further left the hand would be too near to the robot
_OVER, _UP = 0.88, 1.0  # heights of the tip, m: clear of the block, and of a good lift


class LiftFlatBlock(SlideFlatBlock):
    """Fingers one above the other: the lower one under the overhanging side, in front of the desk."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Slide, grip, lift, hold; again if it slipped."""
        while self.on_desk():
            yield from self.slide(RIGHT, _APART)
            yield from self.slide(NEARER, _OVERHANG)
            yield from self._grip()
            while self._held():
                yield self.toward(np.array([*self.tip()[:2], _UP]), CLOSED, self.steep())
        yield from self.stay(OPEN)

    def _grip(self) -> Iterator[np.ndarray]:
        def edge(back: float) -> np.ndarray:
            block = self.where("flat_block")
            return block + np.array([0.0, -0.035 + 0.02, 0.0]) - back * self.axis()

        # Higher up, so near the robot, the arm could not fold far enough.
        yield from self.reach(self.tip() * [1, 1, 0] + [0, 0, _OVER], OPEN, self.steep, near=0.02)
        yield from self.reach(lambda: edge(0.10), OPEN, self.steep, near=0.015)
        yield from self.reach(lambda: edge(0.0), OPEN, self.steep, near=0.008, limit=40)
        yield from self.rest(12, CLOSED, self.steep)

    def _held(self) -> bool:
        return bool(self.desk.physics.data.qpos[7:9].sum() > 0.015)
