"""Environments in processes of their own: the same as alone, and what becomes of one that is lost."""

import functools
import multiprocessing
import os
import signal

import numpy as np
import pytest

from gwpipe.agents.side_by_side import SideBySide
from gwpipe.envs.simple_shapes import SimpleShapes
from gwpipe.errors import UserError

MAKE = functools.partial(SimpleShapes, episode_decisions=4, observe=("attributes",))


def played(envs: SideBySide) -> list:
    """Two environments' observations and outcomes from fixed seeds and actions; the first one rests in between."""
    found = [*envs.reset({0: 11, 1: 12}).items()]
    for actions in ({0: 1, 1: 2}, {1: 3}, {0: 4, 1: 0}):
        found += envs.step(actions).items()
    return found


def test_each_gives_what_one_alone_gives() -> None:
    with SideBySide(MAKE, 2) as envs:
        assert envs.action_repeat == 1
        together = played(envs)
        pids = {child.pid for child in multiprocessing.active_children()}
        assert len(pids) == 2
    for which, seed, actions in ((0, 11, [1, 4]), (1, 12, [2, 3, 0])):
        with SideBySide(MAKE, 1) as alone:
            expected = [alone.reset({0: seed})[0], *(alone.step({0: action})[0] for action in actions)]
        found = [told for at, told in together if at == which]
        np.testing.assert_equal(found, expected)
    assert not {child.pid for child in multiprocessing.active_children()} & pids


def test_a_lost_process_is_one_line_and_a_request_to_stop_leaves_them_be() -> None:
    with SideBySide(MAKE, 2) as envs:
        first, second = (worker.process.pid for worker in envs._workers)
        os.kill(first, signal.SIGTERM)  # while it starts
        envs.reset({0: 1, 1: 2})
        os.kill(first, signal.SIGTERM)
        assert envs.step({0: 1, 1: 1}).keys() == {0, 1}
        os.kill(second, signal.SIGKILL)
        with pytest.raises(UserError, match=r"environment 2 of 2 was lost \(killed by SIGKILL\); .* goes on from"):
            envs.step({0: 1, 1: 1})
    assert not multiprocessing.active_children()


def test_a_start_that_fails_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    envs = SideBySide(MAKE, 3)

    def fail() -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(envs._workers[2], "start", fail)
    with pytest.raises(OSError, match="no more"), envs:
        pass
    assert not multiprocessing.active_children()


def test_what_an_environment_cannot_do_is_told_as_it_was() -> None:
    lost = functools.partial(SimpleShapes, task="nowhere")
    with SideBySide(lost, 2) as envs, pytest.raises(UserError, match="simple_shapes has no task 'nowhere'"):
        envs.reset({0: 0, 1: 1})
