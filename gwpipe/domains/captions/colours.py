"""Named colours, one word each: 40 of the names of CSS Color Module Level 4, with their red, green and blue."""

import numpy as np
import numpy.typing as npt

NAMED = {
    "black": (0, 0, 0),
    "grey": (128, 128, 128),
    "silver": (192, 192, 192),
    "white": (255, 255, 255),
    "maroon": (128, 0, 0),
    "red": (255, 0, 0),
    "crimson": (220, 20, 60),
    "tomato": (255, 99, 71),
    "salmon": (250, 128, 114),
    "coral": (255, 127, 80),
    "brown": (165, 42, 42),
    "sienna": (160, 82, 45),
    "chocolate": (210, 105, 30),
    "orange": (255, 165, 0),
    "gold": (255, 215, 0),
    "tan": (210, 180, 140),
    "khaki": (240, 230, 140),
    "beige": (245, 245, 220),
    "yellow": (255, 255, 0),
    "olive": (128, 128, 0),
    "chartreuse": (127, 255, 0),
    "lime": (0, 255, 0),
    "green": (0, 128, 0),
    "teal": (0, 128, 128),
    "turquoise": (64, 224, 208),
    "aquamarine": (127, 255, 212),
    "cyan": (0, 255, 255),
    "lavender": (230, 230, 250),
    "navy": (0, 0, 128),
    "blue": (0, 0, 255),
    "indigo": (75, 0, 130),
    "purple": (128, 0, 128),
    "magenta": (255, 0, 255),
    "violet": (238, 130, 238),
    "plum": (221, 160, 221),
    "orchid": (218, 112, 214),
    "pink": (255, 192, 203),
    "thistle": (216, 191, 216),
    "wheat": (245, 222, 179),
    "linen": (250, 240, 230),
}

COLOURS = tuple(NAMED)
_TABLE = np.array(list(NAMED.values()), dtype=np.float64)


def nearest_colour(rgb: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Index in `COLOURS` of the name whose red, green and blue lie nearest to (N, 3), 0…255; the first of equals."""
    # |a − b|² less |a|², which is the same for all names: one product instead of (N, names, 3) differences.
    return ((_TABLE**2).sum(1) - 2 * rgb @ _TABLE.T).argmin(1)
