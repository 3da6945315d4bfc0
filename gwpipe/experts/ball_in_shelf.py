"""ball_in_shelf: carry the ball over the blocks, through the open side of the shelf, and hold it there."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED
from gwpipe.experts.lift_ball import LiftBall
from gwpipe.experts.shut_slide import ShutSlide

_DOOR = 0.15  # m, opening of the door that leaves room for the hand; its edge is there, too
_ROOM = 0.11  # m from the door's edge to the ball's middle, for the wide palm
_LEFT = 0.25  # m; the task asks for an x of .2, and far right the arm is too short
_LOW, _HIGH = 0.90, 1.01  # m, heights of the ball: clear of what lies about, and of the standing block
_DEEP, _HEIGHT = 1.01, 0.91  # m, y and height of the ball in the shelf; the task asks for a y of 1.0


class BallInShelf(ShutSlide, LiftBall):
    """It stays between the fingers: let go, it would roll out again."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Shut the door far enough, take, carry, hold; again if it was lost."""
        yield from self.shut(_DOOR)
        while self.on_desk():
            yield from self.take()
            x, y, _ = self.where("ball")
            lane = max(_LEFT, self.joint("slide_joint") + _ROOM)
            for place in ([x, min(y, 0.70), _LOW], [lane, 0.68, _HIGH], [lane, 0.86, _HIGH], [lane, 0.88, _HEIGHT]):
                yield from self.carry(np.array(place), near=0.03)
            while self.held() and self.where("ball")[1] < _DEEP:
                ahead = np.array([lane, _DEEP + 0.02, _HEIGHT]) - self.where("ball")
                yield self.toward(self.tip() + ahead, CLOSED)
            yield from self.hold()
        yield from self.stay(CLOSED)
