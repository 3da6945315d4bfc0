"""Bytes a row and milliseconds a thousand rows of candidate Zarr codecs, on frames of both environments.

    python benchmarks/codecs.py [--rows 1024] [--robodesk FILE.zarr]

Simple Shapes is measured on unrelated frames (episodes of one decision, the default data) and on one long episode.
RoboDesk frames come from a collected data set, where one is named; they are slow to draw.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import zarr
from zarr.abc.codec import BytesBytesCodec
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, ZstdCodec

from gwpipe.data.store import CHUNK_ROWS
from gwpipe.envs.shape_drawing import draw
from gwpipe.envs.simple_shapes import SimpleShapes, normalise, sample_attributes

CANDIDATES: dict[str, tuple[BytesBytesCodec, ...]] = {
    "none": (),
    "zstd 1": (ZstdCodec(level=1),),
    "zstd 3": (ZstdCodec(level=3),),
    "zstd 9": (ZstdCodec(level=9),),
    "gzip 5": (GzipCodec(level=5),),
    "blosc lz4": (BloscCodec(cname="lz4", clevel=5, shuffle="noshuffle"),),
    "blosc zstd": (BloscCodec(cname="zstd", clevel=3, shuffle="noshuffle"),),
    "blosc zstd shuffle": (BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),),
    "blosc zstd bitshuffle": (BloscCodec(cname="zstd", clevel=3, shuffle="bitshuffle"),),
}


def episode(rows: int) -> np.ndarray:
    """Frames (rows, 32, 32, 3) of one random episode."""
    env = SimpleShapes(episode_decisions=rows)
    frames = [env.reset(seed=0)[0]["image"]]
    env.action_space.seed(0)
    while len(frames) < rows:
        frames.append(env.step(env.action_space.sample())[0]["image"])
    return np.stack(frames)


def measure(
    data: np.ndarray, chunk: int, codecs: tuple[BytesBytesCodec, ...], folder: Path
) -> tuple[float, float, float]:
    """Bytes a row, milliseconds to write and to read a thousand rows."""
    array = zarr.create_array(
        folder,
        shape=data.shape,
        chunks=(chunk, *data.shape[1:]),
        dtype=data.dtype,
        compressors=[*codecs, Crc32cCodec()],
        overwrite=True,
    )
    began = time.perf_counter()
    array[:] = data
    written = time.perf_counter()
    assert np.array_equal(array[:], data)
    read = time.perf_counter()
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return size / len(data), (written - began) * 1e6 / len(data), (read - written) * 1e6 / len(data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4096)
    parser.add_argument("--robodesk", type=Path, help="a collected RoboDesk data set")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    raw = np.stack([sample_attributes(rng) for _ in range(arguments.rows)])
    samples = {
        "simple_shapes image, unrelated": draw(raw),
        "simple_shapes image, one episode": episode(arguments.rows),
        "simple_shapes attributes": normalise(raw),
        "latents (10, normal)": rng.standard_normal((arguments.rows, 10)).astype(np.float32),
        "flags": rng.random(arguments.rows) < 0.01,
    }
    if arguments.robodesk:
        group = zarr.open_group(arguments.robodesk, mode="r")
        for name in ("image", "attributes"):
            array = group[name]
            assert isinstance(array, zarr.Array)
            samples[f"robodesk {name}"] = np.asarray(array[: arguments.rows])
    print(f"{'array':34} {'codec':22} {'chunk':>6} {'B/row':>9} {'write ms/1000':>14} {'read ms/1000':>13}")
    with tempfile.TemporaryDirectory() as folder:
        for title, data in samples.items():
            for name, codecs in CANDIDATES.items():
                for chunk in (64, CHUNK_ROWS):
                    row, write, read = measure(data, chunk, codecs, Path(folder) / "array")
                    print(f"{title:34} {name:22} {chunk:6} {row:9.1f} {write:14.1f} {read:13.1f}", flush=True)


if __name__ == "__main__":
    main()
