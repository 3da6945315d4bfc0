"""Shut the shelf's door a little, as ball_in_shelf and flat_block_in_shelf ask for: its opening is left of the room."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, Expert

_HANDLE_Y, _HANDLE_Z = 0.80, 0.94  # m; the tip a little behind the handle's bar, at its middle


class ShutSlide(Expert):
    """What the tasks of the shelf share: the hand is wide and needs room beside the door."""

    def shut(self, opening: float) -> Iterator[np.ndarray]:
        """Push the handle to the left until the door is open by at most `opening` m (1 cm more is not worth it)."""

        def beside(dx: float, y: float) -> np.ndarray:
            handle = self.desk.physics.named.data.site_xpos["slide_handle"]
            return np.array([handle[0] + dx, y, _HANDLE_Z])

        while self.joint("slide_joint") > opening + 0.01:
            yield from self.reach(lambda: beside(0.08, 0.68), CLOSED, near=0.03)
            yield from self.reach(lambda: beside(0.06, _HANDLE_Y), CLOSED, near=0.02)
            for _ in range(40):
                if self.joint("slide_joint") < opening:
                    break
                yield self.toward(beside(-0.05, _HANDLE_Y), CLOSED)
            yield from self.reach(lambda: beside(0.08, 0.68), CLOSED, near=0.03, limit=30)
