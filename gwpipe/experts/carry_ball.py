"""lift_ball, ball_in_bin, ball_in_shelf: grasp the ball, as wide as the open fingers, and take it away."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, OPEN, Expert

_RADIUS, _DESK = 0.04, 0.76  # of the ball, and the desk's height, m
_LOW = 0.016  # m above the desk, as low as the tip comes; the fingers' middle then meets the ball's well behind the tip
_UP = 1.0
_VERTICAL = np.array([0.0, 0.0, 1.0])


class LiftBall(Expert):
    """Open fingers from above around the ball, close, lift; again if it was lost."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Grasp, lift, hold."""
        while self.where("ball")[2] > 0.7:
            yield from self.grasp()
            while self.held():
                yield self.toward(np.array([*self.tip()[:2], _UP]), OPEN)
        yield from self.stay(OPEN)

    def grasp(self) -> Iterator[np.ndarray]:
        """Close the fingers around the ball, from above; steeply, because the door's handle may hang over it."""

        def around(back: float, up: float) -> np.ndarray:
            axis = self.axis()
            point = self.where("ball") + (_RADIUS - _LOW) / max(0.4, -axis[2]) * axis
            ahead = np.cross(_VERTICAL, self.level())
            return np.array([*(point - back * ahead)[:2], _DESK + _LOW + up])

        yield from self.travel(lambda: around(0.07, 0.09), OPEN, self.level)
        yield from self.reach(lambda: around(0.05, 0.09), OPEN, self.level, near=0.01)
        for far in np.linspace(1.0, 0.0, 14):
            yield from self.reach(around(0.05 * far, 0.09 * far), OPEN, self.level, near=0.006, limit=2)
        yield from self.reach(lambda: around(0.0, 0.0), OPEN, self.level, near=0.004, limit=25)

    def held(self) -> bool:
        """The ball is between the fingers."""
        return bool(np.linalg.norm(self.where("ball") - self.tip()) < 0.07)
