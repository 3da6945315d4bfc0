"""ball_in_bin: carry the ball over the bin and let it roll out of the level hand."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import OPEN
from gwpipe.experts.lift_ball import LiftBall

_WAY = np.array([[0.20, 0.62, 1.12], [0.40, 0.52, 1.12]])  # m; before the blocks, over the bin
_HIGH = 1.3  # m, height of the tip towards which the opened hand rises
_LOW = 0.88  # m, height of the ball that is clear of what lies about


class BallInBin(LiftBall):
    """High up, because the hand lies flat there; from a steep one the ball would not roll, though the fingers open."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Take, carry, open; again if it was lost on the desk."""
        while self.on_desk():
            yield from self.take()
            x, y, _ = self.where("ball")
            for place in (np.array([x, min(y, 0.68), _LOW]), *_WAY):
                yield from self.carry(place, near=0.03)
            place = np.array([*self.tip()[:2], _HIGH])
            while self.held():
                yield self.toward(place, OPEN, self.level())
        yield from self.stay(OPEN)
