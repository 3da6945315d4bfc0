"""lift_flat_block: slide the block part-way over the front edge, grip it there by its thickness, lift."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, OPEN
from gwpipe.experts.slide_flat_block import NEARER, SlideFlatBlock

_OVERHANG = 0.592  # m, y of the block's middle: the edge is at .575, so the block still lies safely
_UP = 1.0


class LiftFlatBlock(SlideFlatBlock):
    """Fingers one above the other: the lower one under the overhanging side, in front of the desk."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Slide, grip, lift, hold; again if it slipped."""
        while self.on_desk():
            yield from self.slide(NEARER, _OVERHANG)
            yield from self._grip()
            while self._held():
                yield self.toward(np.array([*self.tip()[:2], _UP]), CLOSED, self.steep())
        yield from self.stay(OPEN)

    def _grip(self) -> Iterator[np.ndarray]:
        def edge(back: float) -> np.ndarray:
            block = self.where("flat_block")
            return block + np.array([0.0, -0.035 + 0.02, 0.0]) - back * self.axis()

        yield from self.travel(lambda: edge(0.12), OPEN, self.steep)
        yield from self.reach(lambda: edge(0.10), OPEN, self.steep, near=0.015)
        yield from self.reach(lambda: edge(0.0), OPEN, self.steep, near=0.008, limit=40)
        yield from self.rest(12, CLOSED, self.steep)

    def _held(self) -> bool:
        return bool(self.desk.physics.data.qpos[7:9].sum() > 0.015)
