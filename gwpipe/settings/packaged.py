"""Which weights come with the package, by the end of their path (`simple_shapes/vae/v`)."""

import json
from pathlib import Path

from gwpipe import layout
from gwpipe.errors import UserError


def index() -> Path:
    """The file that names every packaged file with its hash and how it was made."""
    return layout.REFERENCE / "index.json"


def comes_packaged(name: str) -> bool:
    """Are there weights of that name? A domain or kind of workspace that has none is trained."""
    return name in _names()


def require_packaged(env: str) -> None:
    """Refuse to take the representation of an environment that the package has nothing of.

    Raises:
        UserError: that.
    """
    if not any(name.startswith(f"{env}/") for name in _names()):
        raise UserError(
            f"the package has no weights of {env}, only {', '.join(_names())}; set it to false to train them"
        )


def _names() -> list[str]:
    return list(json.loads(index().read_text()))
