import pytest
import torch

from gwpipe.agents.replay import FLAGS, Replay
from gwpipe.errors import UserError


def _row(k: int) -> dict:
    return {"z": torch.tensor([k, -k]), "reward": k, **dict.fromkeys(FLAGS, k % 3 == 0)}


def _filled(rows: int, capacity: int = 10) -> Replay:
    replay = Replay(capacity, {"z": 2})
    for k in range(rows):
        replay.add(_row(k))
    return replay


@pytest.mark.parametrize("rows", [6, 10, 17, 20])
def test_chunks_are_consecutive_rows_never_across_the_write_head(rows: int) -> None:
    chunk = _filled(rows).sample(300, 4, torch.Generator().manual_seed(0))
    assert chunk["z"].shape == (300, 4, 2)
    assert (chunk["reward"].diff(dim=1) == 1).all()
    torch.testing.assert_close(chunk["z"][..., 0], chunk["reward"])
    torch.testing.assert_close(chunk["is_last"], chunk["reward"] % 3 == 0)
    starts = set(chunk["reward"][:, 0].tolist())
    assert starts == set(range(max(0, rows - 10), rows - 3))


def test_rings_are_of_one_environment_each_and_chunks_uniform_over_them() -> None:
    replay, other = (Replay(21, {"z": 2}, streams=2) for _ in range(2))
    assert replay.capacity == 20
    for k in range(17):
        replay.add(_row(k), 0)
    for k in range(6):
        replay.add(_row(100 + k), 1)
    other.load_state(replay.state())
    chunks = [ring.sample(10_000, 4, torch.Generator().manual_seed(0)) for ring in (replay, other)]
    assert all((chunks[0][name] == chunks[1][name]).all() for name in chunks[0])
    assert (chunks[0]["reward"].diff(dim=1) == 1).all()
    counts = torch.unique(chunks[0]["reward"][:, 0].long(), return_counts=True)
    assert counts[0].tolist() == [*range(7, 14), 100, 101, 102]
    assert (counts[1] - 1000).abs().max() < 150  # 5 standard deviations
    replay.rewrite("z", chunks[0]["at"][0], torch.full((4, 2), 99.0))
    again = replay.sample(1000, 1, torch.Generator().manual_seed(1))
    assert set(again["reward"][(again["z"] == 99).all(-1)].tolist()) == set(chunks[0]["reward"][0].tolist())
    with pytest.raises(UserError, match="has another size"):
        Replay(20, {"z": 2}).load_state(replay.state())


def test_the_newest_rows_are_drawn_first_from_the_ring_that_has_most_of_them() -> None:
    replay, first = Replay(40, {"z": 2}, streams=2), []
    for k in range(9):
        replay.add(_row(k), 0)
    for k in range(5):
        replay.add(_row(100 + k), 1)
    for _ in range(3):
        first.append(replay.sample(2, 4, torch.Generator().manual_seed(0), newest_first=True)["reward"][0, 0].item())
    assert first == [0, 4, 100] or first == [0, 100, 4]


def test_starts_are_uniform() -> None:
    chunk = _filled(10).sample(14_000, 4, torch.Generator().manual_seed(0))
    counts = torch.bincount(chunk["reward"][:, 0].long())
    assert counts.shape == (7,)
    assert (counts - 2000).abs().max() < 200  # 4.8 standard deviations


def test_rewrite_reaches_the_rows_that_were_sampled() -> None:
    replay = _filled(17)
    chunk = replay.sample(1, 3, torch.Generator().manual_seed(0))
    replay.rewrite("z", chunk["at"][0], torch.full((3, 2), 99.0))
    again = replay.sample(500, 1, torch.Generator().manual_seed(1))
    changed = set(again["reward"][(again["z"] == 99).all(-1)].tolist())
    assert changed == set(chunk["reward"][0].tolist())


@pytest.fixture
def two_threads():
    own = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(own)


def test_of_a_row_that_is_rewritten_twice_the_last_visit_stays(two_threads) -> None:
    """With as many values as two threads share out, where the order of plain assignments is anybody's guess."""
    replay = Replay(300, {"h": 1024})
    for _ in range(300):
        replay.add({"h": torch.zeros(1024), "reward": 0.0} | dict.fromkeys(FLAGS, False))
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        at = torch.randint(300, (1024,), generator=generator)
        values = torch.rand(1024, 1024, generator=generator)
        replay.rewrite("h", at, values)
        rows = replay.state()["columns"]["h"]
        last = {place: visit for visit, place in enumerate(at.tolist())}
        torch.testing.assert_close(rows[list(last)], values[list(last.values())], rtol=0, atol=0)


def test_state_restores_the_same_samples() -> None:
    replay, other = _filled(13), Replay(10, {"z": 2})
    other.load_state(replay.state())
    for k in range(13, 16):
        replay.add(_row(k))
        other.add(_row(k))
    one, two = (r.sample(20, 5, torch.Generator().manual_seed(4)) for r in (replay, other))
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=0, atol=0)


def test_columns_may_have_any_shape_and_type() -> None:
    replay = Replay(5, {"image": torch.zeros(3, 2, 2, dtype=torch.uint8)})
    for k in range(7):
        replay.add({"image": torch.full((3, 2, 2), k), "reward": k, **dict.fromkeys(FLAGS, False)})
    chunk = replay.sample(2, 3, torch.Generator())
    assert chunk["image"].dtype == torch.uint8
    assert chunk["image"].shape == (2, 3, 3, 2, 2)
    assert torch.equal(chunk["image"][..., 0, 0, 0].float(), chunk["reward"])


def test_newest_first_draws_every_row_once_as_soon_as_its_chunk_is_whole() -> None:
    replay, drawn = Replay(10, {"z": 2}), []
    generator = torch.Generator().manual_seed(0)
    for k in range(17):
        replay.add(_row(k))
        if k % 4 == 3:
            drawn += replay.sample(3, 4, generator, newest_first=True)["reward"][0].tolist()
            others = [replay.sample(1, 4, generator, newest_first=True)["reward"][0, 0].item() for _ in range(20)]
            assert k < 7 or len(set(others)) > 1
    assert drawn == [float(k) for k in range(16)]


def test_rows_overwritten_before_they_were_drawn_are_let_go() -> None:
    replay = _filled(25)
    first = replay.sample(1, 4, torch.Generator(), newest_first=True)["reward"][0]
    assert first.tolist() == [15.0, 16.0, 17.0, 18.0]


def test_misuse_is_refused() -> None:
    replay = _filled(3)
    with pytest.raises(ValueError, match="holds 3 rows in a row, a chunk needs 4"):
        replay.sample(1, 4, torch.Generator())
    with pytest.raises(KeyError, match="columns"):
        replay.add({"reward": 1.0})
    with pytest.raises(UserError, match="another size"):
        Replay(11, {"z": 2}).load_state(replay.state())
