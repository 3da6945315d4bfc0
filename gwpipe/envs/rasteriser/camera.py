"""The camera of a picture: where MuJoCo's free camera stands and how it projects."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FreeCamera:
    """MuJoCo's free camera: distance from `lookat` in metres, azimuth and elevation in degrees."""

    distance: float
    azimuth: float
    elevation: float
    lookat: tuple[float, float, float]
