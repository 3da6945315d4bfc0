"""How methods are called and coloured in every figure that compares them."""

from collections.abc import Iterable

from matplotlib import colormaps
from matplotlib.colors import to_hex

from gwpipe.settings.figure_stages import PanelSettings
from gwpipe.settings.methods import METHODS, entry, parts
from gwpipe.settings.task_sets import SuccessFigureStage

_WORDS = {
    "gw": "GW", "vae": "VAE", "clip": "CLIP", "ppo": "PPO", "dreamer": "Dreamer", "e2e": "end-to-end",
    "attr": "attributes", "v": "vision",
}  # fmt: skip
_MAPS = ("tab20", "tab20b", "tab20c")
"""Of twenty colours each; in turn, as there are more methods."""
CHARACTERS = 18
"""Of a caption, in an inch."""


def label(method: str) -> str:
    """As the paper writes it: GW-Dreamer end-to-end for gw_dreamer_e2e, Dreamer 12M for dreamer_12m.

    A variant follows after a comma: GW-Dreamer, reads h for gw_dreamer.reads_h.
    """
    base, variant = parts(method)
    first, *rest = base.split("_")
    joined = "".join(f"{'-' if word in ('dreamer', 'ppo') else ' '}{_word(word)}" for word in rest)
    return _word(first) + joined + (f", {variant.replace('_', ' ')}" if variant else "")


def origin(scale: str, panels: Iterable[PanelSettings | SuccessFigureStage]) -> str:
    """What stands below a figure: its scale, and who of those in it is not of the size that its name says."""
    resized = {panel.env: ", ".join(map(label, panel.resized)) for panel in panels if panel.resized}
    return f"Scale {scale}" + "".join(f"; {who} in {env}: other widths than the size's" for env, who in resized.items())


def _word(word: str) -> str:
    return _WORDS.get(word, word.upper())


def colours(methods: Iterable[str]) -> dict[str, str]:
    """Of all methods in a figure: a method's own colour, whatever else is drawn; variants share out the hues."""
    every = set(methods)
    variants = sorted(method for method in every if parts(method)[1])
    hues = {method: to_hex(colormaps["hsv"](number / len(variants))) for number, method in enumerate(variants)}
    return {method: hues.get(method) or _own_colour(method) for method in every}


def _own_colour(method: str) -> str:
    """Full colours first, then the pale ones of the same map."""
    base = parts(method)[0]
    block, number = divmod(list(METHODS).index(base), 20)
    return to_hex(colormaps[_MAPS[block]](2 * number % 20 + number // 10))


def in_order(method: str) -> tuple[int, str]:
    """Sorts methods as their table has them, whatever order settings or files give them in; variants by name."""
    base, variant = parts(method)
    return list(METHODS).index(base), variant


def model_free(method: str) -> bool:
    """Without a world model: hatched and dashed, as in Figure 6."""
    return entry(method).learning == "ppo"
