"""Stages that compute nothing with tensors start without torch, which takes seconds to import."""

import subprocess
import sys

import pytest

WITHOUT_TORCH = ("collect", "random_policy", "criterion", "table1")


@pytest.mark.parametrize("stage", WITHOUT_TORCH)
def test_a_stage_without_tensors_imports_no_torch(stage):
    code = f"import sys; sys.modules['torch'] = None; import gwpipe.cli, gwpipe.stages.{stage}"
    subprocess.run([sys.executable, "-c", code], check=True)
