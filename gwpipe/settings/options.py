"""Which options a kind of domain takes: its constructor's arguments, read from its source without importing it.

Kinds are built with torch, which Snakemake does not import. A misspelt option would else be found when its VAE is to be
trained, after the data are collected.
"""

import ast
import functools
import importlib.util
from collections.abc import Collection, Mapping
from pathlib import Path

from gwpipe.errors import UserError, nearest
from gwpipe.settings import domains

OWN = ("latent", "width")
"""Arguments that stand beside the options in a domain's settings."""


def check_options(kind: str, options: Collection[str]) -> None:
    """Refuse options that a kind does not take, and too few of them.

    Nothing is said of a kind whose source does not tell (`arguments`): there the stage that builds it does, at its
    start.

    Raises:
        UserError: that; the nearest option is named.
    """
    taken = arguments(*domains.place_of(kind))
    if taken is None:
        return
    known = [name for name in taken if name not in OWN]
    for option in options:
        if option not in taken:
            raise UserError(f"kind '{kind}' has no option '{option}'{nearest(option, known) or '; it takes none'}")
    for option in known:
        if taken[option] and option not in options:
            raise UserError(f"kind '{kind}' needs the option '{option}'")


@functools.cache
def arguments(module: str, name: str) -> Mapping[str, bool] | None:
    """Argument of the constructor of class `name` → has it to be given?

    None where that cannot be read: there is no such source file, or the class has no constructor of its own, or one
    that takes whatever it is given.
    """
    try:
        spec = importlib.util.find_spec(module)
        source = Path(spec.origin).read_text() if spec is not None and spec.origin is not None else ""
        statements = ast.parse(source).body
    except (ImportError, OSError, SyntaxError, ValueError):
        return None
    classes = [one for one in statements if isinstance(one, ast.ClassDef) and one.name == name]
    makers = [
        one.args
        for found in classes[-1:]
        for one in found.body
        if isinstance(one, ast.FunctionDef) and one.name == "__init__"
    ]
    if not makers or makers[-1].kwarg is not None:
        return None
    maker = makers[-1]
    named = [argument.arg for argument in (*maker.posonlyargs, *maker.args)]
    needed = dict.fromkeys(named[: len(named) - len(maker.defaults)], True)
    taken = dict.fromkeys(named, False) | needed
    taken |= {one.arg: default is None for one, default in zip(maker.kwonlyargs, maker.kw_defaults)}
    del taken[named[0]]
    return taken
