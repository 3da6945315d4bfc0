"""Printed parameter counts of Tables II-XIX beside ours."""

from collections.abc import Iterable
from typing import Any

from gwpipe.flops import paper

COLUMNS = ("env", "table", "network", "printed", "ours", "difference", "why")


def parameter_rows(counted: Iterable[tuple[str, dict[str, int]]]) -> list[dict[str, Any]]:
    """Rows of `results/tables/parameters.csv` (`COLUMNS`), in the paper's order.

    Args:
        counted: (environment, what `parameters.count_parameters` returned for it).
    """
    ours = {(env, name): count for env, counts in counted for name, count in counts.items()}
    return [
        {
            "env": network.env,
            "table": network.table,
            "network": network.network,
            "printed": network.printed,
            "ours": ours[network.env, f"{network.table}/{network.network}"],
            "difference": ours[network.env, f"{network.table}/{network.network}"] - network.value,
            "why": network.why,
        }
        for network in paper.networks()
        if any(env == network.env for env, _ in ours)
    ]
