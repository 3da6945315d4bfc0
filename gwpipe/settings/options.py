"""Which options a kind of domain takes: its constructor's arguments, read from its source without importing it.

Kinds are built with torch, which Snakemake does not import. A misspelt option, or one of the wrong type, would else be
found when its VAE is to be trained, after the data are collected.
"""

import ast
import functools
import importlib.util
import typing
from collections import abc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from gwpipe.errors import UserError, nearest
from gwpipe.settings import domains

OWN = ("latent", "width")
"""Arguments that stand beside the options in a domain's settings."""


_NAMES = {**vars(typing), **vars(abc)} | {one.__name__: one for one in (int, float, bool, str, list, dict, tuple)}
"""What an annotation may be written in, beside constants and pydantic's Field."""


def check_options(kind: str, options: Mapping[str, Any]) -> None:
    """Refuse options that a kind does not take, too few of them, and values of another type than the argument's.

    Nothing is said of a kind whose source does not tell (`arguments`), nor of a value whose type has names of its own
    (`accepts`): there the stage that builds it does, at its start.

    Raises:
        UserError: that; the nearest option is named.
    """
    place = domains.place_of(kind)
    taken = arguments(*place)
    if taken is None:
        return
    known = [name for name in taken if name not in OWN]
    for option in options:
        if option not in taken:
            raise UserError(f"kind '{kind}' has no option '{option}'{nearest(option, known) or '; it takes none'}")
    for option in known:
        if taken[option] and option not in options:
            raise UserError(f"kind '{kind}' needs the option '{option}'")
    for option, value in options.items():
        type_of = accepts(*place, option)
        try:
            if type_of is not None:
                type_of.validate_python(value)
        except ValidationError as fault:
            what = fault.errors()[0]["msg"]
            raise UserError(
                f"option '{option}' of kind '{kind}': {what[:1].lower()}{what[1:]}, not {value!r}"
            ) from None


def arguments(module: str, name: str) -> Mapping[str, bool] | None:
    """Argument of the constructor of class `name` → has it to be given?

    None where that cannot be read: there is no such source file, or the class has no constructor of its own, or one
    that takes whatever it is given.
    """
    maker = _constructor(module, name)
    if maker is None or maker.kwarg is not None:
        return None
    named = [argument.arg for argument in (*maker.posonlyargs, *maker.args)]
    needed = dict.fromkeys(named[: len(named) - len(maker.defaults)], True)
    taken = dict.fromkeys(named, False) | needed
    taken |= {one.arg: default is None for one, default in zip(maker.kwonlyargs, maker.kw_defaults)}
    del taken[named[0]]
    return taken


@functools.cache
def accepts(module: str, name: str, argument: str) -> TypeAdapter[Any] | None:
    """What an argument of the constructor is annotated with; None where it is not, or in names of the module's own."""
    maker = _constructor(module, name)
    every = (*maker.posonlyargs, *maker.args, *maker.kwonlyargs) if maker is not None else ()
    (annotation,) = [one.annotation for one in every if one.arg == argument] or [None]
    if annotation is None:
        return None
    try:
        return TypeAdapter(_type_of(annotation), config=ConfigDict(strict=True))
    except (LookupError, TypeError, ValueError, PydanticUserError):
        return None


def _type_of(annotation: ast.expr) -> Any:
    """The type that an annotation says, put together without running it.

    Raises:
        LookupError: it has a name that is not known here, or a form.
        ValueError: a bound of a `Field` is not written down as a number.
    """
    match annotation:
        case ast.Name(name):
            return _NAMES[name]
        case ast.Subscript(generic, ast.Tuple(parts)):
            return _type_of(generic)[tuple(map(_part, parts))]
        case ast.Subscript(generic, part):
            return _type_of(generic)[_part(part)]
        case ast.BinOp(one, ast.BitOr(), other):
            return typing.Union[_part(one), _part(other)]  # noqa: UP007 - of values, not written down
    raise LookupError(ast.unparse(annotation))


def _part(node: ast.expr) -> Any:
    """What may stand in brackets or beside a `|`: a constant, a `Field`, or a type."""
    match node:
        case ast.Constant(value):
            return value
        case ast.Call(ast.Name("Field"), [], keywords):
            return Field(**{str(bound.arg): ast.literal_eval(bound.value) for bound in keywords})
    return _type_of(node)


@functools.cache
def _constructor(module: str, name: str) -> ast.arguments | None:
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
    return makers[-1] if makers else None
