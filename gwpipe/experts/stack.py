"""stack: bring the flat block before the standing one and pull that over, so that it falls onto it."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED
from gwpipe.experts.slide_flat_block import AWAY, LEFT, NEARER, RIGHT, SlideFlatBlock

_FALLS = 0.113  # m by which the standing block's middle moves when it is pulled over
_BEHIND, _TOP = 0.055, 0.915  # m behind the block's far side, height of the tip near its top
_EXACT = 0.018  # m


class Stack(SlideFlatBlock):
    """Slide, hook behind the top, pull."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Place the flat block, then topple the other."""
        for _ in range(2):
            goal = self._goal()
            off = self.where("flat_block")[:2] - goal
            if abs(off[0]) > _EXACT:
                yield from self.slide(RIGHT if off[0] < 0 else LEFT, goal[0])
            if off[1] < -_EXACT:
                yield from self.slide(AWAY, goal[1])
            elif off[1] > 2 * _EXACT:
                yield from self.slide(NEARER, goal[1])

        def behind(distance: float, z: float) -> np.ndarray:
            return self.where("upright_block") * [1, 1, 0] + np.array([0.0, 0.023 + distance, z])

        yield from self.travel(lambda: behind(_BEHIND, 1.0), CLOSED, self.level)
        yield from self.reach(lambda: behind(_BEHIND, _TOP), CLOSED, self.level, near=0.012, limit=40)
        for _ in range(40):
            if self.where("upright_block")[2] < 0.84:
                break
            yield self.toward(self.tip() + np.array([0.0, -0.01, 0.0]), CLOSED, self.level())
        yield from self.reach(lambda: self.tip() * [1, 1, 0] + np.array([0.0, 0.0, 1.0]), CLOSED, near=0.03)
        yield from self.stay(CLOSED)

    def _goal(self) -> np.ndarray:
        return self.where("upright_block")[:2] - np.array([0.0, _FALLS])
