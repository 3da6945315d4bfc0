"""flat_block_in_shelf: slide the flat block into the open side of the shelf, where the upright block leaves room."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.carry_upright_block import CarryUprightBlock
from gwpipe.experts.engine import CLOSED
from gwpipe.experts.slide_flat_block import AWAY, LEFT, RIGHT, SlideFlatBlock

_DEEP = 1.02  # m; the task asks for 1.0
_DOOR = 0.115  # m by which the block's middle must be right of the door's edge
_LANE = 0.115  # m from the standing block's middle to the flat block's, where they pass each other
_REACH = 0.34  # m; further right the arm is too short


class FlatBlockInShelf(CarryUprightBlock, SlideFlatBlock):
    """Carry the upright block away where it would be in the way, slide the flat one beside the door, then in."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Clear the lane, slide right or left, slide in, keep pushing."""
        lane = max(0.30, self.joint("slide_joint") + _DOOR)
        if abs(self.where("upright_block")[0] - lane) < _LANE:
            yield from self.drop_in_bin()
        while not self.desk.solved():
            x = self.where("flat_block")[0]
            if x < lane - 0.01:
                yield from self.slide(RIGHT, lane)
            elif x > _REACH + 0.03:
                yield from self.slide(LEFT, _REACH)
            yield from self.slide(AWAY, _DEEP)
        yield from self.stay(CLOSED)
