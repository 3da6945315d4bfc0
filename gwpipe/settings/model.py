"""The base of every settings class: unknown keys are refused, values never change after loading."""

import json

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A typed block of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def canonical(self) -> str:
        """The same settings always give the same string: JSON with sorted keys and no spaces."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
