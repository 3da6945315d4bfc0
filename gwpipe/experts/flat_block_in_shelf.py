"""flat_block_in_shelf: push the flat block into the open side of the shelf, and the upright block along before it."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED
from gwpipe.experts.shut_slide import ShutSlide
from gwpipe.experts.slide_flat_block import LEFT, RIGHT, SlideFlatBlock

_DEEP = 1.01  # m, y of the block in the shelf; the task asks for 1.0, the upright block behind it leaves 1.024
_FRONT = 0.80  # m, y up to which the block can be slid to its lane
_LANES = (0.275, 0.32)  # m, x; the task asks for .2, further right the arm is too short
_OFF_LEFT, _OFF_RIGHT = 0.03, 0.08  # m beside its lane from where the push still brings the block into it
_ROOM = 0.18  # m from the door's edge to the lane, for the wide palm
_TURN, _MOST = 5.0, 0.4  # radians to face back to the lane per m beside it, and at most
_STEER, _ASIDE = 0.3, 0.03  # m from the block's middle to the tip per radian that the block is turned, and at most
_TILT = 0.5  # radians from level, turned about its axis, with which the wide palm is clear of the desk
_HALF = 0.035  # of the block, m
_ABOVE, _LOW, _OUT = 0.87, 0.778, 0.76  # m: heights of the tip, and its y outside the shelf


class FlatBlockInShelf(ShutSlide, SlideFlatBlock):
    """Make room for the palm, slide the block before the opening, push it in; if that fails, come out and try again."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Shut the door far enough, slide right or left, push."""
        while not self.desk.solved():
            x, y, _ = self.where("flat_block")
            lane = float(np.clip(x, *_LANES))
            yield from self.shut(lane - _ROOM)
            if y < _FRONT and x < lane - _OFF_LEFT:
                yield from self.slide(RIGHT, lane)
            elif y < _FRONT and x > lane + _OFF_RIGHT:
                yield from self.slide(LEFT, lane)
            yield from self._push_in(lane)
        yield from self.stay(CLOSED)

    def _push_in(self, lane: float) -> Iterator[np.ndarray]:
        """Push with the flat front of the fist. The block sticks to it and turns with it: the fist is the rudder."""

        def heading() -> float:
            return float(np.clip(_TURN * (self.where("flat_block")[0] - lane), -_MOST, _MOST))

        def across() -> np.ndarray:
            facing = np.cross(self.axis(), [-np.sin(heading()), np.cos(heading()), 0.0])
            tilt = np.clip(np.arctan2(facing @ self.steep(), facing @ self.level()), -_TILT, _TILT)
            return np.cos(tilt) * self.level() + np.sin(tilt) * self.steep()

        def sides() -> np.ndarray:
            yaw = self.yaw("flat_block")
            return np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]])

        def behind(distance: float, z: float, aside: float = 0.0) -> np.ndarray:
            return np.array([*(self.where("flat_block")[:2] - np.array([aside, _HALF + distance]) @ sides()), z])

        yield from self.travel(lambda: behind(0.04, _ABOVE), CLOSED, across)
        yield from self.reach(lambda: behind(0.04, _LOW), CLOSED, across, near=0.012, limit=50)
        door = self.joint("slide_joint")
        for _ in range(80):
            y, caught = self.where("flat_block")[1], self.joint("slide_joint") > door + 0.02
            if y > _DEEP or self.tip()[1] > y or caught:
                break
            # To the left of the middle it turns the block to the right.
            aside = float(np.clip(_STEER * (self.yaw("flat_block") - heading()), -_ASIDE, _ASIDE))
            # Pressed on hard it would carry the block along instead of getting there.
            off = abs((behind(0.0, _LOW, aside) - self.tip())[:2] @ sides()[0])
            yield self.toward(behind(min(1.5 * off - 0.03, 0.015), _LOW, aside), CLOSED, across())
        if not self.desk.solved():
            yield from self.reach(self.tip() * [1.0, 0.0, 1.0] + [0.0, _OUT, 0.0], CLOSED, near=0.03, limit=40)
