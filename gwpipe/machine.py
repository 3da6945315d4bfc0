"""What a stage may use of the machine it runs on; nothing here changes a result's meaning, so no setting names it."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """Threads for tensor arithmetic, the device, and how often long stages save a checkpoint."""

    threads: int = 1
    device: str = "cpu"
    checkpoint_seconds: float = 60.0

    def prepare(self) -> None:
        """Tell torch. More threads than processors only wait for each other."""
        import torch

        torch.set_num_threads(max(1, min(self.threads, len(os.sched_getaffinity(0)))))
