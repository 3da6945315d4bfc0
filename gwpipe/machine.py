"""What a stage may use of the machine it runs on; nothing here changes a result's meaning, so no setting names it."""

import os
from dataclasses import dataclass

from gwpipe.errors import UserError


@dataclass(frozen=True)
class Machine:
    """Threads for tensor arithmetic, the device, and how often long stages save a checkpoint and draw pictures."""

    threads: int = 1
    device: str = "cpu"
    checkpoint_seconds: float = 60.0
    pictures_every: int = 0
    """Steps of `train_workspace` between two pictures of its translations; 0: none."""

    def __post_init__(self) -> None:
        """Raises:
        UserError: fewer than one thread, or a negative number of steps.
        """
        if self.threads < 1:
            raise UserError(f"--threads must be at least 1, not {self.threads}")
        if self.pictures_every < 0:
            raise UserError(f"--pictures-every must be 0 (none) or a number of steps, not {self.pictures_every}")

    def prepare(self) -> None:
        """Tell torch. More threads than processors only wait for each other.

        Raises:
            UserError: a device that this machine does not have.
        """
        import torch

        self._require_device()
        torch.set_num_threads(min(self.threads, len(os.sched_getaffinity(0))))

    def _require_device(self) -> None:
        import torch

        try:
            device = torch.device(self.device)
        except RuntimeError:
            device = None
        if device is None or device.type not in ("cpu", "cuda"):
            raise UserError(f"device '{self.device}' is unknown; choose cpu, cuda or cuda:NUMBER")
        if device.type == "cpu":
            return
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if count == 0:
            raise UserError(f"device '{self.device}': torch finds no CUDA device here; choose cpu")
        if device.index is not None and device.index >= count:
            raise UserError(f"device '{self.device}': the CUDA devices here are cuda:0 to cuda:{count - 1}")
