"""lift_ball: take the ball, which just wedges between the open fingers, and hold it up."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import OPEN, Expert

_RADIUS, _DESK = 0.04, 0.76  # of the ball, and the desk's height, m
_LOW = 0.016  # m above the desk, as low as the tip comes; the fingers' middle then meets the ball's well behind the tip
_UP = 1.0  # m, height of the tip that lifts the ball well clear
_VERTICAL = np.array([0.0, 0.0, 1.0])


class LiftBall(Expert):
    """Open fingers from above around the ball until it is stuck, lift. They stay open: closing would squeeze it out."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Grasp, lift, hold."""
        while self.on_desk():
            yield from self.take()
            while self.held():
                yield self.toward(np.array([*self.tip()[:2], _UP]), OPEN)
        yield from self.stay(OPEN)

    def on_desk(self) -> bool:
        """The ball has not fallen."""
        return bool(self.where("ball")[2] > 0.7)

    def held(self) -> bool:
        """The ball is between the fingers."""
        return bool(np.linalg.norm(self.where("ball") - self.tip()) < 0.07)

    def take(self) -> Iterator[np.ndarray]:
        """Wedge the ball between the fingers, from above; steeply, because the door's handle may hang over it."""

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
