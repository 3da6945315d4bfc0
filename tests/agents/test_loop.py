"""The training loop: what it counts, and that a run which was killed ends as if it had not been."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from gwpipe import checkpoint, stopping
from gwpipe.agents import loop
from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.loop import Saving, train
from gwpipe.agents.side_by_side import Played
from gwpipe.errors import UserError
from gwpipe.settings.agents import DreamingSettings


def _agent(settings: DreamingSettings, plain, chain) -> DreamingAgent:
    return DreamingAgent(plain(), chain().action_space, settings, seed=5)


def test_steps_are_environment_steps_and_curves_have_a_point_an_episode(small, plain, chain) -> None:
    agent = _agent(small, plain, chain)
    seen = []
    run = train(
        agent,
        chain,
        env_steps=101,
        env_steps_per_update=8,
        prefill=40,
        seed=0,
        evaluate=lambda _, step: {"eval_return": float(step)},
        evaluate_every=50,
        on_metrics=lambda step, measured: seen.append(step),
    )
    assert run.env_steps >= 101
    returns = [row for row in run.curve if row["metric"] == "train_return"]
    successes = [row for row in run.curve if row["metric"] == "success_count"]
    assert len(returns) == len(successes) == run.episodes
    assert [row["step"] for row in returns] == [row["step"] for row in successes]
    assert returns[-1]["step"] == run.env_steps
    assert {row["value"] for row in successes} == {0.0, 1.0}
    evaluations = [row["step"] for row in run.curve if row["metric"] == "eval_return"]
    assert len(evaluations) == run.evaluations == 2
    assert evaluations[-1] == run.env_steps
    assert seen == list(range(48, run.env_steps + 1, 8))
    assert agent.updates == len(seen)


class InThisProcess:
    """`SideBySide` without processes, which cannot import the small world."""

    def __init__(self, make_env, count: int) -> None:
        self.count, self.played, self.action_repeat = count, [Played(make_env()) for _ in range(count)], 2
        self.stepped: list[set[int]] = []

    def __enter__(self):
        return self

    def __exit__(self, *fault: object) -> None:
        pass

    def reset(self, seeds):
        return {at: self.played[at](("reset", seed)) for at, seed in seeds.items()}

    def step(self, actions):
        self.stepped.append(set(actions))
        return {at: self.played[at](("step", action)) for at, action in actions.items()}


def test_environments_side_by_side_count_together_and_keep_their_rows_apart(small, plain, chain, monkeypatch) -> None:
    made = []
    monkeypatch.setattr(loop, "SideBySide", lambda *how: made.append(InThisProcess(*how)) or made[0])
    agent = _agent(small.model_copy(update={"environments": 3}), plain, chain)
    run = train(agent, chain, env_steps=300, env_steps_per_update=4, seed=0, prefill=100, environments=3)
    (envs,) = made
    assert {len(stepped) for stepped in envs.stepped} == {1, 2, 3}, "who has ended waits for the others"
    assert run.env_steps == 2 * sum(map(len, envs.stepped))
    assert agent.updates == run.env_steps // 4 - 100 // 4
    assert run.episodes % 3 == 0
    returns = [row["step"] for row in run.curve if row["metric"] == "train_return"]
    assert len(returns) == run.episodes
    assert (np.diff(returns) > 0).all()
    assert agent.replay.size == agent.encoded_observations == run.env_steps // 2 + run.episodes
    chunk = agent.replay.sample(400, 5, torch.Generator().manual_seed(0))
    z, inside = chunk["z"], ~chunk["is_last"][:, :-1]
    # Within an episode its number stays, decisions go on by one, and the place moves by the action of the row before.
    assert (z[:, 1:, 1] == z[:, :-1, 1])[inside].all()
    torch.testing.assert_close((z[:, 1:, 2] - z[:, :-1, 2])[inside], torch.full((int(inside.sum()),), 0.01))
    moved = chunk["action"].argmax(-1)[:, :-1] / 10
    torch.testing.assert_close((z[:, 1:, 0] - z[:, :-1, 0])[inside], moved[inside])
    reward = 100 * z[:, 1:, 0] + chunk["action"].argmax(-1)[:, :-1]
    torch.testing.assert_close(chunk["reward"][:, 1:][inside], reward[inside])


@pytest.mark.parametrize(("stored", "environments"), [(False, 1), (True, 1), (True, 3)])
def test_stopped_and_continued_equals_uninterrupted(
    small, plain, chain, tmp_path: Path, monkeypatch, stored: bool, environments: int, same
) -> None:
    monkeypatch.setattr(loop, "SideBySide", InThisProcess)
    changed = {"initial_state": "stored" if stored else "zero", "environments": environments}
    settings = small.model_copy(update=changed)

    def play(agent: DreamingAgent, env_steps: int, saving: Saving | None):
        def evaluate(actor: DreamingAgent, step: int) -> dict[str, float]:
            actor.begin(1, seed=1)
            action = actor.act({"attributes": np.zeros((1, 3), np.float32)}, np.array([True]))
            return {"eval_return": float(action[0])}

        return train(
            agent,
            chain,
            env_steps=env_steps,
            env_steps_per_update=4,
            seed=9,
            environments=environments,
            evaluate=evaluate,
            evaluate_every=30,
            saving=saving,
        )

    whole = _agent(settings, plain, chain)
    # A run for fewer steps evaluates at its end, which the longer one does not: end where an evaluation is due anyway.
    uninterrupted = play(whole, 300, None)
    cut = next(r["step"] for r in uninterrupted.curve if r["metric"] == "eval_return" and r["step"] > 140)
    saving = Saving(tmp_path / "checkpoint.safetensors", "these settings", seconds=0)
    play(_agent(settings, plain, chain), cut, saving)
    again = _agent(settings, plain, chain)
    continued = play(again, 300, saving)
    assert continued == uninterrupted
    assert same(again.state(), whole.state())


VICTIM = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    import torch
    torch.set_num_threads(1)
    sys.path.insert(0, sys.argv[2])
    from conftest import Chain, Plain
    from gwpipe.agents.dreaming import DreamingAgent
    from gwpipe.agents.loop import Saving, train
    from gwpipe.settings.agents import DreamingSettings
    settings = DreamingSettings.model_validate_json(sys.argv[3])
    agent = DreamingAgent(Plain(), Chain().action_space, settings, seed=5)
    train(agent, Chain, env_steps=300, env_steps_per_update=4, seed=9, saving=Saving(Path(sys.argv[1]), "x", seconds=0),
          on_metrics=lambda step, measured: time.sleep(0.02))
    print("finished")
""")


