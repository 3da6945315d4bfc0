"""The language domain: its loss by golden numbers, what it says, and that its latents carry what is said."""

import numpy as np
import pytest
import torch

from gwpipe.domains.captions.grammar import END, LENGTH, PAD, UNKNOWN, VOCABULARY, WORD_IDS, sentences
from gwpipe.domains.captions.reading import truth
from gwpipe.domains.catalogue import make_domain
from gwpipe.domains.fit import Run
from gwpipe.domains.language import LanguageVAE
from gwpipe.domains.sentences import SentenceDecoder, cross_entropy, likeliest
from gwpipe.domains.training import train_vae
from gwpipe.envs.simple_shapes import normalise, sample_attributes
from gwpipe.settings.representation import VAESettings


def settings(steps: int, batch_size: int, **changes) -> VAESettings:
    optimisation = {"steps": steps, "batch_size": batch_size, "start_lr": 1e-3, "max_lr": 1e-2, "end_lr": 1e-4}
    block = {"latent": 16, "beta": 0.02, "optimisation": optimisation | {"weight_decay": 0}}
    return VAESettings.model_validate(block | changes)


def test_cross_entropy_is_summed_over_words_and_end_but_not_over_padding() -> None:
    scores = torch.zeros(2, 3, 4)
    scores[0, 0, 2] = np.log(3)  # 3 of 6 parts
    ids = torch.tensor([[2, 1, WORD_IDS[PAD]], [1, WORD_IDS[PAD], WORD_IDS[PAD]]])
    expected = (-np.log(0.5) + np.log(4) + np.log(4)) / 2
    assert cross_entropy(scores, ids).item() == pytest.approx(expected)
    scores[:, 2] = 7 * torch.randn(2, 4)
    assert cross_entropy(scores, ids).item() == pytest.approx(expected)


def test_nothing_is_said_after_the_end() -> None:
    scores = torch.zeros(1, 4, len(VOCABULARY))
    for place, word in enumerate(("egg", END, "egg", PAD)):
        scores[0, place, WORD_IDS[word]] = 1
    assert likeliest(scores).tolist() == [[WORD_IDS["egg"], WORD_IDS[END], WORD_IDS[PAD], WORD_IDS[PAD]]]
    assert sentences(likeliest(scores).numpy()).tolist() == ["egg"]


def test_given_its_own_words_a_decoder_says_the_same() -> None:
    """Word by word and all at once are the same network."""
    torch.manual_seed(0)
    decoder = SentenceDecoder(4, 16, 0.5).eval()
    u = torch.randn(3, 4)
    said = decoder.say(u)
    torch.testing.assert_close(decoder(u, said.argmax(2)), said)


def test_words_before_are_hidden_in_training_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = SentenceDecoder(4, 16, 0.5)
    seen: list[torch.Tensor] = []
    monkeypatch.setattr(decoder.words, "forward", lambda ids: seen.append(ids) or torch.zeros(*ids.shape, 8))
    ids = torch.randint(3, len(VOCABULARY), (50, LENGTH))
    for mode in (True, False):
        decoder.train(mode)(torch.zeros(50, 4), ids)
    hidden = [(words == WORD_IDS[UNKNOWN]).float().mean().item() for words in seen]
    assert hidden[0] == pytest.approx(0.5, abs=0.05)
    assert hidden[1] == 0
    assert (seen[1][:, 1:] == ids[:, :-1]).all()
    assert (seen[1][:, 0] == WORD_IDS[END]).all()


def test_padding_does_not_reach_the_latent(attributes: np.ndarray) -> None:
    """Features are taken over the sentence alone."""
    torch.manual_seed(0)
    domain = LanguageVAE(4, 0.1).eval()
    states = torch.full((1, LENGTH, domain.mean.in_features), 5.0)
    states[0, :3] = torch.linspace(-0.5, 0.5, 3)[:, None]
    domain.network.forward = lambda words: (states, None)  # type: ignore[method-assign]
    ids = torch.tensor([[WORD_IDS["an"], WORD_IDS["egg"], WORD_IDS[END], *[WORD_IDS[PAD]] * (LENGTH - 3)]])
    mean, _ = domain.posterior(ids)
    torch.testing.assert_close(mean, domain.mean(torch.full((1, domain.mean.in_features), 0.5)))


def test_a_few_sentences_can_be_learnt_by_heart(attributes: np.ndarray) -> None:
    torch.set_num_threads(1)
    chosen = settings(120, 8, width=0.5, beta=1e-3)
    domain = make_domain("simple_shapes", "t", chosen)
    assert isinstance(domain, LanguageVAE)
    rows = attributes[:8]
    measured = train_vae(domain, rows, attributes[8:16], chosen, Run(0, "test"))
    assert measured["train_reconstruction"] < 2 < measured["held_out_reconstruction"]
    u = domain.encode(rows)
    ids = domain.observations(domain.decode(u))
    assert (ids == domain.prepare(rows)).all(1).mean() >= 0.9
    assert domain.speak(u)[0] == sentences(domain.prepare(rows))[0]


@pytest.mark.slow
def test_unseen_captions_come_back_with_their_meaning() -> None:
    """At the default size and a laptop's budget."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    rows = normalise(np.stack([sample_attributes(rng) for _ in range(20_500)]))
    chosen = settings(1000, 256)
    domain = make_domain("simple_shapes", "t", chosen)
    train_vae(domain, rows[:20_000], rows[20_000:], chosen, Run(0, "test"))
    true = truth(domain.observations(domain.decode(domain.encode(rows[20_000:]))), rows[20_000:])
    shares = {name: value.mean() for name, value in true.items()}
    assert min(shares["shape"], shares["size"]) > 0.9, shares
    assert min(shares["colour"], shares["rotation"], shares["location"]) > 0.7, shares
