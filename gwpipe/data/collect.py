"""Collection: one policy acts in one environment until enough rows are stored.

Episode k draws everything random from a seed of its own, so a collection that was killed continues with the episode it
had not finished and ends with the same bytes as one that was not. For the same reason several processes may act out
episodes side by side: they are stored in order, whoever acted them out.
"""

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path

import gymnasium

from gwpipe.data.acting import Actor, MakePolicy
from gwpipe.data.episodes import EpisodeWriter, fields_of
from gwpipe.data.workers import Crew
from gwpipe.progress import Progress
from gwpipe.settings.representation import SourceSettings

ROWS_AT_ONCE = 128
"""Short episodes go to a worker, and come back from it, so many rows at a time."""


def collect(
    make_env: Callable[..., gymnasium.Env],
    source: SourceSettings,
    seed: int,
    path: Path,
    scratch: Path,
    identity: str = "",
    workers: int = 1,
    make_agent: MakePolicy | None = None,
) -> dict[str, float]:
    """Collect `source.rows` rows or, to finish the last episode, a few more, into a new store at `path`.

    Args:
        make_env: makes the environment (see `Actor`); picklable where there are several workers.
        source: policy, rows and what goes with them.
        seed: of the data set; episode k draws from the stream (seed, task, policy, k).
        path: the store; replaced if it exists.
        scratch: folder for the unfinished store; what a killed collection left there is continued.
        identity: says whose unfinished store it is.
        make_agent: makes the policy where a trained agent acts; picklable where there are several workers.
        workers: processes that act out episodes side by side; 1: this process does. The store is the same, to the byte.

    Returns:
        `rows` and `episodes` of the store.

    Raises:
        UserError: the task has no scripted expert, or workers die again and again at the same episode.
    """
    begin = functools.partial(Actor, make_env, source, seed, make_agent)
    with Crew(begin, workers, "episode") if workers > 1 else contextlib.nullcontext() as crew:
        # Also beside workers, while they start: it sees what is wrong with the task, and which arrays there are.
        actor = begin()
        writer = EpisodeWriter(scratch, fields_of(actor.env), identity)
        together = max(1, ROWS_AT_ONCE // actor.most_rows) if crew else 1
        with Progress(source.rows, "row", "collect", done=writer.rows) as progress:
            while writer.rows < source.rows:
                before, first = writer.rows, writer.next_episode
                numbers = range(first, first + together)
                last = first + (source.rows - before - 1) // actor.most_rows
                for episode in crew.result(numbers, last) if crew else actor(numbers):
                    writer.add(episode)
                progress.update(writer.rows - before)
    actor.env.close()
    episodes = writer.next_episode
    rows = writer.finish(path, {"task": source.task, "policy": source.policy, "seed": seed})
    return {"rows": rows, "episodes": episodes}
