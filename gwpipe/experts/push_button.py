"""push_red, push_green, push_blue: press the button with the closed hand and keep it pressed."""

from collections.abc import Iterator

import numpy as np

from gwpipe.experts.engine import CLOSED, Expert

_CLEAR, _READY, _PRESSED = 0.84, 0.80, 0.775  # heights of the tip, m; the free button's top is at .79
_SLOPE = 1.5  # the tip may be this much higher, in m a metre beside the button's axis, on its way down
_NEAR = 0.012  # m beside the button's axis that is near enough to press


class PushButton(Expert):
    """Down a funnel onto the button, then on it: pressing hard would make the hand slide off, so the height is held."""

    def plan(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Reach for the button from above, then follow its height."""
        button = self.where(self.task.removeprefix("push_") + "_button")
        while (aside := float(np.linalg.norm((self.tip() - button)[:2]))) > _NEAR or self.tip()[2] > _READY + 0.01:
            height = _READY if aside <= _NEAR else min(_CLEAR, _READY + _SLOPE * (aside - _NEAR))
            yield self.toward(np.array([*button[:2], height]), CLOSED)
        while True:
            height = self.tip()[2] - 0.003 if self.desk.solved() else max(_PRESSED, self.tip()[2] - 0.008)
            yield self.toward(np.array([*button[:2], height]), CLOSED)
