"""What a visual domain may see of a picture: all of its colour, its luma, or the silhouette of what is drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in luma (ITU-R BT.601)."""
_ROWS_AT_ONCE = 1024

Pictures = npt.NDArray[np.uint8]


def colour(pictures: npt.NDArray[Any]) -> Pictures:
    """The pictures (B, H, W, 3) themselves."""
    return pictures


def luma(pictures: npt.NDArray[Any]) -> Pictures:
    """Pictures (B, H, W, 3), uint8, without colour: (B, H, W, 1)."""
    return np.rint(pictures @ _LUMA)[..., None].astype(np.uint8)


def silhouette(pictures: npt.NDArray[Any]) -> Pictures:
    """How much of each pixel is covered, 0…255, (B, H, W, 1), of one-coloured things on black, (B, H, W, 3) uint8.

    Such a picture is coverage × colour, so its brightest channel over that channel's largest value in the picture is
    the coverage, up to rounding, if any pixel is wholly covered; Simple Shapes' are all large enough. The brightest
    channel is one for the whole picture, because it has the finest steps. A black picture has no silhouette.
    """
    largest = pictures.max(axis=(1, 2))  # (B, 3)
    channel = largest.argmax(1)[:, None, None, None]
    bright = np.take_along_axis(pictures, channel, axis=3).astype(np.float64)
    top = np.take_along_axis(largest, channel[:, 0, 0], axis=1)[:, :, None, None]
    return np.rint(255 * bright / np.maximum(top, 1)).astype(np.uint8)


@dataclass(frozen=True)
class View:
    """One way to see pictures."""

    channels: int
    make: Callable[[npt.NDArray[Any]], Pictures]

    def of(self, pictures: npt.NDArray[Any]) -> Pictures:
        """Pictures (N, H, W, 3) seen this way, (N, H, W, channels), made in parts: a whole data set's would not fit."""
        if self.make is colour:
            return pictures
        seen = np.empty((*pictures.shape[:3], self.channels), np.uint8)
        for start in range(0, len(pictures), _ROWS_AT_ONCE):
            seen[start : start + _ROWS_AT_ONCE] = self.make(pictures[start : start + _ROWS_AT_ONCE])
        return seen


VIEWS = {"colour": View(3, colour), "luma": View(1, luma), "silhouette": View(1, silhouette)}
