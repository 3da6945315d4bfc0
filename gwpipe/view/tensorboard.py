"""TensorBoard event files from the metrics of trainings, written when asked for and by nobody else."""

import shutil
from pathlib import Path

from gwpipe import layout, metrics
from gwpipe.errors import UserError

SUFFIX = ".metrics.jsonl"


def export(root: Path, scale: str, out: Path) -> list[Path]:
    """Write the event files of every training of a scale, a folder each under `out`, and return the folders.

    A folder that was written after its metrics is left as it is.

    Raises:
        UserError: TensorBoard is not installed, or the scale has no metrics.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise UserError("TensorBoard is not installed; pip install 'gwpipe[tensorboard]'") from None
    logs = root / layout.LOGS / scale
    files = sorted(logs.glob(f"*/*{SUFFIX}"))
    if not files:
        raise UserError(f"no metrics in {logs}; a training writes them as it goes")
    folders = []
    for file in files:
        folder = out / file.parent.name / file.name.removesuffix(SUFFIX)
        folders.append(folder)
        if any(events.stat().st_mtime >= file.stat().st_mtime for events in folder.glob("events.*")):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        with SummaryWriter(str(folder)) as writer:
            for line in metrics.read(file):
                for name, value in line.items():
                    if name not in ("step", "time") and value is not None:
                        writer.add_scalar(name, value, line["step"], walltime=line["time"])
    return folders
