"""What is said about a mistake in the configuration: one line."""

from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from gwpipe.errors import nearest


def explain(fault: ValidationError, root: type[BaseModel]) -> str:
    """The first mistake of a validation error in one line: where, what, and the nearest valid name."""
    # An unknown key usually explains the missing one beside it, so it is named first.
    error = min(fault.errors(), key=lambda e: e["type"] != "extra_forbidden")
    location = [str(part) for part in error["loc"] if part != "[key]"]
    where = ".".join(location)
    more = f" ({fault.error_count() - 1} more)" if fault.error_count() > 1 else ""
    if error["type"] == "extra_forbidden":
        return f"config key '{where}' is unknown{nearest(location[-1], _keys_at(root, location[:-1]))}{more}"
    if error["type"] == "missing":
        return f"config key '{where}' is missing{more}"
    if error["type"] == "value_error":
        return f"config block '{where}': {error['ctx']['error']}{more}"
    if error["type"] == "method":
        return f"config key '{where}': method '{error['input']}' is unknown{error['ctx']['hint']}{more}"
    if error["type"] == "policy":
        return f"config key '{where}': policy '{error['input']}' cannot collect{error['ctx']['why']}{more}"
    if error["type"] == "literal_error":
        choices = error["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        what = f"'{error['input']}' is not one of {', '.join(choices)}{nearest(str(error['input']), choices)}"
        return f"config key '{where}': {what}{more}"
    what = error["msg"]
    if error["type"] == "string_pattern_mismatch":
        hyphen = "_-]" in error["ctx"]["pattern"]
        what = f"only letters, {'digits, _ and -' if hyphen else 'digits and _'} are allowed"
    # The first letter alone: a message may quote what was given.
    return f"config key '{where}': {what[:1].lower()}{what[1:]}, but the value is {error['input']!r}{more}"


def _keys_at(model: Any, path: list[str]) -> list[str]:
    """Valid keys of the block at `path` below a settings class."""
    if get_origin(model) is dict:
        keys, values = get_args(model)
        return _keys_at(values, path[1:]) if path else [str(k) for k in get_args(keys)]
    if get_origin(model) is list:
        return _keys_at(get_args(model)[0], path[1:])
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    if not path:
        return list(model.model_fields)
    field = model.model_fields.get(path[0])
    return _keys_at(field.annotation, path[1:]) if field else []
