"""A software rasteriser for MuJoCo scenes, compiled with numba: the stock OpenGL look without OpenGL."""
