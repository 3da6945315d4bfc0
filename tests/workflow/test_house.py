"""The tools that keep the house in order."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["snakefmt", "--check", "Snakefile", "workflow"],
        ["mypy"],
        ["snakemake", "--lint"],
    ],
    ids=" ".join,
)
def test_tool_is_content(repository, command):
    words = [sys.executable, "-m", *command]
    done = subprocess.run(words, cwd=repository, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_file_is_read_in_one_sitting(repository):
    long = {
        str(path): n for path in repository.rglob("gwpipe/**/*.py") if (n := len(path.read_text().splitlines())) > 350
    }
    assert not long


def test_the_snakefile_is_a_screenful_without_torch(repository):
    text = (repository / "Snakefile").read_text()
    assert len(text.splitlines()) <= 90
    code = "import sys; sys.modules['torch'] = None; import gwpipe.settings.stages, gwpipe.sources, gwpipe.layout"
    code += "; import gwpipe.agents.registry"
    subprocess.run([sys.executable, "-c", code], check=True)
