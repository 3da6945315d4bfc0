"""Stages that compute nothing with tensors start without torch, which takes seconds to import."""

import subprocess
import sys

WITHOUT_TORCH = ("collect", "random_policy", "criterion", "table1")


def test_stages_without_tensors_import_no_torch():
    modules = ", ".join(f"gwpipe.stages.{stage}" for stage in WITHOUT_TORCH)
    code = f"import sys; sys.modules['torch'] = None; import gwpipe.cli, {modules}"
    subprocess.run([sys.executable, "-c", code], check=True)
