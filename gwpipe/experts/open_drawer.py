"""open_drawer: pull the handle's bar towards the robot, then the drawer's front wall from inside."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, Expert

_OPEN = -0.215  # m; the task asks for -.2
_ROOM = -0.078  # m, opening from which the tip fits between front wall and desk
_BAR, _WALL = np.array([0.06, 0.49, 0.662]), np.array([0.18, 0.60, 0.688])  # m, where to pull while it is closed
_BEHIND = 0.035  # m from the middle of bar or wall to the tip
_OVER = 0.75  # m, height of the tip over both
_FRONT = np.array([0.10, 0.545, 0.735])  # m, before the desk's front edge, at its height
_LEAN = 0.25  # of the hand's axis, how much points away from the robot; the arm can fold far enough then
_STALLED = 12  # decisions without motion
_ALONG = np.array([1.0, 0.0, 0.0])  # the fingers lie along the desk, and so does the wide palm


class OpenDrawer(Expert):
    """The leaning hand would reach the robot before the drawer is open, so it is first made to hang down."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Hang, pull, until it is open."""
        while self._opening() > _OPEN:
            yield from self._hang()
            if self._opening() > _ROOM:
                yield from self._pull(_BAR, _ROOM - 0.01)
            else:
                yield from self._pull(_WALL, _OPEN)
        yield from self.stay(CLOSED)

    def _opening(self) -> float:
        return self.joint("drawer_joint")

    def _hang(self) -> Iterator[np.ndarray]:
        """Press the tip forward against the desk's front: it cannot go on, and the hand above it does."""
        if self.tip()[2] > 0.8:
            yield from self.reach(_FRONT + np.array([0.0, 0.07, 0.1]), CLOSED, _ALONG, near=0.03)
        yield from self.reach(_FRONT, CLOSED, _ALONG, near=0.015, limit=40)
        for _ in range(60):
            ahead = self.axis()[:2]
            if ahead[1] < _LEAN:
                break
            # The way the hand leans, and not across it: sideways it would only turn.
            point = self.tip()[:2] + 0.03 * ahead / np.linalg.norm(ahead)
            yield self.toward(np.array([*point, _FRONT[2]]), CLOSED, _ALONG)

    def _pull(self, part: np.ndarray, until: float) -> Iterator[np.ndarray]:
        """Pull `part` (3,) m until the drawer is open as far as `until` m, or stuck."""

        def behind(z: float) -> np.ndarray:
            return np.array([part[0], part[1] + self._opening() + _BEHIND, z])

        yield from self.reach(lambda: behind(_OVER), CLOSED, _ALONG, near=0.02, limit=100)
        yield from self.reach(lambda: behind(part[2]), CLOSED, _ALONG, near=0.01, limit=60)
        stalled, before = 0, self._opening()
        while stalled < _STALLED and self._opening() > until:
            yield self.toward(np.array([part[0], self.tip()[1] - 0.03, part[2]]), CLOSED, _ALONG)
            stalled = stalled + 1 if self._opening() > before - 0.001 else 0
            before = min(before, self._opening())
        yield from self.reach(lambda: np.array([part[0], self.tip()[1] + 0.01, _OVER]), CLOSED, near=0.02, limit=40)
