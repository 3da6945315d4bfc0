"""The language domain of Simple Shapes: a text VAE over captions of what the environment shows."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gwpipe.domains.captions.captioner import caption
from gwpipe.domains.captions.grammar import FINGERPRINT, PAD, VOCABULARY, WORD_IDS, sentences
from gwpipe.domains.domain import VAE
from gwpipe.domains.sentences import SentenceDecoder, cross_entropy, likeliest
from gwpipe.errors import UserError

HIDDEN = 128
"""Units of the recurrent networks at width 1."""


def require_grammar(grammar: str) -> None:
    """Refuse weights whose word numbers belong to another grammar.

    Raises:
        UserError: so it is.
    """
    if grammar != FINGERPRINT:
        raise UserError("a language domain was trained on another grammar than this version's; train it again")


class LanguageVAE(VAE):
    """Captions of Simple Shapes' attributes (B, 11) to u and back: a recurrent encoder and decoder over whole words.

    The caption of a row of attributes follows from the row and `seed` (`gwpipe.domains.captions.captioner`). What this
    domain sees are word numbers (B, LENGTH), uint8; `sentences` writes them out.

    Args:
        latent: width of u.
        width: factor on the 128 units of both networks.
        seed: of the captions; another seed says the same of a shape in other words.
        word_dropout: share of the words before that the decoder does not see in training.
        grammar: fingerprint of the grammar that the word numbers belong to.

    Raises:
        UserError: the grammar is another one, or the share is none.
    """

    observation = "attributes"

    def __init__(
        self, latent: int, width: float = 1.0, seed: int = 0, word_dropout: float = 0.5, grammar: str = FINGERPRINT
    ) -> None:
        super().__init__()
        require_grammar(grammar)
        if not 0 <= word_dropout <= 1:
            raise UserError(f"a language domain's word_dropout is a share from 0 to 1, not {word_dropout}")
        self.latent, self.width, self.seed, self.word_dropout = latent, width, seed, word_dropout
        hidden = 2 * max(1, round(HIDDEN / 2 * width))
        self.words = nn.Embedding(len(VOCABULARY), hidden // 2)
        self.network = nn.GRU(hidden // 2, hidden // 2, batch_first=True, bidirectional=True)
        self.mean = nn.Linear(hidden, latent)
        self.log_variance = nn.Linear(hidden, latent)
        self.decoder = SentenceDecoder(latent, hidden, word_dropout)

    def describe(self) -> dict[str, Any]:
        sizes = {"latent": self.latent, "width": self.width}
        text = {"seed": self.seed, "word_dropout": self.word_dropout, "grammar": FINGERPRINT}
        return {"kind": "language", **sizes, **text}

    def prepare(self, observations: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Normalised attributes (B, 11) to the captions' word numbers (B, LENGTH)."""
        return caption(observations, self.seed)

    def inputs(self, prepared: Tensor) -> Tensor:
        return prepared.long()

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        states, _ = self.network(self.words(x))
        # The likeliest place of each feature: a word counts wherever in the sentence it stands.
        features = states.masked_fill((x == WORD_IDS[PAD])[..., None], -1.0).amax(1)
        return self.mean(features), self.log_variance(features)

    def decode(self, u: Tensor) -> Tensor:
        """(B, latent) to scores (B, LENGTH, words) of the likeliest sentence, word by word."""
        return self.decoder.say(u)

    def decode_given(self, u: Tensor, x: Tensor) -> Tensor:
        """The same of the true sentence, each word given those before."""
        return self.decoder(u, x)

    def reconstruction_loss(self, decoded: Tensor, x: Tensor) -> Tensor:
        """Cross entropy of the words, summed over the sentence."""
        return cross_entropy(decoded, x)

    def observations(self, decoded: Tensor) -> npt.NDArray[np.uint8]:
        """The likeliest word numbers (B, LENGTH)."""
        return likeliest(decoded.detach()).cpu().numpy()

    @torch.no_grad()
    def speak(self, u: Tensor) -> npt.NDArray[np.str_]:
        """Latents (B, latent) to sentences (B,)."""
        return sentences(self.observations(self.decode(u)))
