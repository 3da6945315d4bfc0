"""What is said about threads and devices that a machine does not have."""

import pytest
import torch
import torch.utils._triton

from gwpipe.errors import UserError
from gwpipe.machine import Machine, claim, claim_one, shared_out


@pytest.mark.parametrize(
    ("options", "cuda_devices", "message"),
    [
        ({"device": "cudaa"}, 0, "device 'cudaa' is unknown; choose cpu, cuda"),
        ({"device": ""}, 0, "device '' is unknown"),
        ({"device": "mps"}, 0, "device 'mps' is unknown"),
        ({"device": "cuda"}, 0, "torch finds no CUDA device here; choose cpu"),
        ({"device": "cuda:2"}, 2, "the CUDA devices here are cuda:0 to cuda:1"),
        ({"threads": 0}, 0, "--threads must be at least 1, not 0"),
        ({"device": "gpu"}, 2, "device 'gpu' is unknown"),
        ({"checkpoint_seconds": -5.0}, 0, r"--checkpoint-seconds must be 0 \(always\) or more, not -5.0"),
        ({"checkpoint_seconds": float("nan")}, 0, "--checkpoint-seconds must be 0 .* not nan"),
        ({"pictures_every": -1}, 0, "--pictures-every must be 0"),
    ],
)
def test_what_is_not_there_is_one_line(monkeypatch, options, cuda_devices, message):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda_devices > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda_devices)
    with pytest.raises(UserError, match=message) as caught:
        Machine(**options).prepare()
    assert "\n" not in str(caught.value)


def test_what_is_there_is_taken(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for device in ("cpu", "cuda", "cuda:1"):
        Machine(device=device).prepare()
    Machine(threads=10_000).prepare()
    assert torch.get_num_threads() >= 1
    Machine().prepare()
    assert torch.get_num_threads() == 1


def test_a_free_device_is_one_that_nobody_has(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    # Each call opens the lock anew, as another process would.
    assert [claim_one(2, tmp_path), claim_one(2, tmp_path)] == [0, 1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "5"]


def test_free_is_asked_for_by_name(monkeypatch):
    assert claim("cpu") == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="torch finds no CUDA device here"):
        claim("cuda:free")


@pytest.mark.parametrize(
    ("processors", "cores", "share"), [(2, 2, 1), (2, 8, 1), (8, 8, 2), (64, 8, 2), (64, 12, 4), (64, 64, 8)]
)
def test_jobs_share_out_the_processors(monkeypatch, processors, cores, share):
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(processors)))
    assert shared_out(cores, 3) == share


def test_compiling_without_a_compiler_is_one_line(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(UserError, match=r"--compile needs the C\+\+ compiler no-such-compiler: install it, or leave"):
        Machine().require_compiler()
    monkeypatch.setenv("CXX", "sh")
    Machine().require_compiler()
    monkeypatch.setattr(torch.utils._triton, "has_triton", lambda: False)
    with pytest.raises(UserError, match="--compile needs Triton and a GPU that it knows"):
        Machine(device="cuda").require_compiler()
