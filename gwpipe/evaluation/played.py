"""The columns of a table of played episodes (`playing`); the figures read them without a simulator."""

from gwpipe.studies.tidy import WHOSE, Column


def columns(**condition: Column) -> dict[str, Column]:
    """Those of a table of such rows; `condition`: what tells an agent's episodes apart."""
    return {
        "env": WHOSE["env"],
        "task": Column("string", "of the environment"),
        "method": Column("string", "that trained the agent"),
        "agent_seed": Column("Int64", "of that training"),
        **condition,
        "episode": Column("Int64", "number; the same episode for every agent and condition"),
        "return": Column("Float64", "sum of rewards, nothing subtracted"),
        "success_count": Column("Int64", "decisions with success"),
        "scale": WHOSE["scale"],
        "seed": WHOSE["seed"],
    }
