"""Values laid over others: a scale's over the configuration's, a variant's over a block's."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from gwpipe.errors import UserError
from gwpipe.settings.mistakes import explain
from gwpipe.settings.model import Settings

Block = TypeVar("Block", bound=Settings)


def merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """`overlay` laid over `base`: mappings merge key by key, everything else (lists too) is replaced whole.

    Another `kind` takes none of the `options` below it: they are another constructor's.
    """
    merged = dict(base)
    if "kind" in base and overlay.get("kind", base["kind"]) != base["kind"]:
        merged.pop("options", None)
    for key, value in overlay.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def varied(block: Block, over: Mapping[str, Any]) -> Block:
    """`block` with the values of `over` in place of its own.

    Raises:
        UserError: an unknown key, or a value that the block cannot have.
    """
    if not over:
        return block
    try:
        return type(block).model_validate(merge(block.model_dump(), over))
    except ValidationError as fault:
        raise UserError(explain(fault, type(block))) from None
