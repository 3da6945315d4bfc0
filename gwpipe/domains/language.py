"""The language domain of Simple Shapes: a text VAE over captions of what the environment shows."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gwpipe.domains.captions.captioner import caption_and_meaning
from gwpipe.domains.captions.grammar import FINGERPRINT, LENGTH, PAD, VOCABULARY, WORD_IDS, sentences
from gwpipe.domains.domain import VAE
from gwpipe.domains.meaning import MeaningDecoder, meaning_loss, most_likely
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
    """Captions of Simple Shapes' attributes (B, 11) to u and back: a recurrent encoder over whole words.

    The caption of a row of attributes follows from the row and `seed` (`gwpipe.domains.captions.captioner`). What this
    domain sees (B, SEEN), uint8, are the caption's word numbers and, as targets, what they say; the encoder reads the
    words alone. u is decoded to what is said, see `gwpipe.domains.meaning`.

    Args:
        latent: width of u.
        width: factor on the 128 units.
        seed: of the captions; another seed says the same of a shape in other words.
        grammar: fingerprint of the grammar that the word numbers belong to.

    Raises:
        UserError: the grammar is another one.
    """

    observation = "attributes"

    def __init__(self, latent: int, width: float = 1.0, seed: int = 0, grammar: str = FINGERPRINT) -> None:
        super().__init__()
        require_grammar(grammar)
        self.latent, self.width, self.seed = latent, width, seed
        hidden = 2 * max(1, round(HIDDEN / 2 * width))
        self.words = nn.Embedding(len(VOCABULARY), hidden // 2)
        self.network = nn.GRU(hidden // 2, hidden // 2, batch_first=True, bidirectional=True)
        self.mean = nn.Linear(hidden, latent)
        self.log_variance = nn.Linear(hidden, latent)
        self.decoder = MeaningDecoder(latent, hidden)

    def describe(self) -> dict[str, Any]:
        sizes = {"latent": self.latent, "width": self.width}
        return {"kind": "language", **sizes, "seed": self.seed, "grammar": FINGERPRINT}

    def prepare(self, observations: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Normalised attributes (B, 11) to captions (B, SEEN)."""
        return caption_and_meaning(observations, self.seed)

    def inputs(self, prepared: Tensor) -> Tensor:
        return prepared.long()

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        ids = x[:, :LENGTH]
        states, _ = self.network(self.words(ids))
        # The largest value of each feature: a word counts wherever in the sentence it stands.
        features = states.masked_fill((ids == WORD_IDS[PAD])[..., None], -1.0).amax(1)
        return self.mean(features), self.log_variance(features)

    def decode(self, u: Tensor) -> Tensor:
        """(B, latent) to scores (B, SCORES) of all that may be said."""
        return self.decoder(u)

    def reconstruction_loss(self, decoded: Tensor, x: Tensor) -> Tensor:
        """Cross entropy of what is said, summed over the sentence's statements."""
        return meaning_loss(decoded, x)

    def observations(self, decoded: Tensor) -> npt.NDArray[np.uint8]:
        """The most likely statement as a plain caption (B, SEEN)."""
        return most_likely(decoded.detach())

    @torch.no_grad()
    def speak(self, u: Tensor) -> npt.NDArray[np.str_]:
        """Latents (B, latent) to sentences (B,)."""
        return sentences(self.observations(self.decode(u))[:, :LENGTH])
