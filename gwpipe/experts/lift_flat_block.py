"""lift_flat_block: draw the block partly over the desk's front edge and raise that side with a finger below it."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, OPEN
from gwpipe.experts.slide_flat_block import NEARER, RIGHT, SlideFlatBlock

_APART = 0.32  # m, x of the block's middle; further left the hand would be too near to the robot
_OVERHANG = 0.584  # m, y of the block's middle; the edge is at .575
_DEEP, _THICK = 0.035, 0.015  # of the block, half, m
_FINGER = 0.04  # m from the middle between the open fingers to each
_FLAT = -0.63  # of the hand's axis, how much may point down; of a steeper hand both fingers would meet the block
_CLEAR, _LOW, _RAISED = 0.82, 0.735, 0.79  # heights of the lower fingertip, m: above the block, below it, raising it
_BEFORE, _UNDER = -0.045, 0.012  # m from the block's front side to the lower fingertip
_HEIGHT = 0.79  # m, of the block's middle; the task asks for .78


class LiftFlatBlock(SlideFlatBlock):
    """The open fingers lie one above the other, around the overhanging side; the other side stays on the desk."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Slide, reach below, raise, hold; again if it slipped off."""
        while self.on_desk():
            if self.where("flat_block")[0] < _APART - 0.02:
                yield from self.slide(RIGHT, _APART)
            yield from self.slide(NEARER, _OVERHANG)
            yield from self._flatten()
            yield from self._raise_side()
            yield from self._hold()
        yield from self.stay(OPEN)

    def _flatten(self) -> Iterator[np.ndarray]:
        """Press the tip on the desk: it cannot go down, and the hand behind it does."""
        for _ in range(40):
            if self.axis()[2] > _FLAT:
                break
            yield self.toward(self.tip() - [0.0, 0.0, 0.03], CLOSED, self.level())

    def _raise_side(self) -> Iterator[np.ndarray]:
        x, y, _ = self.where("flat_block")

        def lower_finger(ahead: float, z: float) -> np.ndarray:
            return np.array([x, y - _DEEP + ahead, z]) + _FINGER * self._upward()

        above = self.tip() * [1.0, 1.0, 0.0] + [0.0, 0.0, 0.87]
        yield from self.reach(above, OPEN, self.steep, near=0.03, limit=12)
        yield from self.reach(lambda: lower_finger(_BEFORE, _CLEAR), OPEN, self.steep, near=0.015, limit=80)
        yield from self.reach(lambda: lower_finger(_BEFORE, _LOW), OPEN, self.steep, near=0.008, limit=30)
        yield from self.reach(lambda: lower_finger(_UNDER, _LOW), OPEN, self.steep, near=0.006, limit=30)
        yield from self.reach(lambda: lower_finger(_UNDER, _RAISED), OPEN, self.steep, near=0.006, limit=30)

    def _hold(self) -> Iterator[np.ndarray]:
        """Stay under the raised side, which slowly slides away, and keep it up."""
        place = self.tip() - self._corner()
        height = self.tip()[2]
        while self.desk.solved():
            sunk = max(0.0, _HEIGHT - self.where("flat_block")[2])
            yield self.toward(np.array([*(self._corner() + place)[:2], height + sunk]), OPEN, self.steep())

    def _upward(self) -> np.ndarray:
        """From the lower finger to the upper one, a unit vector (3,)."""
        return self.steep() * np.sign(self.steep()[2])

    def _corner(self) -> np.ndarray:
        """The middle of the block's lower front edge, (3,) m."""
        turned = self.desk.physics.named.data.xmat["flat_block"].reshape(3, 3)
        return self.where("flat_block") - _DEEP * np.sign(turned[1, 1]) * turned[:, 1] - _THICK * turned[:, 2]
