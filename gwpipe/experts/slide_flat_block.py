"""flat_block_off_table, flat_block_in_bin: slide the flat block over the right edge, or over the front edge."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, Expert

_ABOVE, _LOW = 0.87, 0.775  # heights of the tip, m: clear of the block, and beside it
_HALF = np.array([0.08, 0.035])  # of the block, m
_ROOM = 0.055  # m in x from the standing block's middle, where the tip fits beside it
_BIN_X = 0.39  # m; left of .32 the block would fall on the drawer
_OVER_RIGHT_EDGE = 0.75
RIGHT, LEFT, AWAY, NEARER = (np.array(way) for way in ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)))


class SlideFlatBlock(Expert):
    """What all tasks of the flat block do: slide it with the closed hand, the wrist level, low behind it."""

    def on_desk(self) -> bool:
        """The block has not fallen."""
        return bool(self.where("flat_block")[2] > 0.7)

    def slide(self, way: np.ndarray, to: float) -> Iterator[np.ndarray]:
        """Slide the block along `way` (one of the four) until its middle is at `to` (m, of x or y); then let it be."""
        axis = int(np.argmax(np.abs(way)))
        aside = np.array([-way[1], way[0]])
        lane = self.where("flat_block")[:2] @ aside
        # The hand leans towards the robot: nearer than this on the far side its underside would lie on the block.
        gap = 0.05 if way is NEARER else 0.035
        hook = self._hook() if way is NEARER else 0.0

        def behind(distance: float, z: float) -> np.ndarray:
            block = self.where("flat_block")[:2]
            # A contact beside the middle turns the block: that keeps it straight and in its lane.
            steer = np.clip(0.10 * self.yaw("flat_block") + 0.3 * (block @ aside - lane), -0.02, 0.02)
            point = block - (_HALF[axis] + distance) * way + (hook or steer) * aside
            return np.array([*point, z])

        def remaining() -> float:
            return float((to - self.where("flat_block")[axis]) * way[axis])

        if remaining() <= 0.0:
            return
        yield from self.travel(lambda: behind(gap, _ABOVE), CLOSED, self.level)
        yield from self.reach(lambda: behind(gap, _LOW), CLOSED, self.level, near=0.012, limit=50)
        for _ in range(200):
            passed = (self.tip()[:2] - self.where("flat_block")[:2]) @ way > 0.0
            if remaining() <= 0.0 or passed or not self.on_desk():
                break
            yield self.toward(behind(-0.03, _LOW), CLOSED, self.level())
        if self.on_desk():
            yield from self.reach(self.tip() - 0.03 * np.array([*way, 0.0]), CLOSED, limit=10)

    def _hook(self) -> float:
        """Where along the block to hook it, m from its middle: there, unless the standing block is close behind."""
        beside = self.where("upright_block")[0] - self.where("flat_block")[0]
        if abs(beside) > _ROOM:
            return 0.0
        return float(beside - _ROOM if beside > 0 else beside + _ROOM)


class FlatBlockOffTable(SlideFlatBlock):
    """Push the block's left end until it falls to the right, where no other thing is in the way."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Push until it has fallen."""
        while self.on_desk():
            yield from self.slide(RIGHT, _OVER_RIGHT_EDGE)
        yield from self.stay(CLOSED)


class FlatBlockInBin(SlideFlatBlock):
    """Push the block before the bin, hook the tip behind its far side and drag it over the front edge."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Push, hook, drag, until it has fallen."""
        while self.on_desk():
            if self.where("flat_block")[0] < _BIN_X - 0.02:
                yield from self.slide(RIGHT, _BIN_X)
            else:
                yield from self.slide(NEARER, 0.5)
        yield from self.stay(CLOSED)
