import datetime
import json
import time

import pytest

from gwpipe import heartbeat
from gwpipe.heartbeat import Heartbeat

FACTS = {"stage": "train_vae", "wildcards": {}, "scale": "smoke", "settings": {"seed": 0}, "log": "x.log"}


class Watched:
    def snapshot(self):
        return {"done": 3, "total": 4}


def told(path):
    return heartbeat.read(path)


def test_it_lives_while_the_block_runs_and_says_how_it_ended(tmp_path):
    path = tmp_path / "deep" / "run.status.json"
    with Heartbeat(path, FACTS, beat_seconds=0.02) as beat:
        assert heartbeat.current() is beat
        assert told(path)["state"] == "running"
        beat.watch(Watched())
        for _ in range(200):
            if told(path)["progress"]:
                break
            time.sleep(0.02)
        assert told(path)["progress"] == {"done": 3, "total": 4}
    assert heartbeat.current() is None
    assert told(path)["state"] == "done"
    assert [file.name for file in path.parent.iterdir()] == ["run.status.json"]


def test_a_fault_is_told(tmp_path):
    path = tmp_path / "run.status.json"
    with pytest.raises(ValueError, match="oh"), Heartbeat(path, FACTS):
        raise ValueError("oh")
    assert (told(path)["state"], told(path)["message"]) == ("failed", "ValueError: oh")


def test_starts_that_were_cut_off_are_counted_until_one_is_done(tmp_path):
    path = tmp_path / "run.status.json"
    with Heartbeat(path, FACTS):
        pass
    killed = {**told(path), "state": "running", "seconds": 40.0, "earlier_seconds": 2.0, "starts": 2}
    path.write_text(json.dumps(killed))
    with Heartbeat(path, FACTS) as beat:
        assert (beat.starts, beat.earlier_seconds) == (3, 42.0)
    with Heartbeat(path, FACTS) as beat:
        assert (beat.starts, beat.earlier_seconds) == (1, 0.0)
    path.write_text(json.dumps(killed))
    with Heartbeat(path, {**FACTS, "settings": {"seed": 1}}) as beat:
        assert (beat.starts, beat.earlier_seconds) == (1, 0.0)


def test_what_cannot_be_written_stops_no_run(tmp_path):
    (tmp_path / "logs").write_text("a file where a folder should be")
    with Heartbeat(tmp_path / "logs" / "run.status.json", FACTS):
        pass


def test_age_counts_from_a_moment_in_utc():
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=50)
    assert 49 < heartbeat.age(past.isoformat(timespec="seconds")) < 60


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 99}'])
def test_no_sign_of_life_is_none(tmp_path, text):
    (tmp_path / "x").write_text(text)
    assert heartbeat.read(tmp_path / "x") is None
    assert heartbeat.read(tmp_path / "nothing") is None
