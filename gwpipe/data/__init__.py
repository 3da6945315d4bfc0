"""Data sets on disk: episodes of an environment and the latents that VAEs make of them, as Zarr."""
