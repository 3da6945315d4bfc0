"""Batches of a data set in memory, in an order that depends on the seed and the step alone."""

import numpy as np
import numpy.typing as npt

from gwpipe.seeding import numpy_generator


class Batches:
    """Row numbers of each step's batch: every row once an epoch, in a new order each epoch.

    A batch may begin in one epoch and end in the next, so all have the same size, also when there are fewer rows than a
    batch takes. Nothing has to be saved to go on at any step.
    """

    def __init__(self, rows: int, batch_size: int, seed: int) -> None:
        self.rows, self.batch_size, self.seed = rows, batch_size, seed
        self._orders: dict[int, npt.NDArray[np.int64]] = {}

    def __call__(self, step: int) -> npt.NDArray[np.int64]:
        """Row numbers (batch_size,) of `step`."""
        start = step * self.batch_size
        places = np.arange(start, start + self.batch_size)
        epochs, within = np.divmod(places, self.rows)
        return np.concatenate([self._order(epoch)[within[epochs == epoch]] for epoch in np.unique(epochs)])

    def _order(self, epoch: int) -> npt.NDArray[np.int64]:
        if epoch not in self._orders:
            self._orders = {old: order for old, order in self._orders.items() if old == epoch - 1}
            self._orders[epoch] = numpy_generator("batches", self.seed, int(epoch)).permutation(self.rows)
        return self._orders[epoch]
