"""A frozen pretrained text encoder in place of the language domain's own: a named model of `transformers`."""

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gwpipe.domains.captions.captioner import caption_and_meaning
from gwpipe.domains.captions.grammar import FINGERPRINT, LENGTH, sentences
from gwpipe.domains.frozen import FrozenEncoder
from gwpipe.domains.language import HIDDEN, require_grammar
from gwpipe.domains.meaning import MeaningDecoder, meaning_loss, most_likely
from gwpipe.domains.projection import Projection
from gwpipe.errors import UserError


class TextModel(NamedTuple):
    """A pretrained encoder and what cuts sentences up for it."""

    network: nn.Module
    """Takes `input_ids` and `attention_mask` (B, L); its result has `last_hidden_state` (B, L, F)."""
    tokenise: Callable[[list[str]], dict[str, Tensor]]
    features: int


def load_text_model(model: str) -> TextModel:
    """A model of the `transformers` package: a local folder, or a name on its hub.

    Only safetensors are read, and no code that comes with a model is run.

    Raises:
        UserError: the package is not installed, or the model cannot be had.
    """
    try:
        transformers: Any = importlib.import_module("transformers")
    except ImportError:
        raise UserError("pretrained text encoders need the package: pip install 'gwpipe[text]'") from None
    try:
        tokeniser = transformers.AutoTokenizer.from_pretrained(model, trust_remote_code=False)
        network = transformers.AutoModel.from_pretrained(model, trust_remote_code=False, use_safetensors=True)
    except (OSError, ValueError, ImportError) as fault:
        reason = (str(fault).strip() or "no reason given").splitlines()[0]
        raise UserError(f"text encoder '{model}' cannot be loaded from a folder or the hub: {reason}") from fault

    def tokenise(lines: list[str]) -> dict[str, Tensor]:
        cut = tokeniser(lines, padding=True, return_tensors="pt")
        return {name: cut[name] for name in ("input_ids", "attention_mask")}

    return TextModel(network.float().eval().requires_grad_(False), tokenise, int(network.config.hidden_size))


class SentenceEncoder(FrozenEncoder):
    """Captions of Simple Shapes' attributes (B, 11) through a frozen text encoder to u.

    u is the first principal components of the mean of the encoder's last states over training captions, each of unit
    variance. What this domain sees is what the language domain sees (B, SEEN).

    Args:
        latent: width of u.
        model: folder of a model, or its name on the hub. The folder has to stay: the tokeniser is read from it.
        decoder: train a decoder of what is said on u? Without, this domain only encodes.
        width: factor on the decoder's 128 units.
        seed, grammar: as for the language domain.

    Raises:
        UserError: the model cannot be had, or the grammar is another one.
    """

    observation = "attributes"

    def __init__(
        self,
        latent: int,
        model: str,
        decoder: bool = True,
        width: float = 1.0,
        seed: int = 0,
        grammar: str = FINGERPRINT,
    ) -> None:
        super().__init__()
        require_grammar(grammar)
        self.latent, self.width, self.model, self.can_decode = latent, width, model, decoder
        self.seed = seed
        self.encoder, self._tokenise, self._features = load_text_model(model)
        self.projection = Projection(self._features, latent)
        hidden = 2 * max(1, round(HIDDEN / 2 * width))
        self.decoder = MeaningDecoder(latent, hidden) if decoder else None

    def describe(self) -> dict[str, Any]:
        sizes = {"latent": self.latent, "width": self.width, "model": self.model, "decoder": self.can_decode}
        return {"kind": "sentence_encoder", **sizes, "seed": self.seed, "grammar": FINGERPRINT}

    def prepare(self, observations: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Normalised attributes (B, 11) to captions (B, SEEN)."""
        return caption_and_meaning(observations, self.seed)

    def inputs(self, prepared: Tensor) -> Tensor:
        return prepared.long()

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        """Mean of the encoder's last states over each sentence's tokens: (B, F)."""
        if x.device.type == "meta":
            cut = dict.fromkeys(("input_ids", "attention_mask"), torch.ones_like(x[:, :LENGTH]))
        else:
            lines = [str(line) for line in sentences(x[:, :LENGTH].cpu().numpy())]
            cut = {name: value.to(x.device) for name, value in self._tokenise(lines).items()}
        states = self.encoder(**cut).last_hidden_state
        there = cut["attention_mask"][..., None].to(states.dtype)
        return (states * there).sum(1) / there.sum(1).clamp(min=1)

    def reconstruction_loss(self, decoded: Tensor, x: Tensor) -> Tensor:
        return super().reconstruction_loss(decoded, x) if self.decoder is None else meaning_loss(decoded, x)

    def observations(self, decoded: Tensor) -> npt.NDArray[Any]:
        return super().observations(decoded) if self.decoder is None else most_likely(decoded.detach())
