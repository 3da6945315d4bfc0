"""flat_block_off_table, flat_block_in_bin: slide the flat block over the right edge, or over the front edge."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, Expert

_ABOVE, _LOW = 0.87, 0.775  # heights of the tip, m: clear of the block, and beside it
_HALF_LENGTH, _HALF_WIDTH = 0.08, 0.035  # of the block, m
_ROOM = 0.055  # m in x from the standing block's middle, where the tip fits beside it
_BIN_X = 0.39  # m; left of .32 the block would fall on the drawer
_OVER_RIGHT_EDGE = 0.75


class FlatBlockOffTable(Expert):
    """Push the block's left end until it falls to the right, where no other thing is in the way."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Push until it has fallen."""
        while self.lies_on_desk():
            yield from self.push_right(_OVER_RIGHT_EDGE)
        yield from self.stay(CLOSED)

    def lies_on_desk(self) -> bool:
        """The block has not fallen yet."""
        return bool(self.where("flat_block")[2] > 0.7)

    def push_right(self, x: float) -> Iterator[np.ndarray]:
        """Push the left end until the block's middle is at `x` (m), and leave it."""
        lane = self.where("flat_block")[1]

        def left_end(dx: float, z: float) -> np.ndarray:
            block = self.where("flat_block")
            # A contact beside the middle turns the block: that keeps it straight and in its lane.
            steer = np.clip(0.10 * self.yaw("flat_block") + 0.3 * (block[1] - lane), -0.02, 0.02)
            return np.array([block[0] - _HALF_LENGTH + dx, block[1] + steer, z])

        yield from self.travel(lambda: left_end(-0.035, _ABOVE), CLOSED, self.level)
        yield from self.reach(lambda: left_end(-0.035, _LOW), CLOSED, self.level, near=0.012, limit=60)
        for _ in range(200):
            if self.where("flat_block")[0] >= x or not self.lies_on_desk():
                break
            yield self.toward(left_end(0.03, _LOW), CLOSED, self.level())
        yield from self.reach(self.tip() + np.array([-0.03, 0.0, 0.0]), CLOSED, limit=10)


class FlatBlockInBin(FlatBlockOffTable):
    """Push the block before the bin, hook the tip behind its far side and drag it over the front edge."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Push, hook, drag, until it has fallen."""
        while self.lies_on_desk():
            if self.where("flat_block")[0] < _BIN_X - 0.02:
                yield from self.push_right(_BIN_X)
            else:
                yield from self._drag()
        yield from self.stay(CLOSED)

    def _drag(self) -> Iterator[np.ndarray]:
        hook = self._hook()

        def far_side(dy: float, z: float) -> np.ndarray:
            block = self.where("flat_block")
            return np.array([block[0] + hook, block[1] + _HALF_WIDTH + dy, z])

        yield from self.travel(lambda: far_side(0.05, _ABOVE), CLOSED, self.level)
        # The hand leans towards the robot: nearer than this its underside would lie on the block.
        yield from self.reach(lambda: far_side(0.05, _LOW), CLOSED, self.level, near=0.012, limit=50)
        for _ in range(100):
            if not self.lies_on_desk() or self.tip()[1] < self.where("flat_block")[1]:
                break
            yield self.toward(far_side(-0.04, _LOW), CLOSED, self.level())

    def _hook(self) -> float:
        """Where along the block to hook it, m from its middle: there, unless the standing block is close behind."""
        beside = self.where("upright_block")[0] - self.where("flat_block")[0]
        if abs(beside) > _ROOM:
            return 0.0
        return beside - _ROOM if beside > 0 else beside + _ROOM
