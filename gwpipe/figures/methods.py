"""How methods are called and coloured in every figure that compares them."""

from matplotlib import colormaps
from matplotlib.colors import to_hex

from gwpipe.settings.methods import METHODS, entry

_WORDS = {"gw": "GW", "vae": "VAE", "clip": "CLIP", "ppo": "PPO", "dreamer": "Dreamer", "e2e": "end-to-end"}


def label(method: str) -> str:
    """As the paper writes it: GW-Dreamer end-to-end for gw_dreamer_e2e."""
    words = [_WORDS.get(word, word.upper()) for word in method.split("_")]
    return "-".join(words[:2]) + "".join(f" {word}" for word in words[2:])


def colour(method: str) -> str:
    """Each method has its own, whatever else is drawn; full colours first, then the pale ones of the same map."""
    number = list(METHODS).index(method)
    return to_hex(colormaps["tab20"](2 * number % 20 + number // 10 % 2))


def model_free(method: str) -> bool:
    """Without a world model: hatched and dashed, as in Figure 6."""
    return entry(method).learning == "ppo"
