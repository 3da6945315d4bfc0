"""upright_block_in_bin, upright_block_off_table: grasp the upright block and let it fall into the bin."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, OPEN, Expert

_GRASP = 0.86  # m, height of the grasp; the block's middle is at .85, its top at .94
_OVER_FLAT_BLOCK = 0.81  # m, height of the block's foot that clears the flat block
_BIN = np.array([0.42, 0.53])


class CarryUprightBlock(Expert):
    """Open fingers along the hand's axis around the block, close, lift, over the bin, open."""

    deep = 0.02
    """Metres that the fingertips go beyond the block's middle: less, and the closing fingers squeeze it out."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Drop the block, then stay."""
        yield from self.drop_in_bin()
        yield from self.stay(OPEN)

    def drop_in_bin(self) -> Iterator[np.ndarray]:
        """Grasp, carry, release; again if it slipped."""
        while self.where("upright_block")[2] > 0.7:
            yield from self.grasp_block()
            yield from self.carry_block(_BIN, _OVER_FLAT_BLOCK)
            yield from self.rest(15, OPEN)

    def grasp_block(self) -> Iterator[np.ndarray]:
        """Close the fingers around the block."""

        def before(distance: float) -> np.ndarray:
            block = self.where("upright_block")
            return np.array([*block[:2], _GRASP]) - distance * self.axis()

        yield from self.travel(lambda: before(0.12), OPEN, self.level)
        yield from self.reach(lambda: before(0.10), OPEN, self.level, near=0.02)
        yield from self.reach(lambda: before(-self.deep), OPEN, self.level, near=0.01, limit=40)
        yield from self.rest(12, CLOSED)

    def carry_block(self, to: np.ndarray, height: float) -> Iterator[np.ndarray]:
        """Carry its middle to `to` (2,) m, its foot at least at `height` m: it sinks slowly in the grasp."""
        for _ in range(150):
            ahead = to - self.where("upright_block")[:2]
            if np.linalg.norm(ahead) < 0.03 or not self.held():
                return
            rise = 0.01 + height - self.foot()
            yield self.toward(self.tip() + np.array([*(ahead if rise < 0.01 else np.zeros(2)), rise]), CLOSED)

    def held(self) -> bool:
        """The block is between the fingers."""
        return bool(self.desk.physics.data.qpos[7:9].sum() > 0.03)

    def foot(self) -> float:
        """Height of the block's lowest corner, m."""
        turned = self.desk.physics.named.data.xmat["upright_block"].reshape(3, 3)[2]
        return float(self.where("upright_block")[2] - np.abs(turned) @ np.array([0.023, 0.023, 0.09]))