def test_killed_and_started_again_ends_with_the_same_weights(small, plain, chain, tmp_path: Path, same) -> None:
    path = tmp_path / "checkpoint.safetensors"
    words = [sys.executable, "-c", VICTIM, str(path), str(Path(__file__).parent), small.model_dump_json()]
    with subprocess.Popen(words, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE) as victim:
        while not path.exists():
            assert victim.poll() is None
            time.sleep(0.02)
        time.sleep(0.3)
        victim.send_signal(signal.SIGKILL)
        assert victim.wait() == -signal.SIGKILL
        assert victim.stdout is not None
        assert victim.stdout.read() == b""
    killed_at = checkpoint.load(path, "x")["run"]["env_steps"]
    assert 0 < killed_at < 300
    whole, again = _agent(small, plain, chain), _agent(small, plain, chain)
    uninterrupted = train(whole, chain, env_steps=300, env_steps_per_update=4, seed=9)
    saving = Saving(path, "x", seconds=0)
    continued = train(again, chain, env_steps=300, env_steps_per_update=4, seed=9, saving=saving)
    assert continued == uninterrupted
    assert same(again.state(), whole.state())


def test_a_checkpoint_of_other_settings_is_refused(small, plain, chain, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"

    def start(identity: str) -> None:
        agent = _agent(small, plain, chain)
        train(agent, chain, env_steps=30, env_steps_per_update=8, seed=0, saving=Saving(path, identity))

    start("a")
    with pytest.raises(UserError, match="other settings"):
        start("b")


@pytest.mark.parametrize("rate", ["world_model_lr", "actor_critic_lr"])
def test_numbers_that_are_not_finite_end_the_run(small, plain, chain, rate: str) -> None:
    seen = []
    agent = _agent(small.model_copy(update={rate: 1e38}), plain, chain)
    with pytest.raises(UserError, match=r"my run, step \d+: update \d+ measured \w+/\w+ = (nan|-?inf); lower it"):
        train(
            agent,
            chain,
            env_steps=200,
            env_steps_per_update=4,
            seed=0,
            on_metrics=lambda _, measured: seen.append(measured),
            label="my run",
            advice="lower it",
        )
    assert np.isfinite([list(measured.values()) for measured in seen]).all()


def test_weights_that_the_last_update_ruined_are_not_returned(small, plain, chain, tmp_path: Path) -> None:
    class Ruined(DreamingAgent):
        def update(self) -> dict[str, float]:
            self.actor_critic.critic[-1].bias.data[0] = float("nan")
            return {"loss": 0.0}

    agent = Ruined(plain(), chain().action_space, small, seed=5)
    saving = Saving(tmp_path / "checkpoint.safetensors", "x")
    with pytest.raises(UserError, match=r"weights\.actor_critic\.critic.* not finite; lower the learning rate"):
        train(agent, chain, env_steps=40, env_steps_per_update=4, seed=0, saving=saving)
    assert not saving.path.exists()


def test_an_action_that_is_not_finite_ends_the_run(small, plain, chain) -> None:
    class Lost(DreamingAgent):
        def act(self, observations, is_first, mode="sample"):
            return super().act(observations, is_first, mode) * float("nan")

    agent = Lost(plain(), chain().action_space, small, seed=5)
    with pytest.raises(UserError, match="step 0: the agent's action is not finite"):
        train(agent, chain, env_steps=40, env_steps_per_update=4, seed=0)


def test_sigterm_leaves_a_checkpoint_of_the_episode_it_came_in(small, plain, chain, tmp_path: Path, same) -> None:
    def play(folder: str, terminate: bool):
        agent = _agent(small, plain, chain)

        def measured(step: int, _: dict[str, float]) -> None:
            if terminate:
                os.kill(os.getpid(), signal.SIGTERM)

        saving = Saving(tmp_path / folder / "checkpoint.safetensors", "me", seconds=3600)
        run = train(agent, chain, env_steps=200, env_steps_per_update=60, seed=0, saving=saving, on_metrics=measured)
        return agent.weights(), run.curve

    with pytest.raises(stopping.Stopped), stopping.on_sigterm():
        play("stopped", terminate=True)
    state = checkpoint.load(tmp_path / "stopped/checkpoint.safetensors", "me")
    assert state is not None
    assert 0 < state["run"]["env_steps"] < 200
    assert same(play("stopped", terminate=False), play("whole", terminate=False))
