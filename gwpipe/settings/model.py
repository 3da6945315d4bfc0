"""The base of every settings class: unknown keys are refused, types are exact, values never change after loading."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

_WHOLE = PydanticCustomError("exact_int", "Input should be a whole number")
_NUMBER = PydanticCustomError("exact_float", "Input should be a number")
_SWITCH = PydanticCustomError("exact_bool", "Input should be true or false")


class Settings(BaseModel):
    """A typed block of the configuration.

    Numbers are finite, and nothing is turned into another type: `true` is no number and 3.0 is not whole. Two
    exceptions: a whole number serves as any number, and a string that spells a value is read as one, because PyYAML
    takes 1e-3 for a string and Snakemake hands over strings.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _types_are_exact(cls, value: Any, info: ValidationInfo) -> Any:
        types = set(_types(cls.model_fields[str(info.field_name)].annotation))
        for leaf in _leaves(value):
            if isinstance(leaf, bool):
                fault = None if bool in types else _NUMBER if float in types else _WHOLE if int in types else None
            elif isinstance(leaf, float):
                fault = None if float in types else _WHOLE if int in types else _SWITCH if bool in types else None
            elif bool in types:
                fault = None if leaf is None or str(leaf).lower() in ("true", "false") else _SWITCH
            else:
                fault = None
            if fault is not None:
                raise fault
        return value

    def canonical(self) -> str:
        """The same settings always give the same string: JSON with sorted keys and no spaces."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def _types(annotation: Any) -> Iterator[Any]:
    """`annotation` and all that it is made of."""
    yield annotation
    for part in get_args(annotation):
        yield from _types(part)


def _leaves(value: Any) -> Iterator[Any]:
    """The values in a nest of mappings and lists. What stands in another settings class is checked there."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def each_once(values: list[Any]) -> list[Any]:
    """`values`, for a validator: refused where one stands twice."""
    twice = next((value for at, value in enumerate(values) if value in values[:at]), None)
    if twice is not None:
        raise PydanticCustomError("twice", "Each may be named once, {value} is named twice", {"value": repr(twice)})
    return values


Seed = Annotated[int, Field(ge=0)]
Seeds = Annotated[list[Seed], AfterValidator(each_once)]
"""Each once: a seed given twice would count the same run twice."""
Widths = list[Annotated[int, Field(gt=0)]]
"""Units of hidden layers, in their order; none is allowed."""
Scale = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
"""Names a folder."""
Names = Annotated[list[str], Field(min_length=1), AfterValidator(each_once)]
"""At least one, each once."""
