"""Zero-shot transfer: a policy trained on one domain acts on another, through the same workspace and unchanged.

A policy on the latents of one VAE alone knows no other domain, and shows only what its own is worth.
"""

from collections.abc import Iterator

from gwpipe.agents.agent import Actor
from gwpipe.agents.one_domain import OneDomain
from gwpipe.agents.trained import Trained
from gwpipe.settings.methods import entry


def turned(trained: Trained) -> Iterator[tuple[str, Actor]]:
    """Every domain that the agent may act on, the one of its training first, and the agent that sees it.

    The agent serves one domain at a time, and is as it was after the last.
    """
    own = entry(trained.settings.method).only
    assert own is not None
    yield own, trained.agent
    seen = trained.representation
    if isinstance(seen, OneDomain):
        for domain in seen.whole.domains:
            if domain != own:
                seen.attend(domain)
                yield domain, trained.agent
        seen.attend(own)
