"""The decoder of sentences: a recurrent network that says one word after another, and the loss of what it says."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from gwpipe.domains.captions.grammar import END, LENGTH, PAD, UNKNOWN, VOCABULARY, WORD_IDS


class SentenceDecoder(nn.Module):
    """u (B, latent) to scores of each word at each place, (B, LENGTH, words).

    The word before goes into the network, so that a sentence is one of the grammar's also where u leaves its form open:
    from a latent that is the mean of many (what another domain predicts, say) a decoder that sees u alone would choose
    each word by itself and mix forms. But such a decoder may also learn to say likely words whatever u is. So while it
    is trained, words before are hidden at random: what the sentence says must come from u.

    Args:
        latent: width of u.
        hidden: units of the recurrent network.
        word_dropout: share of the words before that are hidden in training.
    """

    def __init__(self, latent: int, hidden: int, word_dropout: float) -> None:
        super().__init__()
        self.word_dropout = word_dropout
        self.words = nn.Embedding(len(VOCABULARY), hidden // 2)
        self.start = nn.Linear(latent, hidden)
        self.network = nn.GRU(hidden // 2 + latent, hidden, batch_first=True)
        self.scores = nn.Linear(hidden, len(VOCABULARY))

    def forward(self, u: Tensor, ids: Tensor) -> Tensor:
        """Scores of every word given the true words before it, ids (B, LENGTH)."""
        before = functional.pad(ids[:, :-1], (1, 0), value=WORD_IDS[END])
        if self.training and self.word_dropout:
            hidden = torch.rand(before.shape, device=before.device) < self.word_dropout
            before = before.masked_fill(hidden, WORD_IDS[UNKNOWN])
        given = torch.cat([self.words(before), u[:, None].expand(-1, before.shape[1], -1)], dim=2)
        states, _ = self.network(given, self._first_state(u))
        return self.scores(states)

    def say(self, u: Tensor) -> Tensor:
        """Scores where each word before is the likeliest one; a sentence by itself."""
        word = torch.full((len(u),), WORD_IDS[END], device=u.device)
        state, said = self._first_state(u), []
        for _ in range(LENGTH):
            given = torch.cat([self.words(word), u], dim=1)
            output, state = self.network(given[:, None], state)
            said.append(self.scores(output[:, 0]))
            word = said[-1].argmax(1)
        return torch.stack(said, dim=1)

    def _first_state(self, u: Tensor) -> Tensor:
        return torch.tanh(self.start(u))[None]


def cross_entropy(scores: Tensor, ids: Tensor) -> Tensor:
    """−log p of sentences ids (B, L) by scores (B, L, words): summed over the words and END, mean over the batch."""
    kinds = scores.shape[-1]
    lost = functional.cross_entropy(
        scores.float().reshape(-1, kinds), ids.reshape(-1), ignore_index=WORD_IDS[PAD], reduction="sum"
    )
    return lost / len(ids)


def likeliest(scores: Tensor) -> Tensor:
    """The likeliest words (B, L), uint8, with PAD after the first END."""
    words = scores[..., 1:].argmax(-1) + 1  # PAD is no word: never learnt, never said
    ended = (words == WORD_IDS[END]).long().cumsum(1) - (words == WORD_IDS[END]).long() > 0
    return words.masked_fill(ended, WORD_IDS[PAD]).to(torch.uint8)
