"""ball_off_table: roll the ball over the left edge with the closed hand."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, Expert

_BEHIND = 0.075  # m from the ball's middle to the tip before the push
_MIDDLE, _ABOVE = 0.805, 0.90  # heights of the tip, m: of the ball's middle, and clear of the ball


class RollBall(Expert):
    """To the right of the ball, then to the left; nothing brakes a rolling ball, so a push is enough."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Come down beside the ball, chase it to the edge."""

        def beside(dx: float, z: float) -> np.ndarray:
            ball = self.where("ball")
            return np.array([ball[0] + dx, ball[1], z])

        while self.where("ball")[2] > 0.7:
            if self.tip()[0] < self.where("ball")[0] + 0.03 or abs(self.tip()[1] - self.where("ball")[1]) > 0.03:
                yield from self.reach(lambda: beside(_BEHIND, _ABOVE), CLOSED, near=0.03)
                yield from self.reach(lambda: beside(_BEHIND, _MIDDLE), CLOSED, near=0.015, limit=40)
            yield self.toward(beside(-0.05, _MIDDLE), CLOSED)
        yield from self.stay(CLOSED)
