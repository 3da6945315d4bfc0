"""Snakemake's cache of results that checkouts share (`SNAKEMAKE_OUTPUT_CACHE`), a folder for each set of packages.

Its key holds the command, settings, sources and inputs, but no package: a cache that outlived an update would hand out
what other versions made.
"""

import hashlib
import os
from pathlib import Path

from gwpipe.surroundings import package_versions

VARIABLE = "SNAKEMAKE_OUTPUT_CACHE"


def use_cache() -> bool:
    """Is a cache named? Then from now on, and for processes that inherit it, its folder for these packages is."""
    base = os.environ.get(VARIABLE)
    if not base:
        return False
    folder = os.environ[VARIABLE] = of_packages(base)
    if "://" not in folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return True


def of_packages(base: str) -> str:
    """The folder (or storage address) under `base` for what these versions make; `base` itself if it is one already."""
    versions = repr(sorted(package_versions().items()))
    name = f"packages-{hashlib.sha256(versions.encode()).hexdigest()[:12]}"
    return base if base.rstrip("/").endswith(f"/{name}") else f"{base.rstrip('/')}/{name}"
