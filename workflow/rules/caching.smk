# Results shared between checkouts: `snakemake --cache` with a cache named in the environment (docs/running.md).
from gwpipe.output_cache import use_cache

# Rules that may be cached say `cache: CACHED`: without a cache Snakemake would warn about each of them every time.
# They have no `benchmark:`, which Snakemake refuses beside it; their manifests tell time and memory.
CACHED = use_cache()
