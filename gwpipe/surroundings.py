"""What a result was made with besides settings and code: packages, machine, device, time. Facts for manifests alone."""

import contextlib
import functools
import importlib.metadata
import os
import platform
import resource
import sys
from pathlib import Path
from typing import Any

_PACKAGES = (
    "gwpipe", "torch", "numpy", "scipy", "pandas", "zarr", "numcodecs", "gymnasium", "mujoco", "dm_control", "robodesk",
    "numba", "safetensors", "pillow", "matplotlib", "snakemake",
    "stable-baselines3",
)  # fmt: skip


@functools.cache
def package_versions() -> dict[str, str]:
    """Versions of the packages that can change a result, and of Python."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def machine(device: str) -> dict[str, Any]:
    """Where this process runs.

    `threads` and `instructions` (the widest that torch uses) can change the last bits of a sum; both are None where
    torch is not loaded, `device_name` where the device is the processor.
    """
    torch = sys.modules.get("torch")
    cuda = torch is not None and device.startswith("cuda")
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "host": platform.node(),
        "processor": _processor(),
        "device": device,
        "device_name": torch.cuda.get_device_name(device) if torch is not None and cuda else None,
        "threads": torch.get_num_threads() if torch is not None else None,
        "instructions": torch.backends.cpu.get_cpu_capability() if torch is not None else None,
    }


def spent() -> dict[str, float]:
    """Of this process and the children it waited for: processor time in seconds, peak memory in MiB."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = 2**20 if sys.platform == "darwin" else 2**10  # of ru_maxrss, in units a MiB
    return {
        "cpu_seconds": round(sum(use.ru_utime + use.ru_stime for use in usage), 3),
        "peak_memory_mib": round(max(use.ru_maxrss for use in usage) / unit, 1),
    }


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
