# Results shared between checkouts: SNAKEMAKE_OUTPUT_CACHE=FOLDER snakemake --cache … (see docs/running.md).
# Snakemake's key holds the command, settings, sources and inputs, but no package: so each set of versions gets a folder.
import hashlib
import os

from gwpipe.surroundings import package_versions


def cache_folder(base):
    """The folder under `base` for what these versions of packages make; `base` itself in a job that inherited it."""
    versions = repr(sorted(package_versions().items()))
    folder = f"packages-{hashlib.sha256(versions.encode()).hexdigest()[:12]}"
    return base if Path(base).name == folder else f"{base.rstrip('/')}/{folder}"


# Rules that may be cached say `cache: CACHED`: without the variable Snakemake would warn about each of them every time.
# They have no `benchmark:`, which Snakemake refuses beside it; their manifests tell time and memory.
CACHED = bool(os.environ.get("SNAKEMAKE_OUTPUT_CACHE"))
if CACHED:
    os.environ["SNAKEMAKE_OUTPUT_CACHE"] = cache_folder(os.environ["SNAKEMAKE_OUTPUT_CACHE"])
    if "://" not in os.environ["SNAKEMAKE_OUTPUT_CACHE"]:
        Path(os.environ["SNAKEMAKE_OUTPUT_CACHE"]).mkdir(parents=True, exist_ok=True)
