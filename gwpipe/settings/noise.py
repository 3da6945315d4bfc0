"""Which kinds of noise there are, and how much of it trained agents meet."""

from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from gwpipe.errors import nearest
from gwpipe.settings.methods import Method
from gwpipe.settings.model import Seeds, Settings, each_once


class Kind(NamedTuple):
    """How the strength of a kind of noise is measured."""

    unit: str
    share: bool = False
    """At most 1."""


_MISSING = Kind("share of decisions", share=True)
_LATENT = Kind("SD of each latent entry")

KINDS: dict[str, dict[str, Kind]] = {
    "image": {
        "gaussian": Kind("SD, RGB levels"),
        "salt_pepper": Kind("share of pixels", share=True),
        "blur": Kind("SD, px"),
        "patch": Kind("side, share of the picture's", share=True),
        "latent": _LATENT,
        "missing": _MISSING,
    },
    "attributes": {
        "gaussian": Kind("SD of each attribute"),
        "latent": _LATENT,
        "missing": _MISSING,
    },
}
"""Modality → kind → unit of its strength. `gwpipe/evaluation/noise.py` says what each does."""

Strengths = Annotated[list[Annotated[float, Field(gt=0)]], AfterValidator(each_once)]
"""Each once; none leaves the kind out."""


class NoiseSettings(Settings):
    """Trained agents whose observations are disturbed; the names and units are those of `KINDS`."""

    runs: dict[Method, Seeds] = Field(default={})
    """Method → seeds of the agents that play; all that `agents.runs` names if it is left out."""
    episodes: int = Field(default=10, gt=1)
    """Of each agent in each condition, the same for all."""
    image: dict[str, Strengths] = Field(
        default={
            "gaussian": [16, 64, 128],
            "salt_pepper": [0.05, 0.2, 0.5],
            "blur": [1, 2, 4],
            "patch": [0.25, 0.5, 0.75],
            "latent": [0.5, 1, 2],
            "missing": [0.25, 0.5, 1],
        }
    )
    attributes: dict[str, Strengths] = Field(
        default={"gaussian": [0.25, 0.5, 1, 2], "latent": [0.5, 1, 2], "missing": [0.25, 0.5, 1]}
    )

    @model_validator(mode="after")
    def _kinds_exist(self) -> Self:
        for modality, strengths in self.disturbances.items():
            for kind, values in strengths.items():
                if kind not in KINDS[modality]:
                    raise ValueError(f"noise on {modality} of kind '{kind}' is unknown{nearest(kind, KINDS[modality])}")
                if KINDS[modality][kind].share and max(values, default=0) > 1:
                    raise ValueError(
                        f"{modality}.{kind} is a {KINDS[modality][kind].unit}, at most 1: not {max(values)}"
                    )
        if not any(values for strengths in self.disturbances.values() for values in strengths.values()):
            raise ValueError("there is no strength of any kind of noise; name at least one")
        return self

    @property
    def disturbances(self) -> dict[str, dict[str, list[float]]]:
        """Modality → kind → strengths."""
        return {"image": self.image, "attributes": self.attributes}
