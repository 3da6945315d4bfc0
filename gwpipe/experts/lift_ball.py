"""lift_ball: take the ball, which is as wide as the open fingers, deep between them and hold it up."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, OPEN, Expert

_DEEP = 0.046  # m from the fingertips to the ball's middle: from there closing presses it towards the palm, not out
_LOW = 0.77  # m, as low as the tip comes; the desk is at .76
_AROUND = 0.02  # m above its place, where the tip has the ball between the fingers and they do not touch it yet
_MIDDLE = 0.005  # m by which the ball may lie below the middle of the fingers; over their rounded edge it slips out
_BEFORE_HANDLE = 0.715  # m, y of the ball: nearer to the robot than the door's handle, which may hang over it
_UP = 1.02  # m, height of the ball well clear
_VERTICAL = np.array([0.0, 0.0, 1.0])


class LiftBall(Expert):
    """Open fingers around the ball, press down until it is deep between them, close, lift."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Take, lift, hold; again if it was lost."""
        while self.on_desk():
            yield from self.take()
            yield from self.carry(np.array([*self.where("ball")[:2], _UP]))
            yield from self.hold()
        yield from self.stay(OPEN)

    def on_desk(self) -> bool:
        """The ball has not fallen."""
        return bool(self.where("ball")[2] > 0.7)

    def held(self) -> bool:
        """The ball is between the fingers."""
        return bool(np.linalg.norm(self.where("ball") - self.tip()) < 0.07)

    def take(self) -> Iterator[np.ndarray]:
        """Grasp the ball and draw it from under the door's handle."""

        def around(back: float, up: float) -> np.ndarray:
            place = self.where("ball") + _DEEP * self.axis() - back * np.cross(_VERTICAL, self.level())
            return np.array([*place[:2], max(place[2], _LOW) + up])

        yield from self.travel(lambda: around(0.07, 0.11), OPEN, self.level)
        yield from self.reach(lambda: around(0.05, 0.11), OPEN, self.level, near=0.01)
        # Steeply, because the handle may be in the way, but not from straight above.
        for far in np.linspace(1.0, 0.0, 14):
            yield from self.reach(around(0.05 * far, _AROUND + 0.09 * far), OPEN, self.level, near=0.006, limit=2)
        for _ in range(60):
            if not self.held() or self._below() < _MIDDLE:
                break
            yield self.toward(around(0.0, -0.01), OPEN, self.level())
        yield from self.rest(8, CLOSED)
        ball = self.where("ball")
        if ball[1] > _BEFORE_HANDLE:
            yield from self.carry(np.array([ball[0], _BEFORE_HANDLE, ball[2]]), near=0.01)

    def carry(self, to: np.ndarray, near: float = 0.02) -> Iterator[np.ndarray]:
        """Carry the ball's middle to `to` (3,) m while it is held."""
        for _ in range(150):
            ahead = to - self.where("ball")
            if np.linalg.norm(ahead) < near or not self.held():
                return
            yield self.toward(self.tip() + ahead, CLOSED)

    def hold(self) -> Iterator[np.ndarray]:
        """Keep it where it is, until it is lost."""
        place = self.tip()
        while self.held():
            yield self.toward(place, CLOSED)

    def _below(self) -> float:
        across = self.steep()
        return float((self.tip() - self.where("ball")) @ across * np.sign(across[2]))
