import errno

import numpy as np
import pytest
import torch

from gwpipe import checkpoint
from gwpipe.errors import UserError


@pytest.fixture
def state():
    model = torch.nn.Linear(3, 2)
    optimiser = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    return {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "step": 7,
        "loss": 0.1 + 0.2,
        "name": "α",
        "nothing": None,
        "rows": [("a", 1), ("b", 2.5)],
        "array": np.arange(6, dtype=np.uint8).reshape(2, 3),
        "empty": torch.zeros(0, 4),
        "flag": torch.tensor(True),
    }


def test_a_state_comes_back_as_it_was(tmp_path, state, same):
    checkpoint.save(tmp_path / "c.safetensors", state, "me")
    assert same(checkpoint.load(tmp_path / "c.safetensors", "me"), state)


def test_equal_states_are_equal_files(tmp_path, state):
    for k in range(8):
        checkpoint.save(tmp_path / str(k), state, "me")
    assert len({(tmp_path / str(k)).read_bytes() for k in range(8)}) == 1


def test_no_checkpoint_is_none(tmp_path):
    assert checkpoint.load(tmp_path / "c.safetensors", "me") is None


def test_another_identity_is_refused_and_the_file_stays(tmp_path, state):
    path = tmp_path / "c.safetensors"
    checkpoint.save(path, state, "me")
    with pytest.raises(UserError, match="belongs to other settings"):
        checkpoint.load(path, "you")
    assert checkpoint.load(path, "me") is not None


@pytest.mark.parametrize("keep", [0, 5, 40, -10])
def test_a_truncated_checkpoint_is_refused(tmp_path, state, keep):
    path = tmp_path / "c.safetensors"
    checkpoint.save(path, state, "me")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match="damaged"):
        checkpoint.load(path, "me")


def test_a_kill_while_writing_leaves_the_old_checkpoint(tmp_path, state, monkeypatch):
    path = tmp_path / "c.safetensors"
    checkpoint.save(path, {"step": 1}, "me")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("gwpipe.checkpoint.os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(path, state, "me")
    assert checkpoint.load(path, "me") == {"step": 1}


def test_what_cannot_be_kept_is_refused(tmp_path):
    with pytest.raises(TypeError, match="set"):
        checkpoint.save(tmp_path / "c.safetensors", {"a": {1, 2}}, "me")


def test_generators_go_on_where_they_were():
    generator = np.random.default_rng(3)
    generator.random(5)
    state = checkpoint.generator_state(generator)
    expected = generator.random(4)
    checkpoint.restore_generator(generator, state)
    assert np.array_equal(generator.random(4), expected)


def test_a_flipped_bit_is_seen(tmp_path, state):
    path = tmp_path / "c.safetensors"
    checkpoint.save(path, state, "me")
    content = bytearray(path.read_bytes())
    for place in (len(content) - 1, len(content) - 40):  # in tensors, which have no checksum of their own
        content[place] ^= 1
        path.write_bytes(content)
        with pytest.raises(UserError, match="differs from its checksum"):
            checkpoint.load(path, "me")
        content[place] ^= 1


def test_a_disk_that_is_full_leaves_the_old_checkpoint(tmp_path, state, monkeypatch):
    path = tmp_path / "c.safetensors"
    checkpoint.save(path, {"step": 1}, "me")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("gwpipe.checkpoint.os.fsync", full)
    with pytest.raises(UserError, match="No space left"):
        checkpoint.save(path, state, "me")
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert checkpoint.load(path, "me") == {"step": 1}
