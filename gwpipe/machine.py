"""What a stage may use of the machine it runs on; nothing here changes a result's meaning, so no setting names it."""

import fcntl
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from gwpipe.errors import UserError

FREE = "cuda:free"
"""Names a CUDA device that no other process of this user has claimed by this name."""


@dataclass(frozen=True)
class Machine:
    """Threads for tensor arithmetic (for `collect`, worker processes), the device, and how often long stages save a
    checkpoint and draw pictures."""

    threads: int = 1
    device: str = "cpu"
    checkpoint_seconds: float = 60.0
    pictures_every: int = 0
    """Steps of `train_workspace` between two pictures of its translations; 0: none."""
    compiled: bool = False
    """Translate agents' updates into graphs first (`gwpipe.agents.compiled`)."""

    def __post_init__(self) -> None:
        """Raises:
        UserError: fewer than one thread, a device of no such form, or a negative number of steps or seconds.
        """
        if self.threads < 1:
            raise UserError(f"--threads must be at least 1, not {self.threads}")
        if not re.fullmatch(r"cpu|cuda(:\d+)?", self.device):
            raise UserError(f"device '{self.device}' is unknown; choose cpu, cuda, cuda:NUMBER or cuda:free")
        if not self.checkpoint_seconds >= 0:
            raise UserError(f"--checkpoint-seconds must be 0 (always) or more, not {self.checkpoint_seconds}")
        if self.pictures_every < 0:
            raise UserError(f"--pictures-every must be 0 (none) or a number of steps, not {self.pictures_every}")

    @property
    def usable_threads(self) -> int:
        """More than there are processors would only wait for each other."""
        return min(self.threads, len(os.sched_getaffinity(0)))

    def prepare(self) -> None:
        """Tell torch.

        Raises:
            UserError: a device that this machine does not have.
        """
        import torch

        self._require_device()
        torch.set_num_threads(self.usable_threads)

    def require_compiler(self) -> None:
        """What torch translates graphs with: Triton on CUDA, a C++ compiler everywhere.

        Raises:
            UserError: it is not here.
        """
        compiler = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
        missing = None if shutil.which(compiler) else f"the C++ compiler {compiler}"
        if self.device != "cpu":
            from torch.utils._triton import has_triton

            missing = missing if has_triton() else "Triton and a GPU that it knows"
        if missing:
            raise UserError(f"--compile needs {missing}: install it, or leave --compile out and $GWPIPE_COMPILE unset")

    def _require_device(self) -> None:
        import torch

        device = torch.device(self.device)
        if device.type == "cpu":
            return
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if count == 0:
            raise UserError(f"device '{self.device}': torch finds no CUDA device here; choose cpu")
        if device.index is not None and device.index >= count:
            raise UserError(f"device '{self.device}': the CUDA devices here are cuda:0 to cuda:{count - 1}")


def shared_out(cores: int, jobs: int, most: int = 8) -> int:
    """Processes for each of `jobs` that run side by side on `cores`, or on the processors there are if those are fewer.

    Snakemake may be given more cores than there are, so that more jobs run at a time.
    """
    return max(1, min(most, min(cores, len(os.sched_getaffinity(0))) // jobs))


def claim(device: str) -> str:
    """`device` itself, or, of `cuda:free`, the first CUDA device that is free, for this process alone until it ends.

    Waits where none is free. Several jobs that share a workstation so spread over its devices; a cluster's scheduler
    does that itself.

    Raises:
        UserError: there is no CUDA device.
    """
    if device != FREE:
        return device
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise UserError(f"device '{FREE}': torch finds no CUDA device here; choose cpu")
    folder = Path(tempfile.gettempdir()) / f"gwpipe-devices-{os.getuid()}"
    return f"cuda:{claim_one(count, folder)}"


def claim_one(count: int, folder: Path, seconds_between: float = 1.0) -> int:
    """The number, below `count`, of a device whose lock in `folder` this process now holds; waits for one.

    Devices are told apart by what CUDA_VISIBLE_DEVICES calls them, as two processes may see different ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").replace(" ", "").split(",")
    names = visible if len(visible) == count and all(visible) else [str(number) for number in range(count)]
    told = False
    while True:
        for number, name in enumerate(names):
            # Left open: the lock goes with the process, however it ends.
            lock = os.open(folder / name.replace("/", "_"), os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            return number
        if not told:
            print(f"all {count} CUDA devices are claimed; waiting for one", file=sys.stderr, flush=True)
            told = True
        time.sleep(seconds_between)
