"""SIGTERM ends a stage at once, or, while a loop saves, when it has saved."""

import os
import signal

import pytest

from gwpipe import stopping


def terminate():
    os.kill(os.getpid(), signal.SIGTERM)


def test_outside_a_loop_it_stops_at_once():
    with pytest.raises(stopping.Stopped), stopping.on_sigterm():
        terminate()
        raise AssertionError("it went on")


def test_a_loop_that_asks_ends_its_step():
    done = []
    with pytest.raises(stopping.Stopped), stopping.on_sigterm(), stopping.deferred() as asked:
        for step in range(10):
            if step == 3:
                terminate()
            done.append(step)
            if asked():
                break
    assert done == [0, 1, 2, 3]


def test_a_second_signal_changes_nothing():
    done = False
    with pytest.raises(stopping.Stopped), stopping.on_sigterm(), stopping.deferred():
        terminate()
        terminate()
        done = True
    assert done


def test_a_loop_that_does_not_come_to_its_end_is_stopped_all_the_same(monkeypatch):
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.05)
    with pytest.raises(stopping.Stopped), stopping.on_sigterm(), stopping.deferred():
        terminate()
        while True:
            signal.sigtimedwait([], 0.01)


def test_the_handlers_of_others_come_back():
    before = signal.getsignal(signal.SIGTERM)
    with stopping.on_sigterm():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_it_is_no_exception_that_a_stage_could_take_for_a_fault():
    assert not issubclass(stopping.Stopped, Exception)
