"""Compression of every Zarr array, chosen by measurement (`benchmarks/codecs.py`): the one place.

On chunks of 512 rows Zstandard 3 stores an unrelated Simple Shapes frame (3,072 B raw) in 154 B, a frame of one long
episode in 10 B, an attribute vector (44 B) in 23 B. Level 9 saves another 7 % for nearly twice the writing time, Blosc
with byte shuffling is no smaller and bit shuffling doubles the size; latents hardly compress with anything.
"""

from zarr.abc.codec import BytesBytesCodec
from zarr.codecs import Crc32cCodec, ZstdCodec


def compressors() -> list[BytesBytesCodec]:
    """Codecs in the order of writing.

    The checksum comes last, over the compressed bytes, so that a flipped bit or a cut file is an error and not a value.
    """
    return [ZstdCodec(level=3), Crc32cCodec()]
