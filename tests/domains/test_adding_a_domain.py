"""The example of docs/adding-a-domain.md works as it stands there."""

import copy
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gwpipe.domains.catalogue import make_domain
from gwpipe.domains.fit import Run
from gwpipe.domains.training import train_vae
from gwpipe.settings import domains, load
from gwpipe.settings.representation import VAESettings
from gwpipe.settings.stages import TrainWorkspaceStage, stage_settings
from gwpipe.sources import sources


@pytest.fixture
def example(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page's check, after its domain has been saved as sound_domain.py."""
    for table in ("KINDS", "DOMAINS"):
        monkeypatch.setattr(domains, table, copy.deepcopy(getattr(domains, table)))
    page = (repository / "docs/adding-a-domain.md").read_text()
    domain, check = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "sound_domain.py").write_text(domain)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sound_domain", raising=False)
    return check


def test_the_example_passes_its_check(example: str) -> None:
    exec(compile(example, "docs/adding-a-domain.md", "exec"), {})


def test_the_example_learns(example: str, attributes: np.ndarray) -> None:
    """A few steps leave clearly less than the error of a constant spectrum."""
    exec(compile(example, "docs/adding-a-domain.md", "exec"), {})
    torch.set_num_threads(1)
    rates = {"start_lr": 1e-3, "max_lr": 5e-3, "end_lr": 1e-4, "weight_decay": 0}
    settings = VAESettings(latent=8, beta=1e-3, optimisation={"steps": 200, "batch_size": 64, **rates})
    domain = make_domain("simple_shapes", "sound", settings)
    measured = train_vae(domain, attributes[:300], attributes[300:], settings, Run(0, "test"))
    constant = 0.5 * domain.prepare(attributes).var(0).sum()
    assert measured["held_out_reconstruction"] < 0.7 * constant


def test_settings_and_sources_know_a_plug_in_s_domain(
    example: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Plugin:
        name, value = "sound", "sound_domain:register_sound"

        def load(self):
            import sound_domain

            return sound_domain.register_sound

    monkeypatch.setattr(domains, "entry_points", lambda group: [Plugin()] if group == "gwpipe.domains" else [])
    domains.call_plugins.cache_clear()
    told = re.findall(
        r"```yaml\n(environments:.*?)```", (repository / "docs/adding-a-domain.md").read_text(), re.DOTALL
    )
    overlay = tmp_path / "sound.yaml"
    overlay.write_text(told[0])
    config = load([repository / "config.yaml", overlay])
    assert config.environments.simple_shapes.representation.vae["sound"].kind == "sound"
    trained = stage_settings("train_workspace", config, env="simple_shapes", kind="gw")
    assert isinstance(trained, TrainWorkspaceStage)
    assert trained.domains == ["attr", "sound", "v"]
    module, _ = domains.place_of("sound")
    assert any(file.endswith("sound_domain.py") for file in sources("gwpipe.stages.train_vae", module))
    domains.call_plugins.cache_clear()
