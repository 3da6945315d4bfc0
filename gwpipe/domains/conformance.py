"""What every domain must keep to, as checks that anyone's domain can be put through: `check_domain(domain, rows)`."""

import copy
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gwpipe.domains.catalogue import build, load_domain, save_domain
from gwpipe.domains.domain import VAE, Domain
from gwpipe.domains.vae import beta_vae_loss, decoder_loss
from gwpipe.errors import UserError


def check_domain(domain: Domain, observations: npt.NDArray[Any]) -> None:
    """Put a fresh domain through everything that the contract promises; it stays as it was.

    observations: (N, …), at least 4 rows that differ, as the environment gives them. The domain's kind must be
    registered, because a stored domain names its kind.

    Raises:
        AssertionError: it breaks the contract; says where.
    """
    _expect(len(observations) >= 4, "give at least 4 observations")
    domain, before = copy.deepcopy(domain), observations.copy()
    prepared = _check_prepare(domain, observations)
    _check_description(domain)
    domain.fit_to(prepared)
    _check_encoding(domain, observations, prepared)
    if domain.can_decode:
        _check_decoding(domain, prepared)
        _check_gradients(domain, prepared)
    else:
        _check_refusal(domain, prepared)
    _check_disk(domain, observations)
    _expect(np.array_equal(before, observations), "the observations given were changed in place")


def _expect(fulfilled: bool | np.bool_, otherwise: str) -> None:
    if not fulfilled:
        raise AssertionError(otherwise)


def _same(first: Tensor, second: Tensor, otherwise: str) -> None:
    """To rounding: a matrix product may sum in another order when the batch has another size."""
    _expect(first.shape == second.shape and torch.allclose(first, second, rtol=1e-4, atol=1e-5), otherwise)


def _check_prepare(domain: Domain, observations: npt.NDArray[Any]) -> npt.NDArray[Any]:
    prepared = domain.prepare(observations)
    _expect(isinstance(prepared, np.ndarray), "prepare() does not give a NumPy array")
    _expect(len(prepared) == len(observations), "prepare() does not give one row for each observation")
    _expect(np.array_equal(prepared, domain.prepare(observations)), "prepare() gives something else the second time")
    alone = np.concatenate([domain.prepare(observations[k : k + 1]) for k in range(len(observations))])
    rounding = 1e-5 if np.issubdtype(prepared.dtype, np.floating) else 0.0
    _expect(np.allclose(prepared, alone, rounding, rounding), "prepare() of a row depends on the rows around it")
    return prepared


def _check_description(domain: Domain) -> None:
    description = domain.describe()
    try:
        plain = json.loads(json.dumps(description))
    except TypeError as fault:
        raise AssertionError(f"describe() holds something else than JSON data: {fault}") from fault
    _expect(plain == description, "describe() holds something that JSON gives back as another thing (a tuple?)")
    again = build(description)
    _expect(type(again) is type(domain), f"kind '{description.get('kind')}' builds another class")
    _expect(again.describe() == description, "a domain built from describe() describes itself otherwise")
    shapes = [{name: value.shape for name, value in one.state_dict().items()} for one in (domain, again)]
    _expect(shapes[0] == shapes[1], "a domain built from describe() has other weights: describe() leaves something out")


def _check_encoding(domain: Domain, observations: npt.NDArray[Any], prepared: npt.NDArray[Any]) -> None:
    domain.train()
    try:
        domain.encode(observations)
    except RuntimeError:
        pass
    else:
        raise AssertionError("encode() works in training mode; it must be refused there, as Domain.encode does")
    domain.eval()
    state = torch.random.get_rng_state()
    u = domain.encode(observations)
    _expect(torch.equal(state, torch.random.get_rng_state()), "encode() draws random numbers")
    _expect(u.shape == (len(observations), domain.latent), f"u is {tuple(u.shape)}, not (B, {domain.latent})")
    _expect(u.dtype == torch.float32, f"u is {u.dtype}, not float32")
    _expect(bool(u.isfinite().all()), "u is not finite")
    _expect(not u.requires_grad, "u of encode() has a gradient")
    _expect(torch.equal(u, domain.encode(observations)), "encode() gives something else the second time")
    _same(u[:1], domain.encode(observations[:1]), "u of an observation depends on the batch around it")
    _expect(bool((u[0] != u[1:]).any()), "every observation has the same u")
    x = domain.inputs(domain.tensor(prepared))
    with torch.no_grad():
        _same(u, domain.represent(x), "encode() is not represent(inputs(prepare(observations)))")
        if isinstance(domain, VAE):
            mean, log_variance = domain.posterior(x)
            _same(mean, u, "u is not the posterior's mean")
            _expect(log_variance.shape == mean.shape, "the posterior's log variance has another shape than its mean")


