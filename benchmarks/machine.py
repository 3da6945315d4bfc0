"""What this machine does, in one go: `python benchmarks/machine.py`.

Environment steps/s of both environments at both fidelities, VAE and workspace samples/s, agent updates/s and peak
memory. Each part runs alone, in a process of its own.
"""

import subprocess
import sys
from pathlib import Path

PARTS = (
    ["environments.py"],
    ["robodesk_drawing.py"],
    ["representation_training.py", "speed"],
    ["workspace_step.py"],
    ["agent_updates.py"],
)

if __name__ == "__main__":
    here = Path(__file__).parent
    for part, *words in PARTS:
        print(f"\n== {part}", flush=True)
        if subprocess.run([sys.executable, str(here / part), *words]).returncode:
            sys.exit(f"{part} failed")
