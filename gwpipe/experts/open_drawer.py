"""open_drawer: pull the handle with the tip behind its bar, then pull the drawer's front wall from inside."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, Expert

_OPEN = -0.215  # m; the task asks for -.2
_BAR, _WALL = 0.49, 0.60  # m, y of the handle's bar and of the front wall while the drawer is closed
_BESIDE = 0.036  # m from their middle to the tip behind them
_ALONG = np.array([1.0, 0.0, 0.0])  # the fingers lie along the desk, and so does the wide palm
_SIDE = 0.30  # m in x, where the desk is pressed: nearer to the robot the arm cannot fold any further
_ROOM = -0.09  # m, opening from which the tip fits between front wall and desk


class OpenDrawer(Expert):
    """The leaning hand would reach the robot before the drawer is open, so it is first made to hang down."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Hang, pull, hang, pull, until it is open."""
        while self._opening() > _OPEN:
            yield from self._hang()
            inside = self._opening() < _ROOM
            yield from self._pull(0.10 if inside else 0.03, _WALL if inside else _BAR, 0.685 if inside else 0.662)
        yield from self.stay(CLOSED)

    def _opening(self) -> float:
        return self.joint("drawer_joint")

    def _hang(self) -> Iterator[np.ndarray]:
        """Press the tip against the desk's front edge: it cannot go on, and the hand above it does."""
        place = np.array([_SIDE, 0.535, 0.73])
        yield from self.travel(place, CLOSED, _ALONG)
        yield from self.reach(place, CLOSED, _ALONG, near=0.015, limit=80)
        for _ in range(130):
            if self.axis()[2] < -0.985:
                break
            yield self.toward(np.array([_SIDE, self.tip()[1] + 0.03, 0.73]), CLOSED, _ALONG)
        yield from self.reach(place - [0.0, 0.01, 0.0], CLOSED, limit=10)

    def _pull(self, x: float, y: float, z: float) -> Iterator[np.ndarray]:
        def behind(distance: float, height: float) -> np.ndarray:
            return np.array([x, y + self._opening() + distance, height])

        yield from self.reach(lambda: behind(_BESIDE, 0.80), CLOSED, _ALONG, near=0.02, limit=60)
        yield from self.reach(lambda: behind(_BESIDE, z), CLOSED, _ALONG, near=0.01, limit=60)
        stalled, before = 0, self._opening()
        while stalled < 12 and self._opening() > _OPEN:
            yield self.toward(np.array([x, self.tip()[1] - 0.03, z]), CLOSED, _ALONG)
            stalled = stalled + 1 if self._opening() > before - 0.001 else 0
            before = min(before, self._opening())
        yield from self.reach(lambda: np.array([x, self.tip()[1] + 0.01, 0.82]), CLOSED, near=0.02, limit=40)