def _check_decoding(domain: Domain, prepared: npt.NDArray[Any]) -> None:
    domain.eval()
    x = domain.inputs(domain.tensor(prepared))
    u = domain.represent(x).detach().requires_grad_()
    decoded = domain.decode(u)
    _expect(len(decoded) == len(u), "decode() does not give one output for each latent")
    _expect(bool(decoded.isfinite().all()), "decode() is not finite")
    _expect(torch.equal(decoded, domain.decode(u)), "decode() gives something else the second time")
    _same(decoded[:1], domain.decode(u[:1]), "decode() of a latent depends on the batch around it")
    (gradient,) = torch.autograd.grad(decoded.float().square().mean(), u, allow_unused=True)
    _expect(
        gradient is not None and bool(gradient.abs().sum() > 0),
        "decode() passes no gradient to u: nothing can be trained through it",
    )
    whole = domain.reconstruction_loss(decoded, x)
    _expect(whole.shape == () and bool(whole.isfinite()), "reconstruction_loss() is not a finite scalar")
    single = [domain.reconstruction_loss(decoded[k : k + 1], x[k : k + 1]) for k in range(len(x))]
    _same(torch.stack(single).mean(), whole, "reconstruction_loss() is not the mean over the batch")
    shown = domain.observations(decoded)
    _expect(isinstance(shown, np.ndarray), "observations() does not give a NumPy array")
    _expect(shown.shape == prepared.shape, f"observations() gives {shown.shape}, prepare() gives {prepared.shape}")
    _expect(shown.dtype == prepared.dtype, f"observations() gives {shown.dtype}, prepare() gives {prepared.dtype}")


def _check_gradients(domain: Domain, prepared: npt.NDArray[Any]) -> None:
    frozen = [name for name, p in domain.named_parameters() if not p.requires_grad]
    domain.eval()
    x = domain.inputs(domain.tensor(prepared))
    with torch.no_grad():
        u = domain.represent(x)
    domain.train()
    domain.zero_grad()
    noise = torch.randn(u.shape, generator=torch.Generator().manual_seed(0)).to(u.device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        loss, _ = beta_vae_loss(domain, x, noise, 1.0) if isinstance(domain, VAE) else decoder_loss(domain, x, u)
    if loss.requires_grad:
        loss.backward()
    for name, parameter in domain.named_parameters():
        gradient = parameter.grad
        if name in frozen:
            _expect(gradient is None, f"frozen weights '{name}' get a gradient")
        elif gradient is None:
            raise AssertionError(f"weights '{name}' get no gradient: freeze or remove them")
        else:
            _expect(bool(gradient.isfinite().all()), f"the gradient of '{name}' is not finite")
    domain.zero_grad()
    domain.eval()


def _check_refusal(domain: Domain, prepared: npt.NDArray[Any]) -> None:
    x = domain.inputs(domain.tensor(prepared))
    u = torch.zeros(len(x), domain.latent)
    asked: tuple[Callable[[], object], ...] = (
        lambda: domain.decode(u),
        lambda: domain.reconstruction_loss(u, x),
        lambda: domain.observations(u),
    )
    for ask in asked:
        try:
            ask()
        except UserError as refusal:
            _expect("\n" not in str(refusal), "an encoder-only domain refuses in more than one line")
        else:
            raise AssertionError("can_decode is False, but decode(), reconstruction_loss() or observations() works")


def _check_disk(domain: Domain, observations: npt.NDArray[Any]) -> None:
    # Frozen like the one to come: a kernel may round otherwise where no gradient will be asked for.
    domain.eval().requires_grad_(False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        save_domain(path, domain)
        loaded = load_domain(path)
    _expect(loaded.describe() == domain.describe(), "a loaded domain describes itself otherwise")
    _expect(not loaded.training, "a loaded domain is in training mode")
    _expect(not any(p.requires_grad for p in loaded.parameters()), "a loaded domain is not frozen")
    u = domain.encode(observations)
    _expect(
        torch.equal(u, loaded.encode(observations)), "a loaded domain encodes otherwise: not all its state is saved"
    )
    if domain.can_decode:
        with torch.no_grad():
            _expect(torch.equal(domain.decode(u), loaded.decode(u)), "a loaded domain decodes otherwise")
